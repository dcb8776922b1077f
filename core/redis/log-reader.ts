import { duplicate, type Redis } from './connection.ts';
import { keys } from '../wire/keys.ts';
import { positionText, type Position } from '../wire/event.ts';
import { HandedOverBatches } from './handed-over-batches.ts';
import type { LogBatch } from './log-batch.ts';
import { findNewEpochs } from './new-epochs.ts';
import { ReadPositions } from './read-positions.ts';
import { rewoundHead } from './rewind-check.ts';
import type { StreamEntry } from './stream-entry.ts';

export interface LogReaderOptions {
  /** How many events of one channel a batch has at most. Default: 1,000. */
  batchMax?: number;
  /**
   * Called when the log no longer has what was read from it, because Redis was flushed or restarted without its last
   * seconds. Reading continues after `head`, the current position of the channel. Without this option the reader does not
   * check for it.
   */
  rewound?: (channel: string, head: Position) => void;
  /** Read the next batches while the consumer handles these. Use it only if no channels are added or removed. */
  ahead?: boolean;
  /** Yield an empty list when no batch has come for this long. Default: never. */
  idleMs?: number;
  /** Pause between two reads unless there is more to read at once, so that events arrive in larger batches. Default: 0. */
  restMs?: number;
}

const BLOCK_MS = 1_000;
/** How often to look for epochs that have begun and have no event yet, which the log does not show. */
const EPOCHS_CHECK_MS = 500;
const ERROR_DELAY_MS = 100;
const WAKE_KEPT_SECONDS = 60;

type Reply = [key: string, entries: StreamEntry[]][];

/**
 * Reads the logs of channels as they grow, over one connection that blocks on all of them. After a lost connection it
 * continues where it was. So it misses nothing that is still in the log, and counts what has left the log in `lost`.
 */
export class LogReader {
  readonly #redis: Redis;
  readonly #blocking: Redis;
  readonly #batchMax: number;
  readonly #idleMs: number;
  readonly #restMs: number;
  readonly #ahead: boolean;
  readonly #rewound: LogReaderOptions['rewound'];
  readonly #positions = new ReadPositions();
  readonly #handedOver = new HandedOverBatches();
  /** A stream that only this reader reads; an entry there ends a blocking read. */
  readonly #wakeKey = keys.wake();
  #wakes = 0;
  /** The connection was lost, so Redis may have lost data. */
  #isInDoubt = false;
  /** When to look for new epochs, and until when to pause: steady ms. */
  #epochsCheckMs = 0;
  #restUntilMs = -Infinity;
  #closed = false;

  /** `redis` is used for short commands only; the reader opens another connection for blocking ones. */
  constructor(redis: Redis, options: LogReaderOptions = {}) {
    this.#redis = redis;
    this.#blocking = duplicate(redis);
    this.#blocking.on('close', () => (this.#isInDoubt = true));
    this.#batchMax = options.batchMax ?? 1_000;
    this.#rewound = options.rewound;
    this.#ahead = options.ahead ?? false;
    this.#idleMs = options.idleMs ?? Infinity;
    this.#restMs = options.restMs ?? 0;
  }

  /** Reads this channel too, from after this position. */
  add(channel: string, after: Position): void {
    this.#positions.set(channel, after);
    this.#interrupt();
  }

  remove(channel: string): void {
    this.#positions.delete(channel);
  }

  has(channel: string): boolean {
    return this.#positions.get(channel) !== undefined;
  }

  /** Position of the last event read; undefined: the channel is not being read. */
  position(channel: string): Position | undefined {
    return this.#positions.get(channel)?.position;
  }

  /**
   * Announces that this process is about to write a batch to one of these channels, so that it need not be read from Redis.
   * Call the result once: with the batch as it is in the log, or with null if nothing was written.
   */
  expect(): (batch: LogBatch | null) => void {
    return this.#handedOver.expect();
  }

  /** Batches as they arrive, until the reader is closed. */
  async *batches(): AsyncGenerator<LogBatch[]> {
    let reading: Promise<Reply> | null = null;
    while (!this.#closed) {
      const handedOver = this.#handedOver.take(this.#positions, this.#isInDoubt);
      if (handedOver.length > 0) {
        handedOver.push(...(await this.#newEpochs()));
        yield handedOver;
        continue;
      }
      if (this.#handedOver.needsReading) reading ??= this.#read();
      const woken = this.#handedOver.next();
      const reply = await (reading ? Promise.race([reading, woken]) : woken);
      if (!reply) continue;
      reading = null;
      this.#handedOver.caughtUp();
      if (this.#rewound && (this.#isInDoubt || reply.length === 0) && (await this.#rewind())) continue;
      const batches = this.#batchesOf(reply);
      batches.push(...(await this.#newEpochs()));
      if (this.#ahead && batches.length > 0 && !this.#handedOver.isRecent) reading = this.#read();
      if (batches.length > 0 || (reply.length === 0 && this.#idleMs !== Infinity)) yield batches;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handedOver.wake();
    this.#blocking.disconnect();
  }

  async #read(): Promise<Reply> {
    const restMs = this.#restUntilMs - performance.now();
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    const channels = this.#positions.all();
    const streams = [this.#wakeKey, ...channels.map(([channel]) => keys.log(channel))];
    const after = [String(this.#wakes), ...channels.map(([, { position }]) => positionText(position))];
    const blockMs = Math.min(BLOCK_MS, this.#idleMs);
    try {
      const reply: Reply =
        (await this.#blocking.xread(
          'COUNT',
          this.#batchMax,
          'BLOCK',
          blockMs,
          'STREAMS',
          ...streams,
          ...after,
        )) ?? [];
      const isAll = reply.every(([, entries]) => entries.length < this.#batchMax);
      if (isAll && this.#restMs > 0) this.#restUntilMs = performance.now() + this.#restMs;
      return reply;
    } catch {
      // Redis is loading, or refused the command while it restarted. The connection comes back by itself.
      if (!this.#closed) await new Promise((resolve) => setTimeout(resolve, ERROR_DELAY_MS));
      return [];
    }
  }

  #batchesOf(reply: Reply): LogBatch[] {
    return reply.flatMap(([key, entries]) => {
      if (key === this.#wakeKey) return [];
      const channel = key.slice(keys.log('').length);
      return this.has(channel) ? this.#positions.take(channel, entries) : [];
    });
  }

  /** Continues at the head of each channel where Redis has lost what was read. Returns whether there are any. */
  async #rewind(): Promise<boolean> {
    let isAny = false;
    const isInDoubt = this.#isInDoubt;
    this.#isInDoubt = false;
    try {
      for (const [channel, state] of this.#positions.all()) {
        const head = await rewoundHead(this.#redis, channel, state, isInDoubt);
        if (!head || this.#positions.get(channel) !== state) continue;
        this.#positions.set(channel, head);
        this.#rewound!(channel, head);
        isAny = true;
      }
    } catch {
      this.#isInDoubt = true;
    }
    return isAny;
  }

  /** The epochs that have begun without an event; empty if the last look was a moment ago. */
  async #newEpochs(): Promise<LogBatch[]> {
    if (performance.now() < this.#epochsCheckMs) return [];
    this.#epochsCheckMs = performance.now() + EPOCHS_CHECK_MS;
    return findNewEpochs(this.#redis, this.#positions);
  }

  /** Ends the current blocking read, which does not include a channel that was just added. */
  #interrupt(): void {
    const id = `${++this.#wakes}-0`;
    this.#redis
      .multi()
      .xadd(this.#wakeKey, 'MAXLEN', 1, id, 'w', '')
      .expire(this.#wakeKey, WAKE_KEPT_SECONDS)
      .exec()
      .catch(() => {}); // Otherwise the read ends by itself within a second.
  }
}
