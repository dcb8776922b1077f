import { mercator, unmercator } from './mercator.ts';

/** Segments in one chunk. A full chunk is uploaded to the GPU only once. */
const CHUNK = 2048;
/** Chunks kept per channel; the oldest is dropped first. */
const MOST = 96;

/** Line segments in order of arrival. Coordinates are projected, two per place, relative to the chunk's origin. */
export interface TrailChunk {
  readonly id: number;
  count: number;
  readonly origin: readonly [number, number];
  readonly from: Float32Array<ArrayBuffer>;
  readonly to: Float32Array<ArrayBuffer>;
  /** Event time in seconds since the origin of the trails, so that float32 is precise enough. */
  readonly times: Float32Array<ArrayBuffer>;
  readonly colours: Uint8ClampedArray<ArrayBuffer>;
  /** Index of the mover. */
  readonly movers: Float32Array<ArrayBuffer>;
}

let nextId = 0;

/** The trails of all subjects of one channel, in chunks by time. */
export class Trails {
  chunks: TrailChunk[] = [];
  /** The event time from which the chunks' times count, ms. */
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

  /** Removes a mover's fix at an event time (ms) from its trail: the segments to it and from it. */
  erase(mover: number, timeMs: number): void {
    const time = Math.fround((timeMs - this.originMs) / 1000);
    for (let c = this.chunks.length - 1; c >= 0; c--) {
      const chunk = this.chunks[c] as TrailChunk;
      if (chunk.count === 0 || (chunk.times[0] as number) > time) continue;
      const at = chunk.times
        .subarray(0, chunk.count)
        .findIndex((t, i) => t === time && chunk.movers[i] === mover);
      if (at < 0) continue;
      const next = chunk.movers.subarray(at + 1, chunk.count).indexOf(mover);
      for (const i of next < 0 ? [at] : [at, at + 1 + next]) {
        chunk.to[i * 2] = chunk.from[i * 2] as number;
        chunk.to[i * 2 + 1] = chunk.from[i * 2 + 1] as number;
      }
      // A new id, so that it is uploaded again.
      this.chunks[c] = { ...chunk, id: nextId++ };
      return;
    }
  }

  /**
   * The places of movers at an event time, ms, by index; interpolated within a segment. Movers whose trail does not cover that
   * time are missing; `latest` holds those whose trail ends before it, with the place and time of its end.
   */
  placesAt(timeMs: number): {
    at: Map<number, [number, number]>;
    latest: Map<number, { place: [number, number]; timeMs: number }>;
  } {
    const time = (timeMs - this.originMs) / 1000;
    const at = new Map<number, [number, number]>();
    const latest = new Map<number, { place: [number, number]; timeMs: number }>();
    for (const { count, origin, from, to, times, movers } of this.chunks) {
      for (let i = 0; i < count; i++) {
        const mover = movers[i] as number;
        const end = times[i] as number;
        if (end <= time) {
          latest.set(mover, {
            place: [origin[0] + (to[i * 2] as number), origin[1] + (to[i * 2 + 1] as number)],
            timeMs: this.originMs + end * 1000,
          });
          at.delete(mover);
        } else if (!at.has(mover)) {
          const before = latest.get(mover);
          if (!before) continue;
          const begin = (before.timeMs - this.originMs) / 1000;
          const share = (time - begin) / Math.max(1e-6, end - begin);
          const along = (axis: 0 | 1): number => {
            const [a, b] = [from[i * 2 + axis] as number, to[i * 2 + axis] as number];
            return origin[axis] + a + (b - a) * share;
          };
          at.set(mover, [along(0), along(1)]);
        }
      }
    }
    for (const mover of at.keys()) latest.delete(mover);
    for (const [mover, place] of at) at.set(mover, unmercator(place));
    for (const found of latest.values()) found.place = unmercator(found.place);
    return { at, latest };
  }

  /** Sets new colours; `rgbOf` returns the colour of a mover. Chunks get new ids, so that they are uploaded again. */
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
