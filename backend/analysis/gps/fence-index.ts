import Flatbush from 'flatbush';
import type { Feature, FeatureCollection, MultiPolygon, Polygon, Position } from 'geojson';
import pointInPolygon from 'point-in-polygon-hao';
import type { GeoPoint } from '../../../core/wire/geo.ts';

/** A fence, as events name it. */
export interface Fence {
  /** The id of the feature; its name if it has no id. */
  id: string;
  name: string | null;
}

/** Fences as GeoJSON (RFC 7946). */
export type FenceCollection = FeatureCollection<Polygon | MultiPolygon>;

/** One polygon of a fence: its outer ring, then its holes. */
interface FencePolygon {
  fence: Fence;
  rings: Position[][];
}

/**
 * Finds the fences that a place is in. Edges are straight lines in degrees; a place on an edge, also on the edge of a
 * hole, is inside (RFC 7946; Hao et al. 2018, with Shewchuk's exact predicates). A ring may cross the antimeridian: 170
 * is then followed by -170. Polygons that were cut at the antimeridian are one fence.
 */
export class FenceIndex {
  readonly #fences = new Map<string, Fence>();
  readonly #polygons: FencePolygon[] = [];
  readonly #boxes: Flatbush | null;

  /** @throws Error naming the fence that has no id, has the id of another fence or `__proto__`, or has a ring that is not valid */
  constructor({ features }: FenceCollection) {
    for (const feature of features) {
      const fence = fenceOf(feature);
      if (this.#fences.has(fence.id))
        throw new Error(`Two fences have the id "${fence.id}": ids must be unique.`);
      // In the state of a subject, which is an object by id, it would not be a member.
      if (fence.id === '__proto__') throw new Error('A fence cannot have the id "__proto__".');
      this.#fences.set(fence.id, fence);
      const { type, coordinates } = feature.geometry;
      for (const rings of type === 'Polygon' ? [coordinates] : coordinates)
        this.#polygons.push({ fence, rings: unrolled(rings, fence) });
    }
    this.#boxes = this.#polygons.length > 0 ? new Flatbush(this.#polygons.length) : null;
    for (const { rings } of this.#polygons) this.#boxes!.add(...boxOf(rings[0]!));
    this.#boxes?.finish();
  }

  has(id: string): boolean {
    return this.#fences.has(id);
  }

  /** The fences that a place is in, each once. */
  at({ latitude, longitude }: GeoPoint): Fence[] {
    const found: Fence[] = [];
    const boxes = this.#boxes;
    if (!boxes) return found;
    // Unrolled fences across the antimeridian reach beyond 180 degrees on either side.
    for (let east = longitude - 360; east <= boxes.maxX; east += 360) {
      if (east < boxes.minX) continue;
      for (const i of boxes.search(east, latitude, east, latitude)) {
        const { fence, rings } = this.#polygons[i]!;
        if (!found.includes(fence) && pointInPolygon([east, latitude], rings) !== false) found.push(fence);
      }
    }
    return found;
  }
}

function fenceOf({ id, properties }: Feature): Fence {
  const name = typeof properties?.['name'] === 'string' ? properties['name'] : null;
  if (id === undefined && name === null)
    throw new Error('A fence has neither an id nor a name: give the feature one of them.');
  return { id: String(id ?? name), name };
}

/** Rings whose longitudes continue beyond 180 degrees at the antimeridian; holes lie within their outer ring. */
function unrolled(rings: Position[][], fence: Fence): Position[][] {
  const [outer, ...holes] = rings.map((ring) => unrolledRing(ring, fence));
  if (!outer) throw new Error(`Fence "${fence.id}" has no ring.`);
  const [west, , east] = boxOf(outer);
  return [outer, ...holes.map((hole) => shifted(hole, west, east))];
}

function unrolledRing(ring: Position[], { id }: Fence): Position[] {
  let turn = 0;
  const run = ring.map(([longitude, latitude], i) => {
    const step = i > 0 ? longitude! - ring[i - 1]![0]! : 0;
    // An edge takes the shorter way, except one of 360 degrees along a parallel.
    if (Math.abs(step) > 180 && Math.abs(step) < 360) turn -= Math.sign(step) * 360;
    return [longitude! + turn, latitude!];
  });
  const [first, last] = [run[0]!, run.at(-1)!];
  if (turn !== 0 && first[0] !== last[0])
    throw new Error(`Fence "${id}" goes around a pole: cut it at the antimeridian.`);
  if (first[0] !== last[0] || first[1] !== last[1])
    throw new Error(`A ring of fence "${id}" does not end where it begins.`);
  return run;
}

/** Moves a hole that was unrolled to the other side of the earth back into its outer ring. */
function shifted(hole: Position[], west: number, east: number): Position[] {
  const [holeWest, , holeEast] = boxOf(hole);
  const turn = [0, 360, -360].find((by) => holeWest + by >= west && holeEast + by <= east) ?? 0;
  return hole.map(([longitude, latitude]) => [longitude! + turn, latitude!]);
}

function boxOf(ring: Position[]): [west: number, south: number, east: number, north: number] {
  const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [longitude, latitude] of ring) {
    box[0] = Math.min(box[0], longitude!);
    box[1] = Math.min(box[1], latitude!);
    box[2] = Math.max(box[2], longitude!);
    box[3] = Math.max(box[3], latitude!);
  }
  return box;
}
