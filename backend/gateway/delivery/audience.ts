import { inBox, type Box } from './bounding-box.ts';
import { cursorKey, nextPortion, type Choice, type Cursor, type Portion } from './batch.ts';
import type { Entry, Stretch } from '../log/log-slice.ts';
import type { Subscription } from './subscription.ts';

/** What a client wants of a channel. */
export interface Wish {
  mode: 'stream' | 'latest';
  subjects?: readonly string[] | undefined;
  box?: Box | undefined;
  /** Sent to at most so often a second. */
  maxHz?: number | undefined;
}

/** All clients that want the same of a channel: what one gets is chosen and written once for all that are as far. */
export class Group implements Choice {
  readonly channel: string;
  readonly mode: 'stream' | 'latest';
  readonly members = new Set<Subscription>();
  /** A member is sent to at most so often. */
  readonly intervalMs: number;
  readonly #subjects: ReadonlySet<string> | null;
  readonly #box: Box | undefined;
  #selected = new WeakMap<Stretch, Entry[]>();
  /** Of this tick: by the cursor itself, which most members share, and by what it says. */
  readonly #portions = new Map<Cursor | string, Portion>();

  constructor(channel: string, wish: Wish) {
    this.channel = channel;
    this.mode = wish.mode;
    this.#subjects = wish.subjects ? new Set(wish.subjects) : null;
    this.#box = wish.box;
    this.intervalMs = wish.maxHz ? 1_000 / wish.maxHz : 0;
  }

  /** Equal for wishes that mean the same. */
  static key({ mode, subjects, box, maxHz }: Wish): string {
    return JSON.stringify([mode, subjects && [...new Set(subjects)].sort(), box, maxHz]);
  }

  passes(entry: Entry): boolean {
    return (!this.#subjects || this.#subjects.has(entry.subject)) && (!this.#box || inBox(this.#box, entry));
  }

  select(stretch: Stretch): Entry[] {
    if (!this.#subjects && !this.#box) return stretch.entries;
    let selected = this.#selected.get(stretch);
    if (!selected) {
      selected = stretch.entries.filter((entry) => this.passes(entry));
      this.#selected.set(stretch, selected);
    }
    return selected;
  }

  /** What a member at this cursor is sent next; made once until `forget`, unless it has room for less. */
  portion(stretches: () => Stretch[], cursor: Cursor, eventsMax: number, nowMs: number): Portion {
    let portion = this.#portions.get(cursor);
    if (!portion) {
      const key = cursorKey(cursor);
      portion = this.#portions.get(key) ?? nextPortion(this, stretches(), cursor, Infinity, nowMs);
      this.#portions.set(cursor, portion).set(key, portion);
    }
    return portion.counts.delivered <= eventsMax || this.mode === 'latest'
      ? portion
      : nextPortion(this, stretches(), cursor, eventsMax, nowMs);
  }

  /** What was made is of no more use. */
  forget(): void {
    this.#portions.clear();
  }
}
