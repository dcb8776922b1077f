import type { DefaultProps } from '@deck.gl/core';
import { LineLayer, type LineLayerProps } from '@deck.gl/layers';

/** How a trail fades: `now` and the times of its segments are seconds since one origin. */
export interface FadingProps {
  now: number;
  /** Seconds after which a segment is gone; 0: never. */
  span: number;
  /** Index of the mover whose trail stands out; -1: none. */
  selected: number;
}

const uniforms = {
  name: 'trail',
  vs: `\
layout(std140) uniform trailUniforms {
  float now;
  float span;
  float selected;
} trail;
`,
  uniformTypes: { now: 'f32', span: 'f32', selected: 'f32' },
} as const;

/** Line segments that fade with their age on the GPU, so that a full chunk is uploaded once and then only its uniforms change. */
export class FadingLines extends LineLayer<unknown, FadingProps> {
  static override layerName = 'FadingLines';
  static override defaultProps: DefaultProps<LineLayerProps & FadingProps> = {
    now: 0,
    span: 0,
    selected: -1,
  };

  override getShaders(): ReturnType<LineLayer['getShaders']> {
    const shaders = super.getShaders();
    return {
      ...shaders,
      modules: [...shaders.modules, uniforms],
      inject: {
        'vs:#decl': 'in float instanceTimes;\nin float instanceMovers;\n',
        'vs:DECKGL_FILTER_COLOR': `
  if (trail.span > 0.0) color.a *= clamp(1.0 - (trail.now - instanceTimes) / trail.span, 0.0, 1.0);
  if (trail.selected >= 0.0 && abs(instanceMovers - trail.selected) > 0.5) color.a *= 0.25;
`,
      },
    };
  }

  override initializeState(): void {
    super.initializeState();
    this.getAttributeManager()?.addInstanced({
      instanceTimes: { size: 1, accessor: 'getTime' },
      instanceMovers: { size: 1, accessor: 'getMover' },
    });
  }

  override draw(options: Parameters<LineLayer['draw']>[0]): void {
    const { now, span, selected } = this.props;
    this.state.model?.shaderInputs.setProps({ trail: { now, span, selected } });
    super.draw(options);
  }
}
