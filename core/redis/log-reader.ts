import { duplicate, type Redis } from './connection.ts';
import { keys } from '../wire/keys.ts';
import {
  comparePositions,
  parsePosition,
  positionText,
  type CloudEvent,
  type Position,
} from '../wire/event.ts';

/** Events of one channel and epoch, in order, as they stand in the log. Without any: the epoch has begun, and that is all. */
export interface LogBatch {
  channel: string;
  epoch: number;
  /** Offsets of the first and last event. */
  from: number;
  to: number;
  /** Event lines. */
  events: string[];
  /** What the lines say, where this process has written them itself. */
  known?: readonly CloudEvent[];
  /** Events between the batch before and this one that had left the log. */
  lost: number;
}

export interface LogReaderOptions {
  /** Events of one channel in one batch, at most. */
  batchMax?: number;
  /**
   * Told when the log no longer has what was read from it: Redis was flushed, or restarted without the last seconds
   * before its end. Reading goes on after `head`, where the channel stands now. Without it no reader looks for this.
   */
  rewound?: (channel: string, head: Position) => void;
  /** Reads on while a batch is dealt with. Only where the channels stay the same. */
  ahead?: boolean;
  /** Yields no batches, too, when none has come for so long. */
  idleMs?: number;
  /** Rests so long between two reads, unless there was more than one takes: what comes meanwhile comes together. */
  restMs?: number;
}

const BLOCK_MS = 1_000;
/** So often it looks for epochs that have begun: as long as they have no event, the log says nothing of them. */
const EPOCHS_LOOK_MS = 500;
/** Batches of this process's own that wait to be taken; what is beyond is read from Redis. */
const GIVEN_MAX = 8;
/** A reader that was given something lately does not read ahead: what comes next will be given, too. */
const GIVEN_LATELY_MS = 1_000;

type Reply = [string, [string, string[]][]][];

/**
 * Reads channel logs as they grow. One connection blocks on all of them; after a lost connection it goes on where it
 * stood, so nothing is missed that the log still has, and what the log no longer has is counted in `lost`.
 */
export class LogReader {
  readonly #redis: Redis;
  readonly #positions = new Map<string, Position>();
  readonly #batchMax: number;
  readonly #idleMs: number;
  readonly #restMs: number;
  readonly #ahead: boolean;
  readonly #wake: string;
  readonly #side: Redis;
  readonly #rewound: LogReaderOptions['rewound'];
  /** The last line read of each channel: what the log must still say at its position. */
  readonly #lastLines = new Map<string, string>();
  /** The connection was lost, so Redis may have lost something too. */
  #doubt = false;
  #epochsDueMs = 0;
  /** Batches that this process is about to write, and those that it has written. */
  #expected = 0;
  readonly #given: LogBatch[] = [];
  #givenAt = -Infinity;
  /** Others have written before what was given. */
  #isBehind = false;
  /** Ends the wait for what is expected. */
  #wakeUp: () => void = () => {};
  #closed = false;
  #wakes = 0;
  #restUntilMs = -Infinity;

  /** `redis` is used for short commands only; the reader opens its own connection for blocking. */
  constructor(redis: Redis, options: LogReaderOptions = {}) {
    this.#side = redis;
    this.#redis = duplicate(redis);
    this.#rewound = options.rewound;
    this.#redis.on('close', () => (this.#doubt = true));
    this.#batchMax = options.batchMax ?? 1_000;
    this.#idleMs = options.idleMs ?? Infinity;
    this.#restMs = options.restMs ?? 0;
    this.#ahead = options.ahead ?? false;
    this.#wake = keys.wake();
  }

  /** Reads the channel too, from after this position. */
  add(channel: string, after: Position): void {
    this.#positions.set(channel, after);
    this.#lastLines.delete(channel);
    this.#interrupt();
  }

  remove(channel: string): void {
    this.#positions.delete(channel);
    this.#lastLines.delete(channel);
  }

  has(channel: string): boolean {
    return this.#positions.has(channel);
  }

  /** The position after which the channel is read next. */
  position(channel: string): Position | undefined {
    return this.#positions.get(channel);
  }

  /**
   * Says that this process is about to write a batch to a channel that it reads: Redis need not be asked for it. What is answered is to
   * be called once, with the batch as it stands in the log, or null where nothing was written.
   */
  expect(): (batch: LogBatch | null) => void {
    this.#expected++;
    return (batch) => {
      this.#expected--;
      if (batch) {
        this.#givenAt = performance.now();
        if (this.#given.length < GIVEN_MAX) this.#given.push(batch);
      }
      this.#wakeUp();
    };
  }

  /** Batches as they come; ends when the reader is closed. */
  async *batches(): AsyncGenerator<LogBatch[]> {
    let reading: Promise<Reply> | null = null;
    while (!this.#closed) {
      const given = this.#takeGiven();
      if (given.length > 0) {
        if (performance.now() >= this.#epochsDueMs) given.push(...(await this.#begun()));
        yield given;
        continue;
      }
      if (this.#expected === 0 || this.#isBehind) reading ??= this.#read();
      const woken = new Promise<null>((resolve) => (this.#wakeUp = () => resolve(null)));
      const reply = await (reading ? Promise.race([reading, woken]) : woken);
      if (!reply) continue;
      reading = null;
      this.#isBehind = false;
      if (this.#rewound && (this.#doubt || reply.length === 0) && (await this.#lookBack())) continue;
      const batches: LogBatch[] = [];
      for (const [key, entries] of reply) {
        if (key === this.#wake) continue;
        const channel = key.slice(keys.log('').length);
        if (this.#positions.has(channel)) batches.push(...this.#split(channel, entries));
      }
      if (performance.now() >= this.#epochsDueMs) batches.push(...(await this.#begun()));
      const isFed = performance.now() - this.#givenAt < GIVEN_LATELY_MS;
      if (this.#ahead && batches.length > 0 && !isFed) reading = this.#read();
      if (batches.length > 0 || (reply.length === 0 && this.#idleMs !== Infinity)) yield batches;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wakeUp();
    this.#redis.disconnect();
  }

  /** Of what this process wrote, that which follows what was read. Where Redis may have lost something, it has the word. */
  #takeGiven(): LogBatch[] {
    return this.#given.splice(0).filter(({ channel, epoch, from, to, events }) => {
      const before = this.#positions.get(channel);
      if (!before || comparePositions({ epoch, offset: to }, before) <= 0) return false;
      this.#isBehind = epoch !== before.epoch || from !== before.offset + 1 || this.#doubt;
      if (this.#isBehind) return false;
      this.#positions.set(channel, { epoch, offset: to });
      if (this.#rewound) this.#lastLines.set(channel, events.at(-1)!);
      return true;
    });
  }

  async #read(): Promise<Reply> {
    const restMs = this.#restUntilMs - performance.now();
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    const streams = [...this.#positions].map(
      ([channel, position]) => [keys.log(channel), positionText(position)] as const,
    );
    const names = [this.#wake, ...streams.map(([key]) => key)];
    const after = [String(this.#wakes), ...streams.map(([, id]) => id)];
    try {
      const block = Math.min(BLOCK_MS, this.#idleMs);
      const reply: Reply =
        (await this.#redis.xread('COUNT', this.#batchMax, 'BLOCK', block, 'STREAMS', ...names, ...after)) ??
        [];
      const isAll = reply.every(([, entries]) => entries.length < this.#batchMax);
      if (isAll && this.#restMs > 0) this.#restUntilMs = performance.now() + this.#restMs;
      return reply;
    } catch {
      if (this.#closed) return [];
      // Redis is loading, or refused the command while restarting: the connection itself comes back on its own.
      await new Promise((resolve) => setTimeout(resolve, 100));
      return [];
    }
  }

  /** Finds the channels that Redis set back, and goes on after their heads. True when there are any. */
  async #lookBack(): Promise<boolean> {
    let found = false;
    try {
      const doubt = this.#doubt;
      this.#doubt = false;
      for (const [channel, position] of [...this.#positions]) {
        const replies = await this.#side
          .multi()
          .hmget(keys.head(channel), 'epoch', 'offset')
          .xrange(keys.log(channel), positionText(position), '+', 'COUNT', 1)
          .xrange(keys.log(channel), '-', '+', 'COUNT', 1)
          .exec();
        const [epoch, offset] = replies![0]![1] as (string | null)[];
        const head = { epoch: Number(epoch ?? 0), offset: Number(offset ?? 0) };
        const [at, oldest] = replies!.slice(1).map(([, entries]) => (entries as [string, string[]][])[0]);
        const line = this.#lastLines.get(channel);
        const changed =
          doubt &&
          line !== undefined &&
          oldest !== undefined &&
          comparePositions(parsePosition(oldest[0]), position) <= 0 &&
          at?.[1][1] !== line;
        if (this.#positions.get(channel) !== position || (comparePositions(head, position) >= 0 && !changed))
          continue;
        this.#positions.set(channel, head);
        this.#lastLines.delete(channel);
        this.#rewound!(channel, head);
        found = true;
      }
    } catch {
      this.#doubt = true;
    }
    return found;
  }

  /** Epochs that have begun on channels that are read to their end, and have no event yet. */
  async #begun(): Promise<LogBatch[]> {
    this.#epochsDueMs = performance.now() + EPOCHS_LOOK_MS;
    const channels = [...this.#positions];
    const pipeline = this.#side.pipeline();
    // In this order: what the epoch before had was in the log when the head had left it.
    for (const [channel] of channels)
      pipeline
        .hmget(keys.head(channel), 'epoch', 'offset')
        .xrevrange(keys.log(channel), '+', '-', 'COUNT', 1);
    const replies = await pipeline.exec().catch(() => null);
    return channels.flatMap(([channel, position], i): LogBatch[] => {
      const [head, last] = [replies?.[2 * i], replies?.[2 * i + 1]];
      // Redis is away, or loading: there is another time.
      if (!head || !last || head[0] || last[0] || this.#positions.get(channel) !== position) return [];
      const [epoch, offset] = (head[1] as (string | null)[]).map(Number) as [number, number];
      const [entry] = last[1] as [string, string[]][];
      const isRead = !entry || comparePositions(parsePosition(entry[0]), position) <= 0;
      if (epoch <= position.epoch || offset > 0 || !isRead) return [];
      this.#positions.set(channel, { epoch, offset: 0 });
      this.#lastLines.delete(channel);
      return [{ channel, epoch, from: 1, to: 0, events: [], lost: 0 }];
    });
  }

  /** A blocked read does not see new channels: an entry on a stream of the reader's own ends the block. */
  #interrupt(): void {
    const id = `${++this.#wakes}-0`;
    this.#side
      .multi()
      .xadd(this.#wake, 'MAXLEN', 1, id, 'w', '')
      .expire(this.#wake, 60)
      .exec()
      .catch(() => {}); // At worst the block ends by itself, a second later.
  }

  #split(channel: string, entries: [string, string[]][]): LogBatch[] {
    const batches: LogBatch[] = [];
    let before = this.#positions.get(channel)!;
    let current: LogBatch | null = null;
    for (const [id, fields] of entries) {
      const position = parsePosition(id);
      if (comparePositions(position, before) <= 0) continue;
      const expected = position.epoch === before.epoch ? before.offset + 1 : 1;
      if (!current || current.epoch !== position.epoch || position.offset !== expected) {
        current = {
          channel,
          epoch: position.epoch,
          from: position.offset,
          to: position.offset,
          events: [],
          lost: position.offset - expected,
        };
        batches.push(current);
      }
      current.events.push(fields[1]!);
      current.to = position.offset;
      before = position;
    }
    this.#positions.set(channel, before);
    const last = batches.at(-1)?.events.at(-1);
    if (this.#rewound && last !== undefined) this.#lastLines.set(channel, last);
    return batches;
  }
}
