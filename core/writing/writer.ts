import { randomUUID } from 'node:crypto';
import { readHead } from '../redis/channel-store.ts';
import { callFunction, type Redis } from '../redis/connection.ts';
import { canSuppressReplies, sendCommands } from '../redis/send-commands.ts';
import { waitOut } from '../redis/wait-out.ts';
import { Block } from '../wire/block.ts';
import { CommandBuffer } from './command-buffer.ts';
import { batchKeys, batchOf } from './batch.ts';
import type { ChannelSpec } from '../wire/channels.ts';
import { keys } from '../wire/keys.ts';
import {
  comparePositions,
  Framer,
  firstEpoch,
  parsePosition,
  positionText,
  type Position,
  type TimedRecord,
} from '../wire/event.ts';
import { failure, invariant } from '../problems/errors.ts';
import type { PassingReason } from '../problems/passing.ts';
import { FUNCTIONS } from '../lua/functions.ts';
import { leaseLost, type Lease } from './lease.ts';
import { TransactionWriter } from './transaction.ts';

/** The arguments of one call of `emit`. */
interface Batch {
  given: TimedRecord[] | Block;
  count: number;
  extra: string;
  extras: ReadonlyMap<number, string> | undefined;
  once: string | undefined;
}

/** One attempt to write a batch. */
interface SendAttempt {
  /** The position that its events follow. */
  from: Position;
  /**
   * Whether the batch was written although the reply says that the channel is elsewhere, at `actual`: an earlier attempt may
   * have arrived whose answer was lost.
   */
  landed(actual: Position): Promise<boolean>;
  /**
   * The answer of the function `emit`; null: a transaction was not executed, and `emit` has to say why. Rejects with a
   * passing error where Redis refuses.
   */
  reply: Promise<(number | string)[] | null>;
}

/** A batch, from the call of `emit` until it is written. */
interface QueuedBatch {
  batch: Batch;
  /** Null: it waits, because its position is not known yet. */
  sending: SendAttempt | null;
}

export interface WriterOptions {
  /** URI reference of the writer: the member `source` of its events. */
  source: string;
  /** Id of the replay: the member `replay` of its events. */
  replay?: string;
  /** The lease of the replay. It is renewed with each batch. */
  lease?: Lease;
  /** Wait for attached services rather than push events out of the log that they have not read. */
  waits?: boolean;
  /** Called with the reason while Redis refuses a batch for a reason that passes, and with null when it is written. */
  waiting?: (reason: PassingReason | null) => void;
  /** Whether nobody waits for the batches any more: what Redis refuses then is not sent again. */
  isOver?: () => boolean;
  /** Wall clock for the member `sent`, epoch ms. Default: Date.now. */
  wall?: () => number;
}

const FULL_RETRY_MS = 5;
/** For this many events or more, a transaction is cheaper than the function `emit`. */
const TRANSACTION_MIN_EVENTS = 32;

/**
 * Writes events onto one channel. It promises: offsets count from 1 within an epoch, without a hole. A batch is written
 * completely or not at all, and only once, even if the connection breaks. Batches keep the order of the calls.
 */
export class ChannelWriter {
  readonly spec: ChannelSpec;
  readonly #redis: Redis;
  readonly #options: WriterOptions;
  readonly #framer: Framer;
  readonly #keys: string[];
  readonly #id: string;
  readonly #transactions: TransactionWriter;
  #canTransact = false;
  /** Buffers that are free for the next transactions. */
  readonly #spare: CommandBuffer[] = [];
  /** The last known position of the channel. */
  #head: Position | null = null;
  /** The position once all sent batches have arrived; null: wait for their answers before sending more. */
  #ahead: Position | null = null;
  #last: Promise<unknown> = Promise.resolve();
  /** In the order of the calls. The first one is being settled. */
  readonly #queue: QueuedBatch[] = [];

  constructor(redis: Redis, spec: ChannelSpec, options: WriterOptions) {
    this.#redis = redis;
    this.spec = spec;
    this.#options = options;
    this.#framer = new Framer({ channel: spec.name, source: options.source, replay: options.replay });
    this.#keys = batchKeys(spec);
    this.#id = options.lease?.token ?? randomUUID();
    this.#transactions = new TransactionWriter({
      spec,
      framer: this.#framer,
      token: options.lease?.token ?? '',
      lifeMs: options.lease?.lifeMs ?? 0,
      waits: options.waits ?? false,
      writer: this.#id,
    });
    if (spec.envelope === 'cloudevents') {
      void canSuppressReplies(redis).then((can) => (this.#canTransact = can));
    }
  }

  /** The epoch that it writes; 0 while that is not known. */
  get epoch(): number {
    return this.#head?.epoch ?? 0;
  }

  /** Tells that this epoch was opened on the channel for this writer. The next event follows `offset`. */
  startEpoch(epoch: number, offset = 0): void {
    this.#head = this.#ahead = { epoch, offset };
  }

  /**
   * Writes a batch after all batches before it. You may call it again before the answer: batches are sent ahead, and never
   * overtake each other.
   * @param extra more members of each event, as JSON text with a leading comma
   * @param extras more members of single events, by row
   * @param once a name for this batch: within a day, a batch of that name is written once, and a repetition gets its position
   * @returns the position of its last event
   * @throws failure `lease_lost` or `replay_taken` if another process has the channel; `log_reset` if Redis has lost it
   */
  emit(
    given: TimedRecord[] | Block,
    extra = '',
    extras?: ReadonlyMap<number, string>,
    once?: string,
  ): Promise<Position> {
    const count = given instanceof Block ? given.count : given.length;
    const batch: Batch = { given, count, extra, extras, once };
    const turn: QueuedBatch = { batch, sending: null };
    this.#queue.push(turn);
    if (this.#ahead) this.#sendAhead(turn, this.#ahead);
    const settled = this.#last.then(() => this.#settle(turn)).finally(() => this.#queue.shift());
    // If this batch fails for good, later ones are sent anew. The caller gets the error from `settled`.
    this.#last = settled.catch(() => (this.#ahead = null));
    return settled;
  }

  /**
   * Waits until a batch is written. If the channel is elsewhere, it gets a new position and is sent again; if Redis refuses
   * for a reason that passes, it is sent again until Redis accepts it.
   */
  async #settle({ batch, sending: early }: QueuedBatch): Promise<Position> {
    // Any of them may have arrived although its answer was lost.
    const attempts: SendAttempt[] = [];
    const attempt = async () => {
      const isEarly = early !== null && attempts.length === 0;
      const sending = isEarly ? early : this.#send(batch, await this.#position(), false);
      attempts.push(sending);
      return sending.reply;
    };
    for (;;) {
      const reply = await this.#waitOut(attempt);
      if (reply?.[0] === 1) {
        this.#head = { epoch: Number(reply[1]), offset: Number(reply[2]) };
        this.#goAhead(this.#head);
        return this.#head;
      }
      this.#ahead = null;
      if (reply === null) continue;
      if (reply[0] === 2) {
        // Written before, perhaps long ago: where the channel stands now is not known.
        this.#head = null;
        return { epoch: Number(reply[1]), offset: Number(reply[2]) };
      }
      if (reply[0] === 0) {
        // The channel is elsewhere: somebody else wrote, or an earlier attempt arrived whose answer was lost.
        const actual = { epoch: Number(reply[1]), offset: Number(reply[2]) };
        const arrived = await this.#waitOut(() => this.#arrived(attempts, actual));
        if (arrived) {
          const { epoch, offset } = arrived.from;
          return (this.#head = { epoch, offset: offset + batch.count });
        }
        // A batch sent ahead was answered before those in front of it were sent again: the channel has moved since.
        if (early !== null && attempts.length === 1) continue;
        const isLost =
          actual.epoch !== attempts.at(-1)!.from.epoch ||
          (this.#head !== null && comparePositions(actual, this.#head) < 0);
        if (this.#options.lease && isLost) throw logReset(this.spec.name);
        this.#head = actual;
      } else if (reply[0] === -1) {
        throw leaseLost(this.spec.name, this.#id, String(reply[1]));
      } else if (reply[0] === -2) {
        await new Promise((resolve) => setTimeout(resolve, FULL_RETRY_MS));
      } else throw invariant(`emit answered ${JSON.stringify(reply)}`);
    }
  }

  #waitOut<T>(work: () => Promise<T>): Promise<T> {
    return waitOut(this.#redis, work, {
      isOver: this.#options.isOver,
      waiting: (reason) => {
        // Batches behind this one are sent when it is written.
        if (reason) this.#ahead = null;
        this.#options.waiting?.(reason);
      },
    });
  }

  async #position(): Promise<Position> {
    return (this.#head ??= await readHead(this.#redis, this.spec.name));
  }

  async #arrived(attempts: SendAttempt[], actual: Position): Promise<SendAttempt | null> {
    for (const attempt of attempts) if (await attempt.landed(actual)) return attempt;
    return null;
  }

  /** When no batch is on its way any more, the position is certain: waiting batches, and later ones, are sent ahead. */
  #goAhead(head: Position): void {
    const waiting = this.#queue.slice(1);
    if (waiting.some(({ sending }) => sending !== null)) return;
    this.#ahead = head;
    for (const turn of waiting) this.#sendAhead(turn, this.#ahead);
  }

  #sendAhead(turn: QueuedBatch, ahead: Position): void {
    turn.sending = this.#sendEarly(turn.batch, ahead, ahead !== this.#head);
    this.#ahead = { epoch: ahead.epoch, offset: ahead.offset + turn.batch.count };
  }

  #send(batch: Batch, head: Position, follows: boolean): SendAttempt {
    const { lease, waits } = this.#options;
    const records = recordsOf(batch);
    const { once } = batch;
    const named = once === undefined ? this.#keys : [...this.#keys, keys.once(this.spec.name, once)];
    const from = head.epoch === 0 ? { epoch: firstEpoch(this.#wallMs()), offset: 0 } : head;
    const events = this.frame(records, from);
    const args = FUNCTIONS.emit.encode({
      token: lease?.token ?? '',
      leaseMs: lease?.lifeMs ?? 0,
      waits: waits ?? false,
      writer: this.#id,
      follows,
      ...batchOf(this.spec, head, from, records, events),
    });
    const reply = callFunction(this.#redis, 'emit', named, args) as Promise<(number | string)[]>;
    reply.catch(() => {}); // Awaited in its turn, which may come later than the failure.
    return { from, reply, landed: (actual) => this.#landed(events, from, actual) };
  }

  /** Sends a batch before the answers to those before it, so it may be refused. */
  #sendEarly(batch: Batch, head: Position, follows: boolean): SendAttempt {
    const { given: block, extra, extras, once } = batch;
    const isPlain = block instanceof Block && block.bare === null && once === undefined;
    if (!isPlain || block.count < TRANSACTION_MIN_EVENTS || !this.#canTransact)
      return this.#send(batch, head, follows);
    const from = head.epoch === 0 ? { epoch: firstEpoch(this.#wallMs()), offset: 0 } : head;
    const sent = this.#sent();
    const out = this.#spare.pop() ?? new CommandBuffer();
    const placing = { head, from, follows, sent, extra, extras };
    const written = sendCommands(this.#redis, (frame) =>
      this.#transactions.write(out, block, placing, frame),
    );
    // Whether it was executed is in the receipt. With an answer, the connection no longer needs the buffer.
    written.catch(() => {}).finally(() => void this.#spare.push(out));
    const to = { epoch: from.epoch, offset: from.offset + block.count };
    const reply = this.#receiptOf(to, written);
    reply.catch(() => {});
    return { from, reply, landed: () => this.#hasReceipt(to) };
  }

  /** What `emit` would answer for a transaction that reaches this position; null: it was not executed. */
  async #receiptOf(to: Position, written: Promise<Error | null>): Promise<(number | string)[] | null> {
    const answer = [1, to.epoch, to.offset];
    if (await this.#hasReceipt(to)) return answer;
    // After a lost connection, commands may be sent again in another order, so it may still be executed.
    const error = await written.catch(() => null);
    // Some replies could not be suppressed.
    if (error?.message.startsWith('NOPERM')) this.#canTransact = false;
    return (await this.#hasReceipt(to)) ? answer : null;
  }

  /** Whether a transaction has reached this position. */
  async #hasReceipt(to: Position): Promise<boolean> {
    const receipt = await this.#redis.get(this.#transactions.receipt);
    const reached = receipt === null ? null : parsePosition(receipt);
    return reached !== null && reached.epoch === to.epoch && reached.offset >= to.offset;
  }

  #sent(): string {
    return new Date(this.#wallMs()).toISOString();
  }

  #wallMs(): number {
    return this.#options.wall?.() ?? Date.now();
  }

  /** The records as the lines of events that follow `from`. */
  frame(records: TimedRecord[], from: Position): string[] {
    const sent = this.#sent();
    return records.map((record, i) => this.#framer.frame(record, from.epoch, from.offset + 1 + i, sent));
  }

  async #landed(events: string[], from: Position, actual: Position): Promise<boolean> {
    if (actual.epoch !== from.epoch || actual.offset < from.offset + events.length) return false;
    // Without a log: no other writer has come in between, because each batch of this one follows its own.
    if (this.spec.logMax === 0) return (await this.#redis.hget(keys.head(this.spec.name), 'by')) === this.#id;
    const id = positionText({ epoch: from.epoch, offset: from.offset + 1 });
    const [entry] = await this.#redis.xrange(keys.log(this.spec.name), id, id);
    return entry?.[1][1] === events[0];
  }
}

function recordsOf({ given, extra, extras }: Batch): TimedRecord[] {
  const records = given instanceof Block ? given.records() : given;
  if (extra === '' && !extras) return records;
  return records.map((record, row) => ({ ...record, extra: extra + (extras?.get(row) ?? '') }));
}

function logReset(channel: string): Error {
  return failure(
    'log_reset',
    `Redis has lost events of channel "${channel}": it was flushed, or restarted without its latest data.`,
    { hint: 'The replay continues in a new epoch.' },
  );
}
