import type { LonLat } from '../live/geometry.ts';

/** An area that the fences service watches. */
export interface Fence {
  readonly id: string;
  readonly name: string;
  readonly geometry: GeoJSON.Polygon | GeoJSON.MultiPolygon;
}

/** A fence that is being changed. `ring`: its outer ring without the closing point. */
export interface FenceDraft {
  /** Undefined for a new fence. */
  readonly id: string | undefined;
  name: string;
  ring: LonLat[];
}

/** The outer ring of a fence, of its first part, without the closing point. */
export function outerRing(geometry: Fence['geometry']): LonLat[] {
  const ring = (geometry.type === 'Polygon' ? geometry.coordinates[0] : geometry.coordinates[0]?.[0]) ?? [];
  return ring.slice(0, -1).map(([longitude = 0, latitude = 0]) => [longitude, latitude]);
}

/** Puts a ring in place of the first ring of a geometry; holes and other parts stay. */
export function closed(ring: readonly LonLat[], old: Fence['geometry'] | undefined): Fence['geometry'] {
  // Six decimal places are about 10 cm.
  const first = [...ring, ring[0] as LonLat].map((at) => at.map((degrees) => Number(degrees.toFixed(6))));
  if (old?.type === 'MultiPolygon') {
    const [part = [], ...parts] = old.coordinates;
    return { type: 'MultiPolygon', coordinates: [[first, ...part.slice(1)], ...parts] };
  }
  return { type: 'Polygon', coordinates: [first, ...(old?.coordinates.slice(1) ?? [])] };
}

/** An unused id made from a name. */
export function freeId(name: string, list: readonly Fence[]): string {
  const words = name.toLowerCase().match(/[a-z0-9]+/g);
  const plain = words?.join('-') ?? 'fence';
  const taken = new Set(list.map(({ id }) => id));
  if (!taken.has(plain)) return plain;
  let n = 2;
  while (taken.has(`${plain}-${n}`)) n++;
  return `${plain}-${n}`;
}
