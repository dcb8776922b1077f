import { comparePositions, type Position } from '../../../core/wire/event.ts';
import { between, publishedIn, type LogSlice } from './log-slice.ts';

/** Keeps the events after a position in memory until it is released. */
export interface Hold {
  release(): void;
}

/**
 * The most recent part of a channel's log, kept once for all clients. Each client is a position in it, so a client that
 * waits costs no memory of its own. Covers everything from `start` to `head` without a hole.
 */
export class LogTail {
  /** Every event after this position is here. */
  start: Position;
  /** Position of the last event. */
  head: Position;
  /** Number of events that have ever arrived, lost ones included. */
  published = 0;
  bytes = 0;
  readonly #slices: LogSlice[] = [];
  readonly #holds = new Set<Position>();
  /** True while nobody has read the last slice, so that it may still grow. */
  #grows = false;

  constructor(head: Position) {
    this.start = head;
    this.head = head;
  }

  append(slice: LogSlice): void {
    const { epoch, from, to, lost } = slice;
    if (comparePositions({ epoch, offset: to }, this.head) <= 0) return;
    const last = this.#slices.at(-1);
    if (this.#grows && last?.epoch === epoch && lost === 0 && last.to + 1 === from) {
      last.to = to;
      for (const entry of slice.entries) last.entries.push(entry);
      last.bytes += slice.bytes;
    } else this.#slices.push({ ...slice, entries: [...slice.entries] });
    this.#grows = true;
    this.head = { epoch, offset: to };
    this.published += publishedIn(slice);
    this.bytes += slice.bytes;
  }

  /** The slices after one position and up to another. The first position must not lie before `start`. */
  after(position: Position, until?: Position): LogSlice[] {
    this.#grows = false;
    let first = this.#slices.length;
    while (first > 0 && comparePositions(endOf(this.#slices[first - 1]!), position) > 0) first--;
    return this.#slices.slice(first).flatMap((slice) => between(slice, position, until) ?? []);
  }

  /** Number of events after a position. */
  publishedAfter(position: Position): number {
    return this.after(position).reduce((sum, slice) => sum + publishedIn(slice), 0);
  }

  /** Whether every event after this position is here. */
  covers(position: Position): boolean {
    return comparePositions(position, this.start) >= 0;
  }

  /** Keeps the events after the position; without one, the events from now on. */
  hold(position: Position = this.head): Hold {
    const at = { ...position };
    this.#holds.add(at);
    return { release: () => void this.#holds.delete(at) };
  }

  /** Removes and returns the first slice; null if a hold or `isKept` keeps it, or if there is none. */
  shift(isKept: (end: Position) => boolean): LogSlice | null {
    const first = this.#slices[0];
    if (!first) return null;
    const end = endOf(first);
    for (const held of this.#holds) if (comparePositions(end, held) > 0) return null;
    if (isKept(end)) return null;
    this.#slices.shift();
    this.start = end;
    this.bytes -= first.bytes;
    return first;
  }
}

const endOf = ({ epoch, to }: LogSlice): Position => ({ epoch, offset: to });
