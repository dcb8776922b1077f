import { inBox, type BoundingBox } from './bounding-box.ts';
import { cursorKey, nextDelivery, type Cursor, type Delivery, type DeliveryFilter } from './delivery.ts';
import type { LogEntry, LogSlice } from '../log/log-slice.ts';

/** What a client wants from a channel. */
export interface SubscriptionOptions {
  /** `stream`: every event. `latest`: of the events that wait, the latest of each subject. */
  mode: 'stream' | 'latest';
  subjects?: readonly string[] | undefined;
  box?: BoundingBox | undefined;
  /** Maximum number of deliveries per second. */
  maxHz?: number | undefined;
}

/**
 * All clients that want the same from a channel. A delivery is chosen and serialized once for all members at the same
 * position.
 */
export class Audience<Member> implements DeliveryFilter {
  readonly channel: string;
  readonly mode: 'stream' | 'latest';
  readonly members = new Set<Member>();
  /** Minimum time between two deliveries to one member. */
  readonly intervalMs: number;
  readonly #subjects: ReadonlySet<string> | null;
  readonly #box: BoundingBox | undefined;
  #selected = new WeakMap<LogSlice, LogEntry[]>();
  /** Deliveries of this tick, by the cursor object that most members share, and by the cursor's value. */
  readonly #deliveries = new Map<Cursor | string, Delivery>();

  constructor(channel: string, options: SubscriptionOptions) {
    this.channel = channel;
    this.mode = options.mode;
    this.#subjects = options.subjects ? new Set(options.subjects) : null;
    this.#box = options.box;
    this.intervalMs = options.maxHz ? 1_000 / options.maxHz : 0;
  }

  /** Equal for options that mean the same. */
  static key({ mode, subjects, box, maxHz }: SubscriptionOptions): string {
    return JSON.stringify([mode, subjects && [...new Set(subjects)].sort(), box, maxHz]);
  }

  passes(entry: LogEntry): boolean {
    return (!this.#subjects || this.#subjects.has(entry.subject)) && (!this.#box || inBox(this.#box, entry));
  }

  select(slice: LogSlice): LogEntry[] {
    if (!this.#subjects && !this.#box) return slice.entries;
    let selected = this.#selected.get(slice);
    if (!selected) {
      selected = slice.entries.filter((entry) => this.passes(entry));
      this.#selected.set(slice, selected);
    }
    return selected;
  }

  /**
   * The next delivery for a member at this cursor. It is built once per tick and shared, unless the member has room for
   * fewer events.
   */
  delivery(slices: () => LogSlice[], cursor: Cursor, eventsMax: number, nowMs: number): Delivery {
    let delivery = this.#deliveries.get(cursor);
    if (!delivery) {
      const key = cursorKey(cursor);
      delivery = this.#deliveries.get(key) ?? nextDelivery(this, slices(), cursor, Infinity, nowMs);
      this.#deliveries.set(cursor, delivery).set(key, delivery);
    }
    return delivery.counts.delivered <= eventsMax || this.mode === 'latest'
      ? delivery
      : nextDelivery(this, slices(), cursor, eventsMax, nowMs);
  }

  /** Ends the tick: deliveries built in it are not shared any longer. */
  forget(): void {
    this.#deliveries.clear();
  }
}
