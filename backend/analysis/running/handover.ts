import type { LogBatch } from '../../../core/redis/log-batch.ts';
import type { LogReader } from '../../../core/redis/log-reader.ts';
import type { OutputBatch } from './checkpoint.ts';

/**
 * Passes committed events between the services of one process, so that a reader need not ask Redis for them, nor parse
 * them. The log stays authoritative: a reader accepts only events that directly follow what it has read, and reads the rest
 * from the log.
 */
export class Handover {
  readonly #readers = new Map<string, Set<LogReader>>();

  /** Adds a reader of a channel. Returns a function that removes it. */
  add(channel: string, reader: LogReader): () => void {
    const readers = this.#readers.get(channel) ?? new Set();
    this.#readers.set(channel, readers.add(reader));
    return () => {
      readers.delete(reader);
      if (readers.size === 0) this.#readers.delete(channel);
    };
  }

  /** Whether a service of this process reads a channel. */
  isRead(channel: string): boolean {
    return this.#readers.has(channel);
  }

  /** Announces batches that are about to be written. Call the returned function once it is known whether they were. */
  expect(batches: OutputBatch[]): (isWritten: boolean) => void {
    const settle = batches.flatMap((batch) => {
      const readers = batch.events.length > 0 ? (this.#readers.get(batch.spec.name) ?? []) : [];
      return Array.from(readers, (reader) => ({ tell: reader.expect(), batch }));
    });
    return (isWritten) => {
      for (const { tell, batch } of settle) tell(isWritten ? logBatchOf(batch) : null);
    };
  }
}

function logBatchOf({ spec, from, events, parsed }: OutputBatch): LogBatch {
  return {
    channel: spec.name,
    epoch: from.epoch,
    from: from.offset + 1,
    to: from.offset + events.length,
    events,
    lost: 0,
    ...(parsed && { known: parsed }),
  };
}
