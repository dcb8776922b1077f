import { invariant } from '../../../core/problems/errors.ts';
import { CITY_NAME } from './city-plan.ts';
import { SPEED_LIMIT_MPS, type City, type Edge } from './city.ts';

const FASTEST_MPS = Math.max(...Object.values(SPEED_LIMIT_MPS));
const LIGHTS_SECONDS = 9;

/**
 * Fastest routes (A*, Hart, Nilsson and Raphael 1968) over edges rather than crossings, so that turns cost time and
 * nobody turns back on the spot. It reuses its memory from one search to the next.
 */
export class Router {
  readonly #edges: readonly Edge[];
  /** Seconds from an edge's end to the end of each that follows, in the order of `next`. */
  readonly #steps: readonly Float64Array[];
  readonly #costs: Float64Array;
  readonly #came: Int32Array;
  readonly #search: Int32Array;
  readonly #heap = new Heap();
  #searches = 0;

  constructor(city: City) {
    this.#edges = city.edges;
    this.#steps = city.edges.map((edge) => Float64Array.from(edge.next, (next) => seconds(edge, next)));
    this.#costs = new Float64Array(city.edges.length);
    this.#came = new Int32Array(city.edges.length);
    this.#search = new Int32Array(city.edges.length);
  }

  /**
   * The edges from `start` to `goal`, both included. Unless `exact`, it may end on the other side of a two-way street.
   * Goal and start are different edges.
   */
  route(start: Edge, goal: Edge, exact = false): Edge[] {
    this.#searches++;
    this.#heap.clear();
    const middle = { x: (goal.from.x + goal.to.x) / 2, y: (goal.from.y + goal.to.y) / 2 };
    const atLeast = (edge: Edge) =>
      Math.max(0, Math.hypot(edge.to.x - middle.x, edge.to.y - middle.y) - goal.lengthMetres / 2) /
      FASTEST_MPS;
    this.#relax(start, 0, -1, atLeast(start));
    for (let popped = this.#heap.pop(); popped !== -1; popped = this.#heap.pop()) {
      const edge = this.#edges[popped] as Edge;
      if (edge !== start && (edge === goal || (!exact && edge === goal.reverse))) return this.#trace(edge);
      const cost = this.#costs[popped] as number;
      const steps = this.#steps[popped] as Float64Array;
      edge.next.forEach((next, i) => this.#relax(next, cost + (steps[i] as number), popped, atLeast(next)));
    }
    throw invariant(`No route from ${start.name} to ${goal.name} in ${CITY_NAME}: its plan is not connected`);
  }

  #relax(edge: Edge, cost: number, from: number, rest: number): void {
    if (this.#search[edge.index] === this.#searches && (this.#costs[edge.index] as number) <= cost) return;
    this.#search[edge.index] = this.#searches;
    this.#costs[edge.index] = cost;
    this.#came[edge.index] = from;
    this.#heap.push(edge.index, cost + rest);
  }

  #trace(last: Edge): Edge[] {
    const edges: Edge[] = [];
    for (let at = last.index; at !== -1; at = this.#came[at] as number) edges.push(this.#edges[at] as Edge);
    return edges.reverse();
  }
}

/** How far to the left an edge turns into the next, radians; negative to the right. */
export function turnRadians(edge: Edge, next: Edge): number {
  const [ax, ay] = [edge.to.x - edge.from.x, edge.to.y - edge.from.y];
  const [bx, by] = [next.to.x - next.from.x, next.to.y - next.from.y];
  return Math.atan2(ax * by - ay * bx, ax * bx + ay * by);
}

function seconds(edge: Edge, next: Edge): number {
  const turn = turnRadians(edge, next);
  const turning = turn > 0.6 ? 9 : turn < -0.6 ? 6 : 0;
  return next.lengthMetres / SPEED_LIMIT_MPS[next.kind] + turning + (edge.to.lights ? LIGHTS_SECONDS : 0);
}

// A binary heap of whole numbers by priority, smallest first. It may hold outdated entries: the search above skips them.
class Heap {
  readonly #items: number[] = [];
  readonly #priorities: number[] = [];

  clear(): void {
    this.#items.length = this.#priorities.length = 0;
  }

  push(item: number, priority: number): void {
    let at = this.#items.length;
    for (
      let up = (at - 1) >> 1;
      at > 0 && (this.#priorities[up] as number) > priority;
      at = up, up = (at - 1) >> 1
    )
      this.#put(at, this.#items[up] as number, this.#priorities[up] as number);
    this.#put(at, item, priority);
  }

  pop(): number {
    const top = this.#items[0];
    if (top === undefined) return -1;
    const item = this.#items.pop() as number;
    const priority = this.#priorities.pop() as number;
    const size = this.#items.length;
    if (size === 0) return top;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= size) break;
      if (down + 1 < size && (this.#priorities[down + 1] as number) < (this.#priorities[down] as number))
        down++;
      if ((this.#priorities[down] as number) >= priority) break;
      this.#put(at, this.#items[down] as number, this.#priorities[down] as number);
      at = down;
    }
    this.#put(at, item, priority);
    return top;
  }

  #put(at: number, item: number, priority: number): void {
    this.#items[at] = item;
    this.#priorities[at] = priority;
  }
}
