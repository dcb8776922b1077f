import type { Position } from '../../../core/wire/event.ts';
import { Packet } from './packet.ts';
import { between, type Entry, type Stretch } from '../log/log-slice.ts';

/** Why an event is in a gap. */
export const LOST = 'The log no longer has them.';
/** Nothing passed the filter: so often the client is told how far it is all the same, to resume from there. */
const COVERED_MS = 5_000;
/** Text of one portion: what a client can cost that stops reading in its midst. */
const PORTION_BYTES = 250_000;

/** How far a client is. Clients that go on together share the object. */
export interface Cursor extends Position {
  /** What lies between it and `offset` did not pass the filter, and the client has not been told. */
  told: number;
  toldMs: number;
}

/** Equal for cursors that mean the same. */
export const cursorKey = ({ epoch, offset, told }: Cursor): string => `${epoch}/${offset}/${told}`;

/** What became of events that were published. */
export interface Counts {
  delivered: number;
  conflated: number;
  filtered: number;
  dropped: number;
}

/** What is sent to a client next, and what has become of the events up to where it is then. */
export interface Portion {
  packets: Packet[];
  counts: Counts;
  to: Cursor;
}

/** What a portion is made for. */
export interface Choice {
  channel: string;
  mode: 'stream' | 'latest';
  /** Those entries of a stretch that pass the filter, in order. */
  select(stretch: Stretch): Entry[];
}

/** The next portion after a cursor, of at most so many events: batches and gaps in order. */
export function nextPortion(
  choice: Choice,
  stretches: Stretch[],
  cursor: Cursor,
  eventsMax: number,
  nowMs: number,
): Portion {
  const making = new Making(choice, cursor, eventsMax);
  for (const stretch of stretches) if (!making.take(stretch)) break;
  return making.end(cursor, nowMs);
}

/** A batch that still grows. */
interface Open {
  from: number;
  entries: Entry[];
  dropped: number;
}

class Making {
  readonly #choice: Choice;
  readonly #conflates: boolean;
  readonly #packets: Packet[] = [];
  readonly #counts: Counts = { delivered: 0, conflated: 0, filtered: 0, dropped: 0 };
  #epoch: number;
  #offset: number;
  #told: number;
  #open: Open;
  #eventsLeft: number;
  #bytesLeft = PORTION_BYTES;

  constructor(choice: Choice, { epoch, offset, told }: Cursor, eventsMax: number) {
    this.#choice = choice;
    this.#conflates = choice.mode === 'latest';
    this.#epoch = epoch;
    this.#offset = offset;
    this.#told = told;
    this.#open = { from: told + 1, entries: [], dropped: 0 };
    this.#eventsLeft = this.#conflates ? Infinity : eventsMax;
  }

  /** False when there was not room for all of it. */
  take(stretch: Stretch): boolean {
    if (stretch.epoch > this.#epoch) this.#begin(stretch.epoch);
    const rest = between(stretch, { epoch: this.#epoch, offset: this.#offset });
    if (!rest) return true;
    if (rest.lost > 0) this.#lose(rest.from - rest.lost, rest.from - 1);
    const entries = this.#choice.select(rest);
    const room = this.#room(entries);
    if (room === entries.length) this.#add(rest, entries);
    else if (room > 0) {
      const until = { epoch: rest.epoch, offset: entries[room - 1]!.offset };
      this.#add(between(rest, { ...until, offset: rest.from - 1 }, until)!, entries.slice(0, room));
    }
    return room === entries.length;
  }

  end({ epoch, toldMs }: Cursor, nowMs: number): Portion {
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

  /** How many of them there is room for; a first one always. */
  #room(entries: Entry[]): number {
    let room = 0;
    for (const { line } of entries) {
      if (this.#eventsLeft <= 0 || this.#bytesLeft <= 0) break;
      this.#eventsLeft--;
      this.#bytesLeft -= this.#conflates ? 0 : line.length;
      room++;
    }
    return room;
  }

  #add({ from, to, entries: all }: Stretch, entries: Entry[]): void {
    const open = this.#open;
    const unreadable = to - from + 1 - all.length;
    for (const entry of entries) open.entries.push(entry);
    open.dropped += unreadable;
    this.#counts.dropped += unreadable;
    this.#counts.filtered += all.length - entries.length;
    this.#offset = to;
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
    const { channel } = this.#choice;
    this.#packets.push(new Packet({ channel, epoch: this.#epoch, from, to, reason: LOST }));
    this.#told = to;
    this.#open = { from: to + 1, entries: [], dropped: 0 };
  }

  /** A new epoch voids what came before: who wants the latest is not sent it any more. */
  #begin(epoch: number): void {
    const { entries, dropped } = this.#open;
    if (this.#conflates) this.#counts.conflated += entries.length;
    else if (entries.length > 0 || dropped > 0) this.#close();
    this.#epoch = epoch;
    this.#offset = this.#told = 0;
    this.#open = { from: 1, entries: [], dropped: 0 };
  }

  #close(): void {
    const { from, entries: all, dropped } = this.#open;
    const entries = this.#conflates ? latest(all) : all;
    const conflated = all.length - entries.length;
    this.#counts.delivered += entries.length;
    this.#counts.conflated += conflated;
    const { channel } = this.#choice;
    const [epoch, to] = [this.#epoch, this.#offset];
    this.#packets.push(new Packet({ channel, epoch, from, to, entries, conflated, dropped }));
    this.#told = to;
    this.#open = { from: to + 1, entries: [], dropped: 0 };
  }
}

/** The last of each subject, in order. */
function latest(entries: Entry[]): Entry[] {
  const bySubject = new Map(entries.map((entry) => [entry.subject, entry]));
  return bySubject.size === entries.length
    ? entries
    : [...bySubject.values()].sort((a, b) => a.offset - b.offset);
}
