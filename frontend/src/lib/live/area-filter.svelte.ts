import type { CloudEvent, Subscribe } from '../../../../schemas/types.ts';
import { contains, type Box, type LonLat } from './geometry.ts';

/** The part of a channel that the page subscribes to; empty: all of it. */
export type ChannelFilter = Pick<Subscribe, 'bbox' | 'subjects'>;

/** A part of the map that the person drew. */
export type Area = { kind: 'box'; box: Box } | { kind: 'lasso'; ring: readonly LonLat[] };

/** The most names that the gateway accepts. */
const MOST_SUBJECTS = 1000;

/** What a filter lets through. */
interface Kept {
  area: Area;
  caught: ReadonlyMap<string, readonly string[]>;
}

/**
 * Limits what this page receives of moving subjects: to a box, or to the subjects that were inside a lasso when it was drawn.
 * A filter belongs to the recordings that it was drawn on: others are shown without it, and it is there again when they are
 * shown again. Reactive; the connection subscribes anew when it changes.
 */
export class AreaFilter {
  area = $state.raw<Area>();
  #caught: ReadonlyMap<string, readonly string[]> = new Map();
  #recordings = '';
  readonly #kept = new Map<string, Kept>();

  /** Goes on with the filter of these recordings; without one, nothing is limited. The first call keeps the filter of a link. */
  show(recordings: string): void {
    if (recordings === this.#recordings) return;
    if (this.area && this.#recordings !== '')
      this.#kept.set(this.#recordings, { area: this.area, caught: this.#caught });
    const isFirst = this.#recordings === '';
    this.#recordings = recordings;
    const kept = this.#kept.get(recordings);
    if (isFirst && !kept) return;
    this.#kept.delete(recordings);
    this.#caught = kept?.caught ?? new Map();
    this.area = kept?.area;
  }

  /** The subjects in the lasso, by root channel. */
  get caught(): ReadonlyMap<string, readonly string[]> {
    return this.#caught;
  }

  /** The number of subjects in the lasso. */
  get count(): number {
    return [...this.#caught.values()].reduce((sum, names) => sum + names.length, 0);
  }

  box(box: Box): void {
    this.#caught = new Map();
    this.area = { kind: 'box', box };
  }

  /** Limits to the subjects that are inside a ring now. Returns false, and changes nothing, when there are none. */
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

  /** Limits to these subjects, by root channel. */
  only(caught: ReadonlyMap<string, readonly string[]>, ring: readonly LonLat[] = []): void {
    this.#caught = caught;
    this.area = { kind: 'lasso', ring };
  }

  clear(): void {
    this.#caught = new Map();
    this.area = undefined;
  }

  /** The filter for a channel. `moves`: its root channel has subjects on the map; `placed`: its own events have places. */
  filterOf(root: string, { moves, placed }: { moves: boolean; placed: boolean }): ChannelFilter {
    const { area } = this;
    if (area?.kind === 'box') return placed ? { bbox: [...area.box] } : {};
    return area && moves ? { subjects: [...(this.#caught.get(root) ?? [])] } : {};
  }
}

/** Whether an event passes a filter, by the same rule as the gateway. */
export function passes({ bbox, subjects }: ChannelFilter, { subject, data }: CloudEvent): boolean {
  if (subjects && !subjects.includes(subject)) return false;
  if (!bbox) return true;
  const { longitude, latitude } = data;
  if (typeof longitude !== 'number' || typeof latitude !== 'number') return false;
  const [west = -180, south = -90, east = 180, north = 90] = bbox;
  const isBetween =
    west <= east ? longitude >= west && longitude <= east : longitude >= west || longitude <= east;
  return isBetween && latitude >= south && latitude <= north;
}
