import type { City, Edge, VehicleKind } from '../city/city.ts';
import { nearestEdge } from '../city/city.ts';
import type { Random } from '../support/random.ts';
import type { Router } from '../city/route.ts';

export type StopReason = 'delivery' | 'bus_stop' | 'terminus' | 'depot' | 'traffic_light';

/** One leg of a day: the edges to drive, from half-way the first to half-way the last, and the stop at its end. */
export interface Leg {
  edges: readonly Edge[];
  reason: StopReason;
  standSeconds: number;
}

// Turning points of the bus lines, in blocks (column, row) of the plan; each line is a loop that begins at its terminus.
// prettier-ignore
const BUS_LINES: readonly (readonly (readonly [number, number])[])[] = [
  [[17, 24.5], [5, 23], [15.5, 12.5], [25.5, 2.2], [29, 7], [22, 10], [17, 15]],
  [[4, 13], [17, 13], [31, 13], [32, 10], [20, 12], [7, 10], [3, 8]],
  [[17, 24.5], [22, 23], [22, 13.5], [21, 3], [9, 2], [7, 10], [7, 15], [10, 23]],
];
const BUS_STOP_SPACING_M = 420;

/** Endless legs of a van: from a depot from door to door, and back to load. Doors are mostly 1 to 2 km apart. */
export function* deliveries(city: City, router: Router, random: Random, kind: VehicleKind): Generator<Leg> {
  const depot = (city.depots.find((one) => one.serves === kind) ?? city.depots[0])!.edge;
  const farMetres = kind === 'truck' ? 2300 : 1200;
  let at = depot;
  for (let left = random.whole(3, 8); ; left--) {
    const home = left === 0 && at !== depot && at !== depot.reverse;
    const edges = router.route(at, home ? depot : door(city, random, at, farMetres));
    at = edges.at(-1) as Edge;
    if (home) {
      left = random.whole(5, 9);
      yield { edges, reason: 'depot', standSeconds: random.between(90, 180) };
    } else yield { edges, reason: 'delivery', standSeconds: random.between(30, 180) };
  }
}

/** Endless legs of a bus round its line, from a random stop. It stands 30 to 50 s at each stop, longer at the terminus. */
export function* busLine(line: BusLine, random: Random): Generator<Leg> {
  const { loop, stops } = line;
  for (let stop = random.whole(0, stops.length); ; stop = (stop + 1) % stops.length) {
    const from = stops[stop] as number;
    const next = (stop + 1) % stops.length;
    const to = stops[next] as number;
    const edges = from < to ? loop.slice(from, to + 1) : [...loop.slice(from), ...loop.slice(0, to + 1)];
    if (next === 0) yield { edges, reason: 'terminus', standSeconds: random.between(90, 180) };
    else yield { edges, reason: 'bus_stop', standSeconds: random.between(30, 50) };
  }
}

/** A closed route, and the positions in it of the edges that have a bus stop half-way. */
export interface BusLine {
  loop: readonly Edge[];
  stops: readonly number[];
}

/** The city's bus lines. */
export function busLines(city: City, router: Router): BusLine[] {
  return BUS_LINES.map((turningPoints) => {
    const anchors = turningPoints.map(([column, row]) => nearestEdge(city.edges, column, row));
    const first = anchors[0] as Edge;
    let at = first;
    const loop: Edge[] = [];
    for (const anchor of anchors.slice(1)) {
      const edges = router.route(at, anchor);
      loop.push(...edges.slice(0, -1));
      at = edges.at(-1) as Edge;
    }
    loop.push(...router.route(at, first, true).slice(0, -1)); // the loop closes where it began
    return { loop, stops: busStops(loop) };
  });
}

function busStops(loop: readonly Edge[]): number[] {
  const stops = [0];
  let since = (loop[0] as Edge).lengthMetres / 2;
  for (let at = 1; at < loop.length - 1; at++) {
    const edge = loop[at] as Edge;
    if (since + edge.lengthMetres / 2 >= BUS_STOP_SPACING_M && edge.kind !== 'bridge') {
      stops.push(at);
      since = edge.lengthMetres / 2;
    } else since += edge.lengthMetres;
  }
  return stops;
}

function door(city: City, random: Random, from: Edge, farMetres: number): Edge {
  const wanted = farMetres * random.between(0.4, 1.6);
  let best: Edge | null = null;
  let off = Infinity;
  for (let tried = 0; tried < 6 || !best; tried++) {
    const edge = random.pick(city.edges);
    if (edge.kind === 'bridge' || edge === from || edge === from.reverse) continue;
    const metres = Math.hypot(edge.from.x - from.from.x, edge.from.y - from.from.y);
    if (Math.abs(metres - wanted) < off) [best, off] = [edge, Math.abs(metres - wanted)];
  }
  return best;
}
