import type { DefaultProps } from '@deck.gl/core';
import { CORNER, packed, QuadLayer, type QuadProps } from './quad-layer.ts';

/** Line segments: two coordinates per place, relative to the origin; colours as four bytes; times in seconds; indexes of movers. */
export interface Segments {
  readonly from: Float32Array;
  readonly to: Float32Array;
  readonly colours: Uint8ClampedArray;
  readonly times?: Float32Array;
  readonly movers?: Float32Array;
}

/** How trails fade. `now` and the times of the segments are seconds since the same origin. */
export interface FadingProps extends QuadProps {
  segments: Segments;
  /** Width in pixels. */
  width: number;
  now: number;
  /** Seconds after which a segment has faded; 0: never. */
  span: number;
  /** Index of the mover whose trail is highlighted; -1: none. */
  selected: number;
}

const uniforms = {
  name: 'trail',
  vs: `\
layout(std140) uniform trailUniforms {
  float width;
  float now;
  float span;
  float selected;
} trail;
`,
  uniformTypes: { width: 'f32', now: 'f32', span: 'f32', selected: 'f32' },
} as const;

const vs = `\
#version 300 es
#define SHADER_NAME fading-lines-vertex-shader
in vec2 from;
in vec2 to;
in vec4 colour;
in float time;
in float mover;
out vec4 vColour;
out vec2 vAcross;
${CORNER}
void main(void) {
  float alpha = layer.opacity;
  if (trail.span > 0.0) alpha *= clamp(1.0 - (trail.now - time) / trail.span, 0.0, 1.0);
  if (trail.selected >= 0.0 && abs(mover - trail.selected) > 0.5) alpha *= 0.25;
  vec4 a = quads.matrix * vec4(from, 0.0, 1.0);
  vec4 b = quads.matrix * vec4(to, 0.0, 1.0);
  vec2 along = normalize((b.xy / b.w - a.xy / a.w) * project.viewportSize + vec2(1e-9, 0.0));
  vec2 corner = corner();
  vec4 p = corner.x < 0.0 ? a : b;
  // Half a pixel more on each side, to smooth the edge.
  float half_width = trail.width / 2.0;
  vAcross = vec2(corner.y * (half_width + 0.5), half_width);
  vec2 offset = vec2(-along.y, along.x) * vAcross.x;
  // Move faded segments outside the picture: filling them would cost time.
  gl_Position = alpha > 0.004 ? p + vec4(project_pixel_size_to_clipspace(offset) * p.w, 0.0, 0.0) : vec4(2.0, 2.0, 2.0, 1.0);
  vColour = vec4(colour.rgb, colour.a * alpha);
}
`;

const fs = `\
#version 300 es
#define SHADER_NAME fading-lines-fragment-shader
precision highp float;
in vec4 vColour;
in vec2 vAcross;
out vec4 fragColor;
void main(void) {
  geometry.uv = vAcross;
  fragColor = vec4(vColour.rgb, vColour.a * clamp(vAcross.y + 0.5 - abs(vAcross.x), 0.0, 1.0));
  DECKGL_FILTER_COLOR(fragColor, geometry);
}
`;

/** Line segments that fade with age in the shader, so that a full chunk is uploaded once and then only its uniforms change. */
export class FadingLines extends QuadLayer<FadingProps> {
  static override layerName = 'FadingLines';
  static override defaultProps: DefaultProps<FadingProps> = {
    segments: {
      type: 'object',
      value: { from: new Float32Array(0), to: new Float32Array(0), colours: new Uint8ClampedArray(0) },
    },
    width: 2.5,
    now: 0,
    span: 0,
    selected: -1,
  };

  protected override readonly attributes = [
    { attribute: 'from', format: 'float32x2', words: 2 },
    { attribute: 'to', format: 'float32x2', words: 2 },
    { attribute: 'colour', format: 'unorm8x4', words: 1 },
    { attribute: 'time', format: 'float32', words: 1 },
    { attribute: 'mover', format: 'float32', words: 1 },
  ] as const;

  protected override shaders() {
    return { vs, fs, modules: [uniforms] };
  }

  protected override fill(i: number, words: Float32Array, colours: Uint32Array, at: number): void {
    const { from, to, times, movers, colours: bytes } = this.props.segments;
    words[at] = from[i * 2] as number;
    words[at + 1] = from[i * 2 + 1] as number;
    words[at + 2] = to[i * 2] as number;
    words[at + 3] = to[i * 2 + 1] as number;
    colours[at + 4] = packed(bytes, i);
    words[at + 5] = times?.[i] ?? 0;
    words[at + 6] = movers?.[i] ?? 0;
  }

  override draw(): void {
    const { width, now, span, selected } = this.props;
    this.state.model?.shaderInputs.setProps({ trail: { width, now, span, selected } });
    super.draw();
  }
}
