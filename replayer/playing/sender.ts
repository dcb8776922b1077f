import type { Block } from '../../core/wire/block.ts';
import type { Output } from './output.ts';

/** More data go in several batches. */
const BATCH_BYTES = 1 << 20;
/** Batches on their way at once: one is written while the next is made. */
const BATCHES_AHEAD = 3;

/** Sends blocks to an output in order, a few batches ahead of their answers. */
export class Sender {
  readonly #output: Output;
  readonly #arrived: (block: Block, restored: boolean) => void;
  readonly #failed = new AbortController();
  #ahead: Promise<unknown>[] = [];

  /** `arrived` is called for each batch when it is published. */
  constructor(output: Output, arrived: (block: Block, restored: boolean) => void) {
    this.#output = output;
    this.#arrived = arrived;
  }

  /** Aborted when a batch could not be published: `send` or `settle` then throws why. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** Waits while too much is on its way. */
  async send(channel: number, block: Block, restored: boolean): Promise<void> {
    for (let from = 0; from < block.count;) {
      const to = block.upTo(BATCH_BYTES, from);
      await this.#sendBatch(channel, block.slice(from, to), restored);
      from = to;
    }
  }

  /** Settles when all that was sent has arrived. */
  async settle(): Promise<void> {
    await Promise.all(this.#ahead);
  }

  /** Calls `done` when all that was sent so far has arrived; never after a failure, when something may be on its way. */
  whenArrived(done: () => void): void {
    Promise.all(this.#ahead).then(
      () => this.#failed.signal.aborted || done(),
      () => {},
    );
  }

  /** Calls `done` when nothing that was sent so far is on its way any more, arrived or failed. */
  whenSettled(done: () => void): void {
    void Promise.allSettled(this.#ahead).then(done);
  }

  async #sendBatch(channel: number, block: Block, restored: boolean): Promise<void> {
    const sent = this.#output.emit(channel, block, restored).then(() => this.#arrived(block, restored));
    // The error is thrown where the batch is awaited; a pass that waits for its next record is woken.
    sent.catch(() => this.#failed.abort());
    this.#ahead.push(sent);
    while (this.#ahead.length > BATCHES_AHEAD) await this.#ahead.shift();
  }
}
