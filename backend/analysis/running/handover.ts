import type { LogBatch, LogReader } from '../../../core/redis/log-reader.ts';
import type { OutputBatch } from './checkpoint.ts';

/**
 * Between the services of one process: what one has committed another that reads it need not ask Redis for, nor parse. The
 * log stays what counts: a reader takes only what follows exactly what it has read, and reads the rest.
 */
export class Handover {
  readonly #readers = new Map<string, Set<LogReader>>();

  /** A reader of a channel. What is answered takes it out. */
  add(channel: string, reader: LogReader): () => void {
    const readers = this.#readers.get(channel) ?? new Set();
    this.#readers.set(channel, readers.add(reader));
    return () => {
      readers.delete(reader);
      if (readers.size === 0) this.#readers.delete(channel);
    };
  }

  /** Whether somebody reads a channel. */
  isRead(channel: string): boolean {
    return this.#readers.has(channel);
  }

  /** Says that batches are about to be written. What is answered is to be called once it is known whether they were. */
  expect(batches: OutputBatch[]): (areWritten: boolean) => void {
    const settle = batches.flatMap((batch) => {
      const readers = batch.events.length > 0 ? (this.#readers.get(batch.spec.name) ?? []) : [];
      return Array.from(readers, (reader) => ({ tell: reader.expect(), batch }));
    });
    return (areWritten) => {
      for (const { tell, batch } of settle) tell(areWritten ? logBatchOf(batch) : null);
    };
  }
}

function logBatchOf({ spec, from, events, known }: OutputBatch): LogBatch {
  const first = from.offset + 1;
  return {
    ...{ channel: spec.name, epoch: from.epoch, from: first, to: from.offset + events.length },
    ...{ events, lost: 0, ...(known && { known }) },
  };
}
