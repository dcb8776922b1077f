import type { RecordingDescription } from '../../../../schemas/types.ts';
import type { Movers } from './movers.ts';

/** West, south, east, north in degrees. */
export type Box = [number, number, number, number];

/** A box around the subjects of some root channels and their trails; undefined while there is none. */
export function boxOf(movers: Movers, roots: ReadonlySet<string>): Box | undefined {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  const add = (x: number, y: number): void => {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  };
  for (const { subject, at } of movers.all) if (roots.has(subject.root)) add(at[0], at[1]);
  for (const [root, { west, south, east, north }] of movers.trails) {
    if (!roots.has(root) || !Number.isFinite(west)) continue;
    add(west, south);
    add(east, north);
  }
  return Number.isFinite(box[0]) ? box : undefined;
}

/** Whether a box lies in another one. */
export function within(box: Box, inside: Box): boolean {
  return box[0] >= inside[0] && box[1] >= inside[1] && box[2] <= inside[2] && box[3] <= inside[3];
}

/** A box with half of its size around it, for what is still on the move. */
export function grown([west, south, east, north]: Box): Box {
  const [x, y] = [(east - west) / 2, (north - south) / 2];
  return [
    Math.max(-180, west - x),
    Math.max(-85, south - y),
    Math.min(180, east + x),
    Math.min(85, north + y),
  ];
}

/** Whether a box lies in another one, or not far beyond it. */
export function near([west, south, east, north]: Box, inside: Box): boolean {
  const [x, y] = [east - west, north - south];
  return inside[0] >= west - x && inside[2] <= east + x && inside[1] >= south - y && inside[3] <= north + y;
}

/** A box around the lines of a map; undefined while there is none. */
export function boxAround({ features }: GeoJSON.FeatureCollection): Box | undefined {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { geometry } of features) {
    if (geometry.type !== 'LineString') continue;
    for (const [x = 0, y = 0] of geometry.coordinates) {
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x);
      box[3] = Math.max(box[3], y);
    }
  }
  return Number.isFinite(box[0]) ? box : undefined;
}

/** The box that recordings describe. One that begins or ends at exactly 0, 0 holds a fix that is none, and is not believed. */
export function describedBox(descriptions: readonly RecordingDescription[]): Box | undefined {
  const boxes = descriptions.flatMap(({ bbox }) => (bbox ? [bbox] : []));
  if (boxes.length === 0) return undefined;
  const side = (i: 0 | 1 | 2 | 3, pick: (...n: number[]) => number): number =>
    pick(...boxes.map((box) => box[i] as number));
  const box: Box = [side(0, Math.min), side(1, Math.min), side(2, Math.max), side(3, Math.max)];
  const nullIsland = (box[0] === 0 || box[2] === 0) && (box[1] === 0 || box[3] === 0);
  return nullIsland ? undefined : box;
}
