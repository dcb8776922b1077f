import { comparePositions } from '../wire/event.ts';
import type { LogBatch } from './log-batch.ts';
import type { ReadPositions } from './read-positions.ts';

/** How many batches wait to be taken at most. The others are read from Redis. */
const WAITING_MAX = 8;
/** A batch within this time means that the next one will be handed over, too. */
const RECENT_MS = 1_000;

/**
 * Batches that this process writes to channels which it also reads. The writer hands them to the reader, which then need not
 * read them from Redis.
 */
export class HandedOverBatches {
  /** How many batches are being written. */
  #expected = 0;
  readonly #waiting: LogBatch[] = [];
  #lastMs = -Infinity;
  /** A batch did not follow what was read: others wrote before it, so Redis has to be read. */
  #isBehind = false;
  #wake: () => void = () => {};

  /** Announces a batch. Call the result once: with the batch as it is in the log, or with null if nothing was written. */
  expect(): (batch: LogBatch | null) => void {
    this.#expected++;
    return (batch) => {
      this.#expected--;
      if (batch) {
        this.#lastMs = performance.now();
        if (this.#waiting.length < WAITING_MAX) this.#waiting.push(batch);
      }
      this.#wake();
    };
  }

  /**
   * The batches that directly follow what has been read; they count as read from now on. None while Redis may have lost
   * data (`isInDoubt`): then the log decides.
   */
  take(positions: ReadPositions, isInDoubt: boolean): LogBatch[] {
    return this.#waiting.splice(0).filter(({ channel, epoch, from, to, events }) => {
      const last = positions.get(channel)?.position;
      if (!last || comparePositions({ epoch, offset: to }, last) <= 0) return false;
      this.#isBehind = epoch !== last.epoch || from !== last.offset + 1 || isInDoubt;
      if (this.#isBehind) return false;
      positions.set(channel, { epoch, offset: to }, events.at(-1));
      return true;
    });
  }

  /** Whether to read from Redis now: nothing is being written, or others wrote before this process. */
  get needsReading(): boolean {
    return this.#expected === 0 || this.#isBehind;
  }

  /** Whether a batch was handed over within the last second. */
  get isRecent(): boolean {
    return performance.now() - this.#lastMs < RECENT_MS;
  }

  /** Redis has been read. */
  caughtUp(): void {
    this.#isBehind = false;
  }

  /** Resolves when an announced batch has been written or given up, or at `wake`. Only the latest call is resolved. */
  next(): Promise<null> {
    return new Promise((resolve) => (this.#wake = () => resolve(null)));
  }

  wake(): void {
    this.#wake();
  }
}
