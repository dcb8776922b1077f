import type { RecordingDescription } from '../../../../schemas/types.ts';
import type { Box } from '../live/geometry.ts';
import type { Movers } from './movers/movers.ts';

/** Grows a box around points; starts empty. */
class BoxBuilder {
  #box: Box = [Infinity, Infinity, -Infinity, -Infinity];

  add(x: number, y: number): void {
    const [west, south, east, north] = this.#box;
    this.#box = [Math.min(west, x), Math.min(south, y), Math.max(east, x), Math.max(north, y)];
  }

  /** The box; undefined without any point. */
  get box(): Box | undefined {
    return Number.isFinite(this.#box[0]) ? this.#box : undefined;
  }
}

/** A box around the subjects of some root channels and their trails; undefined when there are none. */
export function boxOf(movers: Movers, roots: ReadonlySet<string>): Box | undefined {
  const builder = new BoxBuilder();
  for (const { subject, at } of movers.all) if (roots.has(subject.root)) builder.add(at[0], at[1]);
  for (const [root, { west, south, east, north }] of movers.trails) {
    if (!roots.has(root) || !Number.isFinite(west)) continue;
    builder.add(west, south);
    builder.add(east, north);
  }
  return builder.box;
}

/** A box around the lines of a map; undefined when there are none. */
export function boxAround({ features }: GeoJSON.FeatureCollection): Box | undefined {
  const builder = new BoxBuilder();
  for (const { geometry } of features) {
    if (geometry.type !== 'LineString') continue;
    for (const [x = 0, y = 0] of geometry.coordinates) builder.add(x, y);
  }
  return builder.box;
}

/** Whether the first box lies inside the second. */
export function isInside(box: Box, outer: Box): boolean {
  return box[0] >= outer[0] && box[1] >= outer[1] && box[2] <= outer[2] && box[3] <= outer[3];
}

/** A box with half of its size added on each side, for data that is still moving. */
export function grown([west, south, east, north]: Box): Box {
  const [x, y] = [(east - west) / 2, (north - south) / 2];
  return [
    Math.max(-180, west - x),
    Math.max(-85, south - y),
    Math.min(180, east + x),
    Math.min(85, north + y),
  ];
}

/** Whether the second box lies in the first, or beyond it by no more than its size. */
export function isNear([west, south, east, north]: Box, other: Box): boolean {
  const [x, y] = [east - west, north - south];
  return other[0] >= west - x && other[2] <= east + x && other[1] >= south - y && other[3] <= north + y;
}

/** The box that descriptions of recordings give. One with a corner at exactly 0, 0 includes a missing fix, and is ignored. */
export function describedBox(descriptions: readonly RecordingDescription[]): Box | undefined {
  const boxes = descriptions.flatMap(({ bbox }) => (bbox ? [bbox] : []));
  if (boxes.length === 0) return undefined;
  const side = (i: 0 | 1 | 2 | 3, pick: (...n: number[]) => number): number =>
    pick(...boxes.map((box) => box[i] as number));
  const box: Box = [side(0, Math.min), side(1, Math.min), side(2, Math.max), side(3, Math.max)];
  const hasNullIsland = (box[0] === 0 || box[2] === 0) && (box[1] === 0 || box[3] === 0);
  return hasNullIsland ? undefined : box;
}
