import type { DefaultProps } from '@deck.gl/core';
import { LineLayer, type LineLayerProps } from '@deck.gl/layers';

/** How a trail fades: `now` and the times of its segments are seconds since one origin. */
export interface FadingProps {
  now: number;
  /** Seconds after which a segment is gone; 0: never. */
  span: number;
  /** Index of the mover whose trail stands out; -1: none. */
  selected: number;
  /** What the positions count from, in the units of the map's projection (see `mercator`). */
  origin: readonly [number, number];
}

const uniforms = {
  name: 'trail',
  vs: `\
layout(std140) uniform trailUniforms {
  mat4 matrix;
  float now;
  float span;
  float selected;
} trail;
`,
  uniformTypes: { matrix: 'mat4x4<f32>', now: 'f32', span: 'f32', selected: 'f32' },
} as const;

/** Projected on arrival, so that a vertex costs one matrix: trails are most of what is drawn. */
const vs = `\
#version 300 es
#define SHADER_NAME fading-lines-vertex-shader
in vec3 positions;
in vec2 instanceFrom;
in vec2 instanceTo;
in vec4 instanceColors;
in float instanceTimes;
in float instanceMovers;
out vec4 vColor;
out vec2 uv;
void main(void) {
  float alpha = layer.opacity;
  if (trail.span > 0.0) alpha *= clamp(1.0 - (trail.now - instanceTimes) / trail.span, 0.0, 1.0);
  if (trail.selected >= 0.0 && abs(instanceMovers - trail.selected) > 0.5) alpha *= 0.25;
  vec4 a = trail.matrix * vec4(instanceFrom, 0.0, 1.0);
  vec4 b = trail.matrix * vec4(instanceTo, 0.0, 1.0);
  vec2 along = normalize((b.xy / b.w - a.xy / a.w) * project.viewportSize + vec2(1e-9, 0.0));
  vec4 p = positions.x < 0.5 ? a : b;
  float width = line.widthScale + 0.5;
  vec2 offset = vec2(-along.y, along.x) * positions.y * width / 2.0;
  uv = vec2(positions.x, positions.y * width / line.widthScale);
  // What has faded is put outside the picture: nothing is filled for it.
  gl_Position = alpha > 0.004 ? p + vec4(project_pixel_size_to_clipspace(offset) * p.w, 0.0, 0.0) : vec4(2.0, 2.0, 2.0, 1.0);
  vColor = vec4(instanceColors.rgb, instanceColors.a * alpha);
}
`;

/** Line segments that fade with their age on the GPU, so that a full chunk is uploaded once and then only its uniforms change. */
export class FadingLines extends LineLayer<unknown, FadingProps> {
  static override layerName = 'FadingLines';
  static override defaultProps: DefaultProps<LineLayerProps & FadingProps> = {
    now: 0,
    span: 0,
    selected: -1,
    origin: { type: 'array', value: [0, 0] },
  };

  override getShaders(): ReturnType<LineLayer['getShaders']> {
    const shaders = super.getShaders();
    return { ...shaders, vs, modules: [...shaders.modules, uniforms] };
  }

  override initializeState(): void {
    this.getAttributeManager()?.addInstanced({
      instanceFrom: { size: 2, accessor: 'getFrom' },
      instanceTo: { size: 2, accessor: 'getTo' },
      instanceColors: { size: 4, type: 'unorm8', accessor: 'getColor', defaultValue: [0, 0, 0, 255] },
      instanceTimes: { size: 1, accessor: 'getTime' },
      instanceMovers: { size: 1, accessor: 'getMover' },
    });
  }

  /** Not known from the attributes, and not needed: the overlay draws all it is given. */
  override getBounds(): null {
    return null;
  }

  override draw(options: Parameters<LineLayer['draw']>[0]): void {
    const { now, span, selected, origin } = this.props;
    const matrix = shifted(this.context.viewport.viewProjectionMatrix, origin);
    this.state.model?.shaderInputs.setProps({ trail: { matrix, now, span, selected } });
    super.draw(options);
  }
}

/** The matrix for positions that count from an origin; in double precision, so that they may be float32. */
function shifted(matrix: readonly number[], [x, y]: readonly [number, number]): number[] {
  const m = [...matrix] as number[];
  for (let row = 0; row < 4; row++) {
    m[12 + row] =
      (matrix[row] as number) * x + (matrix[4 + row] as number) * y + (matrix[12 + row] as number);
  }
  return m;
}
