import { mercator } from './mercator.ts';
import type { Mover } from './mover.ts';

/** At least this many movers in one square become a cluster. */
const LEAST = 3;
/** Fewer movers than this are always drawn one by one. */
const FEW = 12;
/** With at least this many movers per square on average, the map is crowded. */
const CROWD = 2.5;
const SQUARE_PX = 56;

/** Movers near each other at a zoom level: their mean place in degrees, and their number. */
export interface Cluster {
  readonly longitude: number;
  readonly latitude: number;
  readonly count: number;
}

/** The movers that are drawn one by one, and the clusters of the others. */
export interface Grouping {
  /** Indexes of the movers drawn one by one. */
  readonly single: Int32Array;
  readonly clusters: readonly Cluster[];
}

/**
 * Groups crowded movers by squares of the map at a zoom level; returns undefined when the map is not crowded. The squares
 * belong to the map, not to the screen, so moving the map changes nothing. `always` names movers that are never grouped.
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
