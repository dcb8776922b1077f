import { parseEventJson } from '../../../core/wire/json-depth.ts';
import type { CloudEvent, Position } from '../../../core/wire/event.ts';
import type { LogBatch } from '../../../core/redis/log-batch.ts';

/** Approximate memory of an entry besides its line. */
const ENTRY_BYTES = 120;

/** The parts of an event that decide who gets it. Its line is sent as it was read, never serialized again. */
export interface LogEntry {
  offset: number;
  subject: string;
  /** A number if the event's data has one. */
  latitude: unknown;
  longitude: unknown;
  /** JSON text on one line. */
  line: string;
}

/** Consecutive events of a channel, without a hole. */
export interface LogSlice {
  epoch: number;
  from: number;
  to: number;
  /** Number of events directly before this slice that could not be read. */
  lost: number;
  /** In order. Lines that are not events (only a foreign program can have written them) are left out. */
  entries: LogEntry[];
  /** Approximate memory. */
  bytes: number;
}

/** Parses a batch of log lines into a slice. */
export function readSlice({ epoch, from, to, lost, events }: Omit<LogBatch, 'channel'>): LogSlice {
  const entries: LogEntry[] = [];
  let bytes = 0;
  for (let i = 0; i < events.length; i++) {
    const entry = readEntry(events[i]!, from + i);
    if (!entry) continue;
    entries.push(entry);
    bytes += entry.line.length + ENTRY_BYTES;
  }
  return { epoch, from, to, lost, entries, bytes };
}

/** Parses one line of the log; null if it is not an event. */
export function readEntry(line: string, offset?: number): LogEntry | null {
  try {
    const event = parseEventJson(line) as Partial<CloudEvent> | null;
    if (typeof event?.subject !== 'string') return null;
    const { latitude, longitude } = event.data ?? {};
    return {
      offset: offset ?? event.offset ?? 0,
      subject: event.subject,
      latitude: typeof latitude === 'number' ? latitude : undefined,
      longitude: typeof longitude === 'number' ? longitude : undefined,
      line: /[\r\n]/.test(line) ? JSON.stringify(event) : line,
    };
  } catch {
    return null;
  }
}

/**
 * The part of a slice after one position and up to another; null if nothing is left. If all of it is left, the same object
 * is returned: callers cache by identity.
 */
export function between(slice: LogSlice, after: Position, until?: Position): LogSlice | null {
  const { epoch } = slice;
  let { from, to, lost } = slice;
  if (epoch < after.epoch || (until && epoch > until.epoch)) return null;
  if (epoch === after.epoch) {
    lost = Math.max(0, Math.min(lost, from - 1 - after.offset));
    from = Math.max(from, after.offset + 1);
  }
  if (until && epoch === until.epoch) to = Math.min(to, until.offset);
  // A new epoch matters to clients even before it has an event: it voids what they show.
  if (from > to)
    return epoch > after.epoch ? { epoch, from: 1, to: 0, lost: 0, entries: [], bytes: 0 } : null;
  if (from === slice.from && to === slice.to && lost === slice.lost) return slice;
  const entries = slice.entries.filter(({ offset }) => offset >= from && offset <= to);
  return { epoch, from, to, lost, entries, bytes: slice.bytes };
}

/** Number of events that a slice covers, lost ones included. */
export const publishedIn = ({ from, to, lost }: LogSlice): number => to - from + 1 + lost;
