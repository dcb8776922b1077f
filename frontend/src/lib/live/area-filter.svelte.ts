import type { CloudEvent, Subscribe } from '../../../../schemas/types.ts';
import type { LonLat } from '../map/geo.ts';
import type { Box } from '../map/bounds.ts';

/** What is asked of a channel, besides all of it. */
export type ChannelFilter = Pick<Subscribe, 'bbox' | 'subjects'>;

/** A part of the map, as a person drew it. */
export type Area = { kind: 'box'; box: Box } | { kind: 'lasso'; ring: readonly LonLat[] };

/** The gateway takes no more names. */
const MOST_SUBJECTS = 1000;

/**
 * What of the moving subjects is played to this page: what is in a box, or the subjects that a lasso was put around. Reactive;
 * the connection asks for the rest no more.
 */
export class AreaFilter {
  area = $state.raw<Area>();
  #caught: ReadonlyMap<string, readonly string[]> = new Map();

  /** The subjects in the lasso, by root channel. */
  get caught(): ReadonlyMap<string, readonly string[]> {
    return this.#caught;
  }

  /** How many subjects the lasso has caught. */
  get count(): number {
    return [...this.#caught.values()].reduce((sum, names) => sum + names.length, 0);
  }

  /** Only what is in a box. */
  box(box: Box): void {
    this.#caught = new Map();
    this.area = { kind: 'box', box };
  }

  /** Only the subjects that stand within a ring now. Where it has caught none, nothing changes. */
  lasso(ring: readonly LonLat[], standing: Iterable<{ root: string; name: string; at: LonLat }>): boolean {
    const caught = new Map<string, string[]>();
    for (const { root, name, at } of standing) {
      if (!contains(ring, at)) continue;
      const names = caught.get(root) ?? [];
      if (names.length < MOST_SUBJECTS) names.push(name);
      caught.set(root, names);
    }
    if (caught.size === 0) return false;
    this.only(caught, ring);
    return true;
  }

  /** Only these subjects, by root channel. */
  only(caught: ReadonlyMap<string, readonly string[]>, ring: readonly LonLat[] = []): void {
    this.#caught = caught;
    this.area = { kind: 'lasso', ring };
  }

  clear(): void {
    this.#caught = new Map();
    this.area = undefined;
  }

  /** What to ask of a channel: `moves` tells whether its root channel has subjects on the map, `placed` whether itself has places. */
  channelFilter(root: string, { moves, placed }: { moves: boolean; placed: boolean }): ChannelFilter {
    const { area } = this;
    if (area?.kind === 'box') return placed ? { bbox: [...area.box] } : {};
    return area && moves ? { subjects: [...(this.#caught.get(root) ?? [])] } : {};
  }
}

/** Whether a place lies within a ring: a line from it crosses the ring an odd number of times. */
function contains(ring: readonly LonLat[], [x, y]: LonLat): boolean {
  let inside = false;
  ring.forEach(([x1, y1], i) => {
    const [x2, y2] = ring[(i + 1) % ring.length] as LonLat;
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  });
  return inside;
}

/** Whether an event is what was asked for, as the gateway decides it. */
export function passes({ bbox, subjects }: ChannelFilter, { subject, data }: CloudEvent): boolean {
  if (subjects && !subjects.includes(subject)) return false;
  if (!bbox) return true;
  const { longitude, latitude } = data;
  if (typeof longitude !== 'number' || typeof latitude !== 'number') return false;
  const [west = -180, south = -90, east = 180, north = 90] = bbox;
  const across =
    west <= east ? longitude >= west && longitude <= east : longitude >= west || longitude <= east;
  return across && latitude >= south && latitude <= north;
}
