import { mercator } from './mercator.ts';
import type { Mover } from './movers.ts';

/** Movers in one square of the screen are shown as one circle from so many on. */
const LEAST = 3;
/** Below so many movers each is worth its own place. */
const FEW = 12;
/** So many movers in a square on average are a crowd. */
const CROWD = 2.5;
const SQUARE_PX = 56;

/** Movers near each other, as the map is zoomed: where they are on average, degrees, and how many. */
export interface Cluster {
  readonly longitude: number;
  readonly latitude: number;
  readonly count: number;
}

/** Which movers are drawn one by one, and which as clusters. */
export interface Grouping {
  /** Indexes of those drawn one by one. */
  readonly single: Int32Array;
  readonly clusters: readonly Cluster[];
}

/**
 * Groups movers by squares of the map at a zoom level, where they are a crowd; undefined where each has its place. The squares
 * belong to the map, not to the screen: nothing changes while it is moved.
 */
export function group(
  movers: readonly Mover[],
  zoom: number,
  always: (mover: Mover) => boolean,
): Grouping | undefined {
  if (movers.length < FEW) return undefined;
  const perSquare = 2 ** Math.floor(zoom) / SQUARE_PX;
  const squares = new Map<number, number[]>();
  movers.forEach(({ shown }, i) => {
    const [x, y] = mercator([shown[0], shown[1]]);
    const square = Math.floor(x * perSquare) * 67_108_864 + Math.floor(y * perSquare);
    const there = squares.get(square);
    if (there) there.push(i);
    else squares.set(square, [i]);
  });
  if (movers.length / squares.size < CROWD) return undefined;
  const single: number[] = [];
  const clusters: Cluster[] = [];
  for (const all of squares.values()) {
    const indexes: number[] = [];
    for (const i of all) (all.length < LEAST || always(movers[i] as Mover) ? single : indexes).push(i);
    if (indexes.length === 0) continue;
    let [longitude, latitude] = [0, 0];
    for (const i of indexes) {
      const { shown } = movers[i] as Mover;
      longitude += shown[0] / indexes.length;
      latitude += shown[1] / indexes.length;
    }
    clusters.push({ longitude, latitude, count: indexes.length });
  }
  return { single: Int32Array.from(single), clusters };
}
