import type { CloudEvent, Position } from '../../../core/wire/event.ts';
import type { LogBatch } from '../../../core/redis/log-reader.ts';

/** What an entry takes in memory besides its line, roughly. */
const ENTRY_BYTES = 120;

/** An event as far as it must be known to choose it. Its line goes out as it came in: it is never written again. */
export interface Entry {
  offset: number;
  subject: string;
  /** Numbers where the datum has them. */
  latitude: unknown;
  longitude: unknown;
  /** JSON text in one line. */
  line: string;
}

/** A run of a channel's events without a hole. */
export interface Stretch {
  epoch: number;
  from: number;
  to: number;
  /** Events just before it that could not be had. */
  lost: number;
  /** In order. A line that is no event, which only a stranger can have put into the log, is not among them. */
  entries: Entry[];
  /** What it takes in memory, roughly. */
  bytes: number;
}

/** A stretch of lines as they stand in the log. */
export function readStretch({ epoch, from, to, lost, events }: Omit<LogBatch, 'channel'>): Stretch {
  const entries: Entry[] = [];
  let bytes = 0;
  for (let i = 0; i < events.length; i++) {
    const entry = readEntry(events[i]!, from + i);
    if (!entry) continue;
    entries.push(entry);
    bytes += entry.line.length + ENTRY_BYTES;
  }
  return { epoch, from, to, lost, entries, bytes };
}

/** The entry of a line, or null where it is no event. */
export function readEntry(line: string, offset?: number): Entry | null {
  try {
    const event = JSON.parse(line) as Partial<CloudEvent> | null;
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

/** What of a stretch lies after one position and not after another, or null. A whole stretch stays the same object. */
export function between(stretch: Stretch, after: Position, until?: Position): Stretch | null {
  const { epoch } = stretch;
  let { from, to, lost } = stretch;
  if (epoch < after.epoch || (until && epoch > until.epoch)) return null;
  if (epoch === after.epoch) {
    lost = Math.max(0, Math.min(lost, from - 1 - after.offset));
    from = Math.max(from, after.offset + 1);
  }
  if (until && epoch === until.epoch) to = Math.min(to, until.offset);
  // That a new epoch has begun says something also where it has no event yet.
  if (from > to)
    return epoch > after.epoch ? { epoch, from: 1, to: 0, lost: 0, entries: [], bytes: 0 } : null;
  if (from === stretch.from && to === stretch.to && lost === stretch.lost) return stretch;
  const entries = stretch.entries.filter(({ offset }) => offset >= from && offset <= to);
  return { epoch, from, to, lost, entries, bytes: stretch.bytes };
}

/** Events that a stretch speaks of, the lost ones too. */
export const published = ({ from, to, lost }: Stretch): number => to - from + 1 + lost;
