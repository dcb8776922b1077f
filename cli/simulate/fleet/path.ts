import { SPEED_LIMIT_MPS, type Edge, type Heading, type Lights } from '../city/city.ts';
import type { Point } from '../support/plane.ts';
import { turnRadians } from '../city/route.ts';

/** A straight piece of a vehicle's path, with one speed limit. */
export interface Piece extends Point {
  /** Direction of travel, unit length. */
  dx: number;
  dy: number;
  lengthMetres: number;
  limitMps: number;
  /** The lights at the end of the piece, where the stop line is. */
  lights: Lights | null;
  heading: Heading;
}

/** Traffic keeps to the right: metres from the middle of the street. */
const LANE_OFFSET_M = 3;
// Corners are rounded from this far before the crossing; the stop line is there too.
const CORNER_M = 13;
const CORNER_STEPS = 5;
const SHARP_RADIANS = 0.3;
// The sideways acceleration that passengers and loads bear, metres per second squared.
const SIDEWAYS_MPS2 = 1.7;

/**
 * The path along edges from half-way the first to half-way the last, which must be different: the right-hand lane, with
 * rounded corners, each as fast as its radius allows (v^2 = a r).
 */
export function path(edges: readonly Edge[]): Piece[] {
  const corners = edges.slice(1).map((edge, i) => corner(edges[i] as Edge, edge));
  const points = [middle(edges[0] as Edge), ...corners, middle(edges.at(-1) as Edge)];
  const pieces: Piece[] = [];
  let from = points[0] as Point;
  edges.forEach((edge, i) => {
    const to = points[i + 1] as Point;
    const next = edges[i + 1];
    const after = points[i + 2];
    const limit = SPEED_LIMIT_MPS[edge.kind];
    if (!next || !after) return addPiece(pieces, from, to, limit, edge, null);
    const turn = Math.abs(turnRadians(edge, next));
    const lights = edge.to.lights;
    if (turn < SHARP_RADIANS && !lights) {
      addPiece(pieces, from, to, limit, edge, null);
      from = to;
      return;
    }
    const cut = Math.min(CORNER_M, 0.45 * apart(points[i] as Point, to), 0.45 * apart(to, after));
    const start = towards(to, points[i] as Point, cut);
    const end = towards(to, after, cut);
    addPiece(pieces, from, start, limit, edge, lights);
    const cornerLimit = Math.min(
      limit,
      SPEED_LIMIT_MPS[next.kind],
      turn < SHARP_RADIANS ? Infinity : Math.sqrt((SIDEWAYS_MPS2 * cut) / Math.tan(turn / 2)),
    );
    from = start;
    for (let step = 1; step <= CORNER_STEPS; step++) {
      const point = curve(start, to, end, step / CORNER_STEPS);
      addPiece(pieces, from, point, cornerLimit, next, null);
      from = point;
    }
  });
  return pieces;
}

function addPiece(
  pieces: Piece[],
  from: Point,
  to: Point,
  limitMps: number,
  edge: Edge,
  lights: Lights | null,
): void {
  const lengthMetres = apart(from, to);
  const [dx, dy] = [(to.x - from.x) / lengthMetres, (to.y - from.y) / lengthMetres];
  pieces.push({ x: from.x, y: from.y, dx, dy, lengthMetres, limitMps, lights, heading: edge.heading });
}

function middle(edge: Edge): Point {
  const right = rightOf(edge);
  return { x: (edge.from.x + edge.to.x) / 2 + right.x, y: (edge.from.y + edge.to.y) / 2 + right.y };
}

// Where the right-hand lanes of two edges meet.
function corner(edge: Edge, next: Edge): Point {
  const [a, b] = [rightOf(edge), rightOf(next)];
  const scale = 1 / (1 + (a.x * b.x + a.y * b.y) / LANE_OFFSET_M ** 2);
  return { x: edge.to.x + (a.x + b.x) * scale, y: edge.to.y + (a.y + b.y) * scale };
}

function rightOf(edge: Edge): Point {
  const scale = LANE_OFFSET_M / edge.lengthMetres;
  return { x: (edge.to.y - edge.from.y) * scale, y: (edge.from.x - edge.to.x) * scale };
}

function apart(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function towards(from: Point, to: Point, metres: number): Point {
  const part = metres / apart(from, to);
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}

// A quadratic Bezier curve: it leaves and arrives along the lanes.
function curve(start: Point, control: Point, end: Point, part: number): Point {
  const [a, b, c] = [(1 - part) ** 2, 2 * part * (1 - part), part ** 2];
  return { x: a * start.x + b * control.x + c * end.x, y: a * start.y + b * control.y + c * end.y };
}
