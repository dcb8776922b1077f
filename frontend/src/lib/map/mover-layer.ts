import { ScatterplotLayer } from '@deck.gl/layers';

/** Value of the first shape number for "no heading". */
export const NO_HEADING = -10;

/** Values of the second shape number: what a point looks like. */
export const SHAPE = { moving: 0, stopped: 1, restored: 2, outlier: 3 } as const;

/**
 * A dot with a nose that points where it is heading: with a hole while it stands, an outline while it is only restored; a
 * cross where a fix is not believed. One quad each; distances are signed, in pixels.
 */
const fs = `\
#version 300 es
#define SHADER_NAME mover-layer-fragment-shader
precision highp float;
in vec4 vFillColor;
in vec4 vLineColor;
in vec2 unitPosition;
in float outerRadiusPixels;
in vec2 vShape;
out vec4 fragColor;
const float HALO = 2.0;
const float NOSE = 1.85;
void main(void) {
  geometry.uv = unitPosition;
  vec2 p = unitPosition * outerRadiusPixels;
  float r = (outerRadiusPixels - HALO) / NOSE;
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
  fragColor = mix(vLineColor, vFillColor, body);
  fragColor.a *= inside;
  DECKGL_FILTER_COLOR(fragColor, geometry);
}
`;

/** Subjects on the map. Besides a scatterplot's attributes it takes `getShape`: heading in radians or NO_HEADING, and one of SHAPE. */
export class MoverLayer extends ScatterplotLayer {
  static override layerName = 'MoverLayer';

  override getShaders(): ReturnType<ScatterplotLayer['getShaders']> {
    return {
      ...super.getShaders(),
      fs,
      inject: {
        'vs:#decl': 'in vec2 instanceShapes;\nout vec2 vShape;\n',
        'vs:#main-end': 'vShape = instanceShapes;\n',
      },
    };
  }

  override initializeState(): void {
    super.initializeState();
    this.getAttributeManager()?.addInstanced({ instanceShapes: { size: 2, accessor: 'getShape' } });
  }
}
