import type { DefaultProps } from '@deck.gl/core';
import { CORNER, packed, QuadLayer, type QuadProps } from './quad-layer.ts';

/** The first shape number when there is no heading. */
export const NO_HEADING = -10;

/** The second shape number: how a point is drawn. */
export const SHAPE = { moving: 0, stopped: 1, restored: 2, outlier: 3 } as const;

/** Points: two coordinates each, relative to the origin; colours as four bytes; heading in radians or NO_HEADING, then one of SHAPE. */
export interface Points {
  readonly at: Float32Array;
  readonly colours: Uint8ClampedArray;
  readonly shapes: Float32Array;
}

/** The properties of a MoverLayer. */
export interface MoverProps extends QuadProps {
  points: Points;
  /** Radius including nose and halo, pixels. */
  radius: number;
  /** Colour around each point, 0..255. */
  halo: readonly [number, number, number];
}

const block = `\
layout(std140) uniform moverUniforms {
  vec3 halo;
  float radius;
} mover;
`;

const uniforms = {
  name: 'mover',
  vs: block,
  fs: block,
  uniformTypes: { halo: 'vec3<f32>', radius: 'f32' },
} as const;

const vs = `\
#version 300 es
#define SHADER_NAME mover-layer-vertex-shader
in vec2 at;
in vec4 colour;
in vec2 shape;
out vec4 vColour;
out vec2 vPlace;
flat out vec2 vShape;
${CORNER}
void main(void) {
  geometry.pickingColor = picking_getPickingColorFromIndex(float(item()));
  // Half a pixel more, to smooth the edge.
  vPlace = corner() * (mover.radius + 0.5);
  geometry.uv = vPlace;
  vec4 p = quads.matrix * vec4(at, 0.0, 1.0);
  // A transparent mover has no halo either.
  gl_Position = colour.a > 0.0 ? p + vec4(project_pixel_size_to_clipspace(vPlace) * p.w, 0.0, 0.0) : vec4(2.0, 2.0, 2.0, 1.0);
  vShape = shape;
  vColour = vec4(colour.rgb, colour.a * layer.opacity);
  DECKGL_FILTER_COLOR(vColour, geometry);
}
`;

/**
 * A dot with a nose that points in the direction of travel; with a hole while it is stopped; an outline while it is only
 * restored; a cross for an outlier. One quad each; distances are signed, in pixels.
 */
const fs = `\
#version 300 es
#define SHADER_NAME mover-layer-fragment-shader
precision highp float;
in vec4 vColour;
in vec2 vPlace;
flat in vec2 vShape;
out vec4 fragColor;
const float HALO = 2.0;
const float NOSE = 1.85;
void main(void) {
  geometry.uv = vPlace;
  vec2 p = vPlace;
  float r = (mover.radius - HALO) / NOSE;
  float d = length(p) - r;
  if (vShape.y > 2.5) {
    vec2 q = abs(vec2(p.x + p.y, p.x - p.y)) * 0.7071;
    d = min(max(q.x - r, q.y - 1.5), max(q.y - r, q.x - 1.5));
  } else if (vShape.x > ${NO_HEADING + 1}.0) {
    vec2 ahead = vec2(sin(vShape.x), cos(vShape.x));
    float along = dot(p, ahead);
    float across = abs(dot(p, vec2(ahead.y, -ahead.x)));
    float sine = 1.0 / NOSE;
    float cosine = sqrt(1.0 - sine * sine);
    d = min(d, max(across * cosine + (along - r * NOSE) * sine, r * sine - along));
  }
  float inside = 1.0 - smoothstep(HALO - 0.7, HALO + 0.7, d);
  if (inside < 0.02) discard;
  float body = 1.0 - smoothstep(-0.6, 0.6, d);
  if (vShape.y > 1.5 && vShape.y < 2.5) body *= smoothstep(-2.8, -1.6, d);
  else if (vShape.y > 0.5 && vShape.y < 1.5) body *= smoothstep(0.45 * r - 0.6, 0.45 * r + 0.6, length(p));
  fragColor = mix(vec4(mover.halo, 1.0), vColour, body);
  fragColor.a *= inside;
  DECKGL_FILTER_COLOR(fragColor, geometry);
}
`;

/** Draws the subjects on the map. */
export class MoverLayer extends QuadLayer<MoverProps> {
  static override layerName = 'MoverLayer';
  static override defaultProps: DefaultProps<MoverProps> = {
    points: {
      type: 'object',
      value: { at: new Float32Array(0), colours: new Uint8ClampedArray(0), shapes: new Float32Array(0) },
    },
    radius: 12,
    halo: { type: 'array', value: [255, 255, 255] },
  };

  protected override readonly attributes = [
    { attribute: 'at', format: 'float32x2', words: 2 },
    { attribute: 'colour', format: 'unorm8x4', words: 1 },
    { attribute: 'shape', format: 'float32x2', words: 2 },
  ] as const;

  protected override shaders() {
    return { vs, fs, modules: [uniforms] };
  }

  protected override fill(i: number, words: Float32Array, colours: Uint32Array, at: number): void {
    const { at: places, shapes, colours: bytes } = this.props.points;
    words[at] = places[i * 2] as number;
    words[at + 1] = places[i * 2 + 1] as number;
    colours[at + 2] = packed(bytes, i);
    words[at + 3] = shapes[i * 2] as number;
    words[at + 4] = shapes[i * 2 + 1] as number;
  }

  override draw(): void {
    const { radius, halo } = this.props;
    this.state.model?.shaderInputs.setProps({ mover: { radius, halo: halo.map((byte) => byte / 255) } });
    super.draw();
  }
}
