/** Segments in one chunk. A full chunk is uploaded to the GPU once and never again. */
const CHUNK = 2048;
/** Chunks kept per channel; the oldest goes first. */
const MOST = 96;

/** Line segments in the order they came: typed arrays, two coordinates each. */
export interface TrailChunk {
  readonly id: number;
  count: number;
  readonly from: Float64Array<ArrayBuffer>;
  readonly to: Float64Array<ArrayBuffer>;
  /** Seconds of event time since the trail's origin, so that float32 suffices. */
  readonly times: Float32Array<ArrayBuffer>;
  readonly colours: Uint8ClampedArray<ArrayBuffer>;
  /** Index of the mover. */
  readonly movers: Float32Array<ArrayBuffer>;
}

let nextId = 0;

/** Where the subjects of one channel have been, in time chunks. */
export class Trails {
  chunks: TrailChunk[] = [];
  /** Event time in ms that the chunks' times count from. */
  originMs = NaN;

  add(
    from: readonly [number, number],
    to: readonly [number, number],
    timeMs: number,
    mover: number,
    rgb: readonly number[],
  ): void {
    if (Number.isNaN(this.originMs)) this.originMs = timeMs;
    let chunk = this.chunks.at(-1);
    if (!chunk || chunk.count === CHUNK) {
      this.chunks.push((chunk = empty()));
      if (this.chunks.length > MOST) this.chunks.shift();
    }
    const i = chunk.count++;
    chunk.from.set(from, i * 2);
    chunk.to.set(to, i * 2);
    chunk.times[i] = (timeMs - this.originMs) / 1000;
    chunk.colours.set(rgb, i * 4);
    chunk.colours[i * 4 + 3] = 255;
    chunk.movers[i] = mover;
  }

  clear(): void {
    this.chunks = [];
    this.originMs = NaN;
  }

  /** Other colours (another theme): `rgbOf` tells the colour of a mover. Chunks get new ids, so that they are uploaded again. */
  recolour(rgbOf: (mover: number) => readonly number[]): void {
    this.chunks = this.chunks.map((chunk) => {
      for (let i = 0; i < chunk.count; i++) chunk.colours.set(rgbOf(chunk.movers[i] as number), i * 4);
      return { ...chunk, id: nextId++ };
    });
  }
}

const empty = (): TrailChunk => ({
  id: nextId++,
  count: 0,
  from: new Float64Array(CHUNK * 2),
  to: new Float64Array(CHUNK * 2),
  times: new Float32Array(CHUNK),
  colours: new Uint8ClampedArray(CHUNK * 4),
  movers: new Float32Array(CHUNK),
});
