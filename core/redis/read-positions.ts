import { comparePositions, parsePosition, type Position } from '../wire/event.ts';
import type { LogBatch } from './log-batch.ts';
import type { StreamEntry } from './stream-entry.ts';

/** How far one channel has been read. It is replaced, never changed: so a comparison tells whether the channel has moved. */
export interface ReadState {
  /** Position of the last event that was read. */
  readonly position: Position;
  /** The line of that event, if it was read here: the log must still have it there. */
  readonly lastLine: string | undefined;
}

/** How far each channel has been read, and what follows from that: the batches in new entries, and the gaps before them. */
export class ReadPositions {
  readonly #states = new Map<string, ReadState>();

  /** Reading continues after `position`. */
  set(channel: string, position: Position, lastLine?: string): void {
    this.#states.set(channel, { position, lastLine });
  }

  get(channel: string): ReadState | undefined {
    return this.#states.get(channel);
  }

  delete(channel: string): void {
    this.#states.delete(channel);
  }

  /** A copy, which stays the same while channels are added, removed or read. */
  all(): [channel: string, state: ReadState][] {
    return [...this.#states];
  }

  /** The new entries of the log of a channel as batches, one for each run without a gap. Entries already read are left out. */
  take(channel: string, entries: StreamEntry[]): LogBatch[] {
    const batches: LogBatch[] = [];
    let last = this.#states.get(channel)!.position;
    let batch: LogBatch | null = null;
    for (const [id, fields] of entries) {
      const position = parsePosition(id);
      if (comparePositions(position, last) <= 0) continue;
      const { epoch, offset } = position;
      const expected = epoch === last.epoch ? last.offset + 1 : 1;
      if (!batch || batch.epoch !== epoch || offset !== expected) {
        batch = { channel, epoch, from: offset, to: offset, events: [], lost: offset - expected };
        batches.push(batch);
      }
      batch.events.push(fields[1]!);
      batch.to = offset;
      last = position;
    }
    if (batch) this.set(channel, last, batch.events.at(-1));
    return batches;
  }
}
