import type { Feature, FeatureCollection, Geometry } from 'geojson';
import { PARKS, ground, pond, river } from './city-plan.ts';
import type { City, Edge, StreetKind } from './city.ts';
import type { Plane, Point } from '../support/plane.ts';

export interface MapProperties {
  name: string;
  kind: StreetKind | 'park' | 'water' | 'depot';
  oneway?: boolean;
}

/**
 * The city as GeoJSON (RFC 7946), drawn from the bottom up: parks and water as polygons, streets as lines in travel
 * direction if one-way, depots as points.
 */
export function streetMap(city: City, plane: Plane): FeatureCollection<Geometry, MapProperties> {
  const feature = (geometry: Geometry, properties: MapProperties): Feature<Geometry, MapProperties> => ({
    type: 'Feature',
    properties,
    geometry,
  });
  const area = (points: Point[], properties: MapProperties) => {
    const ring = points.map((point) => plane.position(point));
    return feature({ type: 'Polygon', coordinates: [[...ring, ring[0] as [number, number]]] }, properties);
  };
  const parks = PARKS.map((park) => area(lawn(park), { name: park.name, kind: 'park' }));
  const streets = lines(city.edges)
    .sort((a, b) => RANK[a[0]!.kind] - RANK[b[0]!.kind])
    .map((line) => {
      const { name, kind, reverse } = line[0] as Edge;
      const coordinates = [line[0]!.from, ...line.map((edge) => edge.to)].map((point) =>
        plane.position(point),
      );
      return feature({ type: 'LineString', coordinates }, { name, kind, oneway: reverse === null });
    });
  const depots = city.depots.map(({ name, edge }) =>
    feature(
      { type: 'Point', coordinates: plane.position(between(edge.from, edge.to, 0.5)) },
      { name, kind: 'depot' },
    ),
  );
  return {
    type: 'FeatureCollection',
    features: [
      area(river(), { name: 'River Mira', kind: 'water' }),
      ...parks,
      area(pond(), { name: 'Swan Pond', kind: 'water' }),
      ...streets,
      ...depots,
    ],
  };
}

const RANK: Readonly<Record<StreetKind, number>> = { street: 0, avenue: 1, boulevard: 2, bridge: 3 };

// Joins the edges of one street that follow each other to a line. A two-way street gives one line.
function lines(edges: readonly Edge[]): Edge[][] {
  const before = new Map<Edge, Edge>();
  for (const edge of edges) for (const next of edge.next) if (same(edge, next)) before.set(next, edge);
  const drawn = new Set<Edge>();
  const result: Edge[][] = [];
  for (const edge of edges) {
    if (drawn.has(edge)) continue;
    let first = edge;
    for (let back = before.get(first); back && back !== edge && !drawn.has(back); back = before.get(back))
      first = back;
    const line: Edge[] = [];
    for (
      let at: Edge | undefined = first;
      at;
      at = at.next.find((one) => same(line.at(-1)!, one) && !drawn.has(one))
    ) {
      line.push(at);
      drawn.add(at);
      if (at.reverse) drawn.add(at.reverse);
    }
    result.push(line);
  }
  return result;
}

function same(a: Edge, b: Edge): boolean {
  return a.name === b.name && a.kind === b.kind && !a.reverse === !b.reverse;
}

// A park fills its blocks up to the kerb.
function lawn(park: (typeof PARKS)[number]): Point[] {
  const kerb = 0.09;
  const [west, east] = [park.west + kerb, park.east - kerb];
  const [south, north] = [park.south + kerb, park.north - kerb];
  const along = (from: number, to: number) =>
    Array.from({ length: 8 }, (_, i) => from + ((to - from) * i) / 8);
  return [
    ...along(west, east).map((column) => ground(column, south)),
    ...along(south, north).map((row) => ground(east, row)),
    ...along(east, west).map((column) => ground(column, north)),
    ...along(north, south).map((row) => ground(west, row)),
  ];
}

function between(a: Point, b: Point, part: number): Point {
  return { x: a.x + (b.x - a.x) * part, y: a.y + (b.y - a.y) * part };
}
