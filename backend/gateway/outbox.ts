import type { Event } from '../../core/event.ts';
import type { Batch, Gap } from '../../schemas/types.ts';

type Hole = Omit<Gap, 'channel'>;

/** What a client is sent, in order. */
export type Item = { batch: Omit<Batch, 'channel'> } | { gap: Hole };

/** Where a run of events lies: of one epoch, `from` to `to`, and how many just before it could not be had. */
export interface Span {
  epoch: number;
  from: number;
  to: number;
  lost: number;
}

/** Subjects that a conflated client is owed; beyond, the longest unchanged leave and are counted as dropped. */
const SUBJECTS_MAX = 20_000;

interface Segment {
  epoch: number;
  from: number;
  to: number;
  /** In order; empty once `latest` is set. */
  events: Event[];
  /** Subject -> its latest event; the longest unchanged first. */
  latest: Map<string, Event> | null;
  conflated: number;
  dropped: number;
}

/**
 * What one client is still owed of a channel. Holds every event up to `max`, then the latest of each subject. Keeps
 * account: of the offsets `from` to `to` that pass the client's filter, each is in `events`, `conflated` or `dropped`.
 */
export class Outbox {
  readonly #max: number;
  #items: (Segment | Hole)[] = [];
  #size = 0;
  #conflating = false;

  /** `max`: events held before they are conflated; 0: always the latest of each subject. */
  constructor(max: number) {
    this.#max = max;
  }

  get empty(): boolean {
    return this.#items.length === 0;
  }

  /** Events held. */
  get size(): number {
    return this.#size;
  }

  /** Whether there is something to tell besides events: a loss, or an epoch other than this one. */
  tells(epoch: number): boolean {
    return this.#items.some((item) => item.epoch !== epoch || !isSegment(item) || item.dropped > 0);
  }

  /** Adds the events of a span that pass the client's filter. */
  add(span: Span, events: Event[]): void {
    if (span.lost > 0) this.#lose(span.epoch, span.from - span.lost, span.from - 1);
    const segment = this.#segment(span.epoch, span.from);
    segment.to = span.to;
    for (const event of events) this.#put(segment, event);
    if (this.#size > this.#max && !this.#conflating) this.conflate();
  }

  /** Keeps only the latest of each subject. What is of an epoch before is void. */
  conflate(): void {
    this.#conflating = true;
    const items = this.#items;
    const epoch = items.at(-1)?.epoch;
    this.#items = [];
    for (const item of items) {
      if (item.epoch !== epoch) continue;
      if (!isSegment(item)) this.#lose(epoch, item.from, item.to);
      else {
        const segment = this.#segment(epoch, item.from);
        segment.to = item.to;
        segment.conflated += item.conflated;
        segment.dropped += item.dropped;
        for (const event of item.latest?.values() ?? item.events) this.#put(segment, event);
      }
    }
    this.#count();
  }

  /** All that is owed, in order. */
  take(): Item[] {
    const items = this.#items;
    this.#items = [];
    this.#size = 0;
    this.#conflating = false;
    return items.map((item) => {
      if (!isSegment(item)) return { gap: item };
      const { latest, ...batch } = item;
      if (latest) batch.events = [...latest.values()].sort((a, b) => a.offset - b.offset);
      return { batch };
    });
  }

  #lose(epoch: number, from: number, to: number): void {
    if (this.#conflating) {
      const segment = this.#segment(epoch, from);
      segment.to = to;
      segment.dropped += to - from + 1;
    } else this.#items.push({ epoch, from, to, reason: 'The log no longer has them.' });
  }

  #segment(epoch: number, from: number): Segment {
    const last = this.#items.at(-1);
    if (last && isSegment(last) && last.epoch === epoch) return last;
    if (last && last.epoch !== epoch && this.#conflating) {
      this.#items = [];
      this.#size = 0;
    }
    const latest = this.#conflating ? new Map<string, Event>() : null;
    const segment: Segment = { epoch, from, to: from - 1, events: [], latest, conflated: 0, dropped: 0 };
    this.#items.push(segment);
    return segment;
  }

  #put(segment: Segment, event: Event): void {
    const { latest } = segment;
    this.#size++;
    if (!latest) {
      segment.events.push(event);
      return;
    }
    if (latest.delete(event.subject)) {
      segment.conflated++;
      this.#size--;
    }
    latest.set(event.subject, event);
    if (latest.size <= SUBJECTS_MAX) return;
    const [longest] = latest.keys();
    latest.delete(longest!);
    segment.dropped++;
    this.#size--;
  }

  #count(): void {
    this.#size = 0;
    for (const item of this.#items)
      if (isSegment(item)) this.#size += item.latest?.size ?? item.events.length;
  }
}

function isSegment(item: Segment | Hole): item is Segment {
  return 'events' in item;
}
