// prettier-ignore
import {
  AVENUE_COLUMNS, AVENUE_ROWS, BOULEVARD_COLUMNS, BOULEVARD_SUM, BRIDGE_COLUMNS, COLUMNS, DEPOTS, NORTH_QUAY, ROWS,
  SOUTH_QUAY, ground, isBuilt,
} from './city-plan.ts';
import { streetNames } from './names.ts';
import type { Point } from '../support/plane.ts';

export type StreetKind = 'avenue' | 'street' | 'boulevard' | 'bridge';
export type VehicleKind = (typeof DEPOTS)[number]['serves'];

/** Speed limits, metres per second: 50, 30, 60 and 50 km/h. */
export const SPEED_LIMIT_MPS: Readonly<Record<StreetKind, number>> = {
  avenue: 50 / 3.6,
  street: 30 / 3.6,
  boulevard: 60 / 3.6,
  bridge: 50 / 3.6,
};

/** Which way a street runs in the plan; traffic lights give green to one of them at a time. */
export type Heading = 'row' | 'column' | 'diagonal';

/** Traffic lights of a crossing: each heading in `turns` has green for `greenSeconds`, then all have red for a moment. */
export interface Lights {
  turns: readonly Heading[];
  greenSeconds: number;
  clearSeconds: number;
  offsetSeconds: number;
}

export interface Crossing extends Point {
  lights: Lights | null;
}

/** A street from one crossing to the next, in one direction of travel. */
export interface Edge {
  index: number;
  from: Crossing;
  to: Crossing;
  lengthMetres: number;
  kind: StreetKind;
  name: string;
  heading: Heading;
  /** The same street the other way; null in a one-way street. */
  reverse: Edge | null;
  /** The edges that a vehicle can take next. Turning back is not among them. */
  next: Edge[];
}

export interface Depot {
  name: string;
  serves: VehicleKind;
  /** The edge with the depot. Vehicles stand half-way along it. */
  edge: Edge;
}

/** The street network: from every edge every other can be reached without turning back on the spot. */
export interface City {
  edges: readonly Edge[];
  depots: readonly Depot[];
}

/** Builds the streets of the plan. Every call returns the same network. */
export function buildCity(): City {
  const crossings = new Map<string, Crossing>();
  for (let column = 0; column < COLUMNS; column++)
    for (let row = 0; row < ROWS; row++)
      if (isBuilt(column, row)) crossings.set(`${column},${row}`, { ...ground(column, row), lights: null });

  const edges: Edge[] = [];
  const lay = (from: string, to: string, street: Pick<Edge, 'kind' | 'name' | 'heading'>, oneWay: number) => {
    const [a, b] = [crossings.get(from), crossings.get(to)];
    if (!a || !b) return;
    const there = oneWay >= 0 ? edge(a, b, street) : null;
    const back = oneWay <= 0 ? edge(b, a, street) : null;
    if (there && back) [there.reverse, back.reverse] = [back, there];
    for (const one of [there, back]) if (one) edges.push(one);
  };
  const names = streetNames();
  for (let column = 0; column < COLUMNS; column++) {
    const grand = AVENUE_COLUMNS.includes(column);
    const name = grand ? names.avenue() : names.street();
    for (let row = 0; row + 1 < ROWS; row++) {
      const overWater = row === SOUTH_QUAY;
      if (overWater && !BRIDGE_COLUMNS.includes(column)) continue;
      const kind = overWater ? 'bridge' : grand ? 'avenue' : 'street';
      const named = overWater ? name.replace('Avenue', 'Bridge') : name;
      lay(
        `${column},${row}`,
        `${column},${row + 1}`,
        { kind, name: named, heading: 'column' },
        oneWay(column, kind),
      );
    }
  }
  for (let row = 0; row < ROWS; row++) {
    const kind = AVENUE_ROWS.includes(row) ? 'avenue' : 'street';
    const name = kind === 'avenue' ? names.avenue() : names.street();
    for (let column = 0; column + 1 < COLUMNS; column++)
      lay(`${column},${row}`, `${column + 1},${row}`, { kind, name, heading: 'row' }, oneWay(row, kind));
  }
  for (let column = BOULEVARD_COLUMNS.from; column < BOULEVARD_COLUMNS.to; column++) {
    const row = BOULEVARD_SUM - column;
    const street =
      row === NORTH_QUAY
        ? { kind: 'bridge' as const, name: 'Long Bridge' }
        : { kind: 'boulevard' as const, name: 'Ocean Boulevard' };
    lay(`${column},${row}`, `${column + 1},${row - 1}`, { ...street, heading: 'diagonal' }, 0);
  }
  const connected = connect(edges);
  placeLights(connected);
  return {
    edges: connected,
    depots: DEPOTS.map((depot) => ({ ...depot, edge: nearestEdge(connected, depot.column, depot.row) })),
  };
}

/** The edge whose middle is nearest to a place of the plan. Prefers a small street, and never returns a bridge. */
export function nearestEdge(edges: readonly Edge[], column: number, row: number): Edge {
  const place = ground(column, row);
  const off = (one: Edge) =>
    Math.hypot((one.from.x + one.to.x) / 2 - place.x, (one.from.y + one.to.y) / 2 - place.y) +
    (one.kind === 'bridge' ? 1e6 : 0);
  return edges.reduce((best, one) => (off(one) < off(best) ? one : best));
}

function edge(from: Crossing, to: Crossing, street: Pick<Edge, 'kind' | 'name' | 'heading'>): Edge {
  const lengthMetres = Math.hypot(to.x - from.x, to.y - from.y);
  return { index: -1, from, to, lengthMetres, ...street, reverse: null, next: [] };
}

// Every other small street is one-way, in turn up (1) and down (-1).
function oneWay(line: number, kind: StreetKind): number {
  return kind !== 'street' || line % 2 === 1 ? 0 : line % 4 === 0 ? 1 : -1;
}

// Keeps the edges that can be reached from the middle of the boulevard, and from which it can be reached, without turning back.
function connect(all: Edge[]): Edge[] {
  const leaving = groupByFrom(all);
  for (const one of all) one.next = (leaving.get(one.to) ?? []).filter((other) => other !== one.reverse);
  const before = new Map<Edge, Edge[]>(all.map((one) => [one, []]));
  for (const one of all) for (const next of one.next) before.get(next)?.push(one);
  const root = all.find((one) => one.kind === 'boulevard') as Edge;
  const ahead = reach(root, (one) => one.next);
  const behind = reach(root, (one) => before.get(one) ?? []);
  const kept = all.filter((one) => ahead.has(one) && behind.has(one));
  kept.forEach((one, index) => {
    one.index = index;
    one.next = one.next.filter((next) => ahead.has(next) && behind.has(next));
    if (one.reverse && !(ahead.has(one.reverse) && behind.has(one.reverse))) one.reverse = null;
  });
  return kept;
}

function groupByFrom(edges: Edge[]): Map<Crossing, Edge[]> {
  const groups = new Map<Crossing, Edge[]>();
  for (const one of edges) groups.set(one.from, [...(groups.get(one.from) ?? []), one]);
  return groups;
}

function reach(root: Edge, neighbours: (edge: Edge) => Edge[]): Set<Edge> {
  const seen = new Set([root]);
  for (const one of seen) for (const other of neighbours(one)) seen.add(other); // a Set's loop sees what is added to it
  return seen;
}

// Lights stand where two large streets cross.
function placeLights(edges: readonly Edge[]): void {
  const headings = new Map<Crossing, Set<Heading>>();
  for (const one of edges)
    if (one.kind !== 'street') headings.set(one.to, (headings.get(one.to) ?? new Set()).add(one.heading));
  for (const [crossing, set] of headings) {
    if (set.size < 2) continue;
    const turns: Heading[] = set.has('diagonal') ? ['row', 'column', 'diagonal'] : ['row', 'column'];
    // Cycles start later farther inland, at about the pace of traffic, so that vehicles meet green lights in a row.
    const offsetSeconds = Math.round(Math.hypot(crossing.x + 3000, crossing.y) / 11);
    crossing.lights = { turns, greenSeconds: turns.length === 3 ? 22 : 28, clearSeconds: 4, offsetSeconds };
  }
}
