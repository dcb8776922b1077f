import type { Position } from '../../../core/wire/event.ts';
import { Packet } from './packet.ts';
import { between, type LogEntry, type LogSlice } from '../log/log-slice.ts';

/** The reason in a gap: the log was trimmed, or holds a line that is not an event. */
export const LOST = 'The log no longer has them.';
/** While no event passes the filter, the client is told its position this often, so that it can resume from there. */
const COVERED_MS = 5_000;
/** Maximum text of one delivery; bounds the memory that a client costs when it stops reading halfway. */
const DELIVERY_BYTES = 250_000;

/** A client's position. Clients that advance together share the object. */
export interface Cursor extends Position {
  /** The offset that the client was last told. Events from there to `offset` did not pass its filter. */
  told: number;
  /** When it was told. */
  toldMs: number;
}

/** Equal for cursors that mean the same position. */
export const cursorKey = ({ epoch, offset, told }: Cursor): string => `${epoch}/${offset}/${told}`;

/** Numbers of published events, by what became of them. */
export interface DeliveryCounts {
  delivered: number;
  conflated: number;
  filtered: number;
  dropped: number;
}

/** The next packets for a client, what they make of the events they cover, and the cursor after them. */
export interface Delivery {
  packets: Packet[];
  counts: DeliveryCounts;
  to: Cursor;
}

/** Decides which events go into a delivery. */
export interface DeliveryFilter {
  channel: string;
  mode: 'stream' | 'latest';
  /** The entries of a slice that pass the filter, in order. */
  select(slice: LogSlice): LogEntry[];
}

/** Builds the next delivery after a cursor, of at most `eventsMax` events: batches and gaps in order. */
export function nextDelivery(
  filter: DeliveryFilter,
  slices: LogSlice[],
  cursor: Cursor,
  eventsMax: number,
  nowMs: number,
): Delivery {
  const builder = new DeliveryBuilder(filter, cursor, eventsMax);
  for (const slice of slices) if (!builder.take(slice)) break;
  return builder.end(cursor, nowMs);
}

/** The batch under construction. */
interface OpenBatch {
  from: number;
  entries: LogEntry[];
  dropped: number;
}

class DeliveryBuilder {
  readonly #filter: DeliveryFilter;
  readonly #conflates: boolean;
  readonly #packets: Packet[] = [];
  readonly #counts: DeliveryCounts = { delivered: 0, conflated: 0, filtered: 0, dropped: 0 };
  #epoch: number;
  #offset: number;
  #told: number;
  #open: OpenBatch;
  /** The last event that was covered, whether or not it passed the filter. */
  #last: LogEntry | undefined;
  #eventsLeft: number;
  #bytesLeft = DELIVERY_BYTES;

  constructor(filter: DeliveryFilter, { epoch, offset, told }: Cursor, eventsMax: number) {
    this.#filter = filter;
    this.#conflates = filter.mode === 'latest';
    this.#epoch = epoch;
    this.#offset = offset;
    this.#told = told;
    this.#open = { from: told + 1, entries: [], dropped: 0 };
    this.#eventsLeft = this.#conflates ? Infinity : eventsMax;
  }

  /** Adds a slice; false if there was not room for all of it. */
  take(slice: LogSlice): boolean {
    if (slice.epoch > this.#epoch) this.#begin(slice.epoch);
    const rest = between(slice, { epoch: this.#epoch, offset: this.#offset });
    if (!rest) return true;
    if (rest.lost > 0) this.#lose(rest.from - rest.lost, rest.from - 1);
    const entries = this.#filter.select(rest);
    const room = this.#room(entries);
    if (room === entries.length) this.#add(rest, entries);
    else if (room > 0) {
      const until = { epoch: rest.epoch, offset: entries[room - 1]!.offset };
      this.#add(between(rest, { ...until, offset: rest.from - 1 }, until)!, entries.slice(0, room));
    }
    return room === entries.length;
  }

  end({ epoch, toldMs }: Cursor, nowMs: number): Delivery {
    const tells =
      this.#open.entries.length > 0 ||
      this.#open.dropped > 0 ||
      this.#epoch !== epoch ||
      (this.#told < this.#offset && nowMs - toldMs >= COVERED_MS);
    if (tells) this.#close();
    return {
      packets: this.#packets,
      counts: this.#counts,
      to: {
        epoch: this.#epoch,
        offset: this.#offset,
        told: this.#told,
        toldMs: this.#packets.length > 0 ? nowMs : toldMs,
      },
    };
  }

  /** How many of these entries fit; the first one of a delivery always does. */
  #room(entries: LogEntry[]): number {
    let room = 0;
    for (const { line } of entries) {
      if (this.#eventsLeft <= 0 || this.#bytesLeft <= 0) break;
      this.#eventsLeft--;
      this.#bytesLeft -= this.#conflates ? 0 : line.length;
      room++;
    }
    return room;
  }

  #add({ from, to, entries: all }: LogSlice, entries: LogEntry[]): void {
    const open = this.#open;
    const unreadable = to - from + 1 - all.length;
    for (const entry of entries) open.entries.push(entry);
    open.dropped += unreadable;
    this.#counts.dropped += unreadable;
    this.#counts.filtered += all.length - entries.length;
    this.#offset = to;
    this.#last = all.at(-1);
  }

  #lose(from: number, to: number): void {
    const count = to - from + 1;
    this.#counts.dropped += count;
    this.#offset = to;
    if (this.#conflates) {
      this.#open.dropped += count;
      return;
    }
    if (this.#open.entries.length > 0 || this.#open.dropped > 0) this.#close();
    const { channel } = this.#filter;
    this.#packets.push(new Packet({ channel, epoch: this.#epoch, from, to, reason: LOST }));
    this.#told = to;
    this.#open = { from: to + 1, entries: [], dropped: 0 };
  }

  /** Begins a new epoch. It voids what came before, so clients that want the latest events are not sent the old ones. */
  #begin(epoch: number): void {
    const { entries, dropped } = this.#open;
    if (this.#conflates) this.#counts.conflated += entries.length;
    else if (entries.length > 0 || dropped > 0) this.#close();
    this.#epoch = epoch;
    this.#offset = this.#told = 0;
    this.#last = undefined;
    this.#open = { from: 1, entries: [], dropped: 0 };
  }

  #close(): void {
    const { from, entries: all, dropped } = this.#open;
    const entries = this.#conflates ? latest(all) : all;
    const conflated = all.length - entries.length;
    this.#counts.delivered += entries.length;
    this.#counts.conflated += conflated;
    const { channel } = this.#filter;
    const [epoch, to] = [this.#epoch, this.#offset];
    const last = this.#last?.offset === to ? this.#last : undefined;
    this.#packets.push(new Packet({ channel, epoch, from, to, entries, conflated, dropped, last }));
    this.#told = to;
    this.#open = { from: to + 1, entries: [], dropped: 0 };
  }
}

/** The last entry of each subject, in order. */
function latest(entries: LogEntry[]): LogEntry[] {
  const bySubject = new Map(entries.map((entry) => [entry.subject, entry]));
  return bySubject.size === entries.length
    ? entries
    : [...bySubject.values()].sort((a, b) => a.offset - b.offset);
}
