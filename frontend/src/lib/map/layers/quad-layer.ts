import { Layer, project32, picking, type DefaultProps, type UpdateParameters } from '@deck.gl/core';
import { Buffer, type BufferLayout, type VertexFormat } from '@luma.gl/core';
import { Model } from '@luma.gl/engine';

/** The properties of all quad layers. */
export interface QuadProps {
  /** The number of items. */
  count: number;
  /** Changes when the items change; otherwise they are not uploaded again. */
  version: unknown;
  /** The origin of the places, projected (see `mercator`): near them, so that float32 is precise enough. */
  origin: readonly [number, number];
}

/** An attribute of a vertex; `words` of four bytes. */
export interface QuadAttribute {
  attribute: string;
  format: VertexFormat;
  words: number;
}

const CORNERS = 4;
const INDEXES = [0, 1, 2, 2, 1, 3];

/** For the vertex shader: the index of the item, and the corner of its quad (-1 or 1 each way). */
export const CORNER = `\
int item() { return gl_VertexID / ${CORNERS}; }
vec2 corner() { return vec2(float(gl_VertexID & 1), float((gl_VertexID >> 1) & 1)) * 2.0 - 1.0; }
`;

const uniforms = {
  name: 'quads',
  vs: 'layout(std140) uniform quadsUniforms {\n  mat4 matrix;\n} quads;\n',
  uniformTypes: { matrix: 'mat4x4<f32>' },
} as const;

/** Shared by all layers: each upload is finished before the next begins. */
let scratch = new Float32Array(0);

/**
 * Draws items with four corners each as plain triangles. deck.gl's own layers use instances: without a GPU one instance takes
 * 20 µs, two triangles only 1.5 µs, because SwiftShader starts anew for each instance.
 */
export abstract class QuadLayer<Props extends QuadProps> extends Layer<Props> {
  static override layerName = 'QuadLayer';
  static override defaultProps: DefaultProps<QuadProps> = {
    count: 0,
    version: 0,
    origin: { type: 'array', value: [0, 0] },
  };

  declare state: { model?: Model; vertices?: Buffer; indexes?: Buffer };

  /** The attributes of a vertex, in order. */
  protected abstract readonly attributes: readonly QuadAttribute[];
  /** The shaders, and the modules with their uniforms. */
  protected abstract shaders(): { vs: string; fs: string; modules: readonly object[] };
  /** Writes the words of an item; colours are four bytes in one word. */
  protected abstract fill(item: number, words: Float32Array, colours: Uint32Array, at: number): void;

  /** This layer uploads its attributes itself. */
  protected override _getAttributeManager(): null {
    return null;
  }

  /** Not needed: the overlay draws all layers. */
  override getBounds(): null {
    return null;
  }

  override initializeState(): void {
    const { device } = this.context;
    const { vs, fs, modules } = this.shaders();
    let byteOffset = 0;
    const attributes = this.attributes.map(({ attribute, format, words }) => {
      const place = { attribute, format, byteOffset };
      byteOffset += words * 4;
      return place;
    });
    const layout: BufferLayout = { name: 'vertices', byteStride: byteOffset, attributes };
    const shaders = this.getShaders({ vs, fs, modules: [project32, picking, uniforms, ...modules] });
    const model = new Model(device, {
      ...(shaders as object),
      id: this.props.id,
      bufferLayout: [layout],
      topology: 'triangle-list',
      isInstanced: false,
    });
    this.setState({ model });
  }

  override updateState({ props, oldProps }: UpdateParameters<this>): void {
    if (props.version !== oldProps.version || props.count !== oldProps.count) this.#upload();
  }

  override finalizeState(context: this['context']): void {
    super.finalizeState(context);
    this.state.vertices?.destroy();
    this.state.indexes?.destroy();
  }

  override draw(): void {
    const { model } = this.state;
    if (!model || this.props.count === 0) return;
    const matrix = shifted(this.context.viewport.viewProjectionMatrix, this.props.origin);
    model.shaderInputs.setProps({ quads: { matrix } });
    model.draw(this.context.renderPass);
  }

  #upload(): void {
    const { count } = this.props;
    const { device } = this.context;
    const words = this.attributes.reduce((sum, attribute) => sum + attribute.words, 0);
    const length = count * CORNERS * words;
    if (scratch.length < length) scratch = new Float32Array(length * 2);
    const colours = new Uint32Array(scratch.buffer);
    for (let item = 0, at = 0; item < count; item++, at += CORNERS * words) {
      this.fill(item, scratch, colours, at);
      // Copy as integers: the bytes of a colour may be no valid float, which a copy as float could change.
      colours.copyWithin(at + words, at, at + words);
      colours.copyWithin(at + 2 * words, at, at + 2 * words);
    }
    const { model } = this.state;
    if (!model || count === 0) return;
    let { vertices, indexes } = this.state;
    if (!vertices || !indexes || vertices.byteLength < length * 4) {
      vertices?.destroy();
      indexes?.destroy();
      // Leave room, so that growing data does not need a new buffer each time.
      const room = Math.max(64, 2 ** Math.ceil(Math.log2(count)));
      vertices = device.createBuffer({
        usage: Buffer.VERTEX | Buffer.COPY_DST,
        byteLength: room * CORNERS * words * 4,
      });
      indexes = device.createBuffer({ usage: Buffer.INDEX, data: indexesOf(room) });
      model.setAttributes({ vertices });
      model.setIndexBuffer(indexes);
      this.setState({ vertices, indexes });
    }
    vertices.write(scratch.subarray(0, length));
    model.setVertexCount(count * INDEXES.length);
  }
}

/** The colour of an item as one word, in the byte order of the GPU. */
export function packed(bytes: Uint8ClampedArray, i: number): number {
  const at = i * 4;
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}

function indexesOf(items: number): Uint32Array {
  const indexes = new Uint32Array(items * INDEXES.length);
  for (let i = 0; i < indexes.length; i++)
    indexes[i] = Math.floor(i / INDEXES.length) * CORNERS + (INDEXES[i % INDEXES.length] as number);
  return indexes;
}

/** The matrix for positions relative to an origin; computed in double precision, so that positions may be float32. */
function shifted(matrix: readonly number[], [x, y]: readonly [number, number]): number[] {
  const m = [...matrix] as number[];
  for (let row = 0; row < 4; row++) {
    m[12 + row] =
      (matrix[row] as number) * x + (matrix[4 + row] as number) * y + (matrix[12 + row] as number);
  }
  return m;
}
