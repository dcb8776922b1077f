import { mercator } from './mercator.ts';

/** Segments in one chunk. A full chunk is uploaded to the GPU once and never again. */
const CHUNK = 2048;
/** Chunks kept per channel; the oldest goes first. */
const MOST = 96;

/** Line segments in the order they came: typed arrays, two coordinates each, projected, counted from the chunk's origin. */
export interface TrailChunk {
  readonly id: number;
  count: number;
  readonly origin: readonly [number, number];
  readonly from: Float32Array<ArrayBuffer>;
  readonly to: Float32Array<ArrayBuffer>;
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
  west = Infinity;
  south = Infinity;
  east = -Infinity;
  north = -Infinity;

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
      this.chunks.push((chunk = empty(mercator(from))));
      if (this.chunks.length > MOST) this.chunks.shift();
    }
    this.west = Math.min(this.west, to[0]);
    this.south = Math.min(this.south, to[1]);
    this.east = Math.max(this.east, to[0]);
    this.north = Math.max(this.north, to[1]);
    const i = chunk.count++;
    const [x, y] = chunk.origin;
    const [fromX, fromY] = mercator(from);
    const [toX, toY] = mercator(to);
    chunk.from.set([fromX - x, fromY - y], i * 2);
    chunk.to.set([toX - x, toY - y], i * 2);
    chunk.times[i] = (timeMs - this.originMs) / 1000;
    chunk.colours.set(rgb, i * 4);
    chunk.colours[i * 4 + 3] = 255;
    chunk.movers[i] = mover;
  }

  /** Other colours (another theme): `rgbOf` tells the colour of a mover. Chunks get new ids, so that they are uploaded again. */
  recolour(rgbOf: (mover: number) => readonly number[]): void {
    this.chunks = this.chunks.map((chunk) => {
      for (let i = 0; i < chunk.count; i++) chunk.colours.set(rgbOf(chunk.movers[i] as number), i * 4);
      return { ...chunk, id: nextId++ };
    });
  }
}

const empty = (origin: readonly [number, number]): TrailChunk => ({
  id: nextId++,
  count: 0,
  origin,
  from: new Float32Array(CHUNK * 2),
  to: new Float32Array(CHUNK * 2),
  times: new Float32Array(CHUNK),
  colours: new Uint8ClampedArray(CHUNK * 4),
  movers: new Float32Array(CHUNK),
});
