import { randomUUID } from 'node:crypto';
import { readHead } from '../redis/channel-store.ts';
import { sendCommands, callFunction, canSuppressReplies, type Redis } from '../redis/connection.ts';
import { Block } from '../wire/block.ts';
import { CommandBuffer } from './command-buffer.ts';
import { batchKeys, batchOf } from './batch.ts';
import type { ChannelSpec } from '../wire/channels.ts';
import { keys } from '../wire/keys.ts';
import { Framer, parsePosition, positionText, type Position, type TimedRecord } from '../wire/event.ts';
import { failure, invariant } from '../problems/errors.ts';
import { FUNCTIONS } from '../lua/functions.ts';
import { leaseLost, type Lease } from './lease.ts';
import { TransactionWriter } from './transaction.ts';

/** What one call hands over. */
interface Batch {
  given: TimedRecord[] | Block;
  count: number;
  extra: string;
  extras: ReadonlyMap<number, string> | undefined;
}

/** A batch on its way: stamped to follow `from`. */
interface SendAttempt {
  from: Position;
  /** Whether it is known to have been written, where the reply does not tell. */
  landed(actual: Position): Promise<boolean>;
  /** As the function `emit` answers; null when a transaction was not carried out, and the function is to say why. */
  reply: Promise<(number | string)[] | null>;
}

/** A batch from when it was given until it is written. */
interface QueuedBatch {
  batch: Batch;
  /** Null: it waits, for nobody knows where it will stand. */
  sending: SendAttempt | null;
}

export interface WriterOptions {
  source: string;
  replay?: string;
  lease?: Lease;
  /** Wait for attached services rather than push events out of the log that they have not read. */
  waits?: boolean;
  /** Wall clock, epoch milliseconds: for `sent`. */
  wall?: () => number;
}

const FULL_RETRY_MS = 5;
/** From so many events on a transaction is cheaper than the function, whose answer says more. */
const TRANSACTION_MIN_EVENTS = 32;

/**
 * Writes events onto one channel. Promises: within an epoch, offsets count from 1 without a hole; a batch is written
 * whole or not at all, and once even when the connection breaks around it; batches keep the order of the calls.
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
  /** Not on their way: to be written again. */
  readonly #spare: CommandBuffer[] = [];
  /** Where Redis was last known to stand. */
  #head: Position | null = null;
  /** Where it will stand once all batches on their way have arrived; null: send none before the answers are in. */
  #ahead: Position | null = null;
  #last: Promise<unknown> = Promise.resolve();
  /** In order; the first is being seen through. */
  readonly #turns: QueuedBatch[] = [];

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

  /** The epoch it writes, as far as it knows; 0 before it has looked. */
  get epoch(): number {
    return this.#head?.epoch ?? 0;
  }

  /** The epoch was opened on the channel for this writer: the next event is the one after `offset`. */
  startEpoch(epoch: number, offset = 0): void {
    this.#head = this.#ahead = { epoch, offset };
  }

  /**
   * Writes the batch after all batches before it; answers the position of its last event. Further calls may be made
   * before the answer: they are on their way meanwhile, and never overtake. `extra`: further members of each event as
   * JSON text, with a leading comma; `extras`: the same of single events, by their row.
   * @throws failure `lease_lost` or `replay_taken` when another process has the channel; `log_reset` when Redis
   * has lost the channel
   */
  emit(given: TimedRecord[] | Block, extra = '', extras?: ReadonlyMap<number, string>): Promise<Position> {
    const batch: Batch = { given, count: given instanceof Block ? given.count : given.length, extra, extras };
    const turn: QueuedBatch = { batch, sending: null };
    this.#turns.push(turn);
    if (this.#ahead) this.#sendAhead(turn, this.#ahead);
    const settled = this.#last.then(() => this.#settle(turn)).finally(() => this.#turns.shift());
    // A later batch goes its own way when this one fails for good; the caller hears of it from `settled`.
    this.#last = settled.catch(() => (this.#ahead = null));
    return settled;
  }

  /** Sees a batch through: what was refused is stamped again, in its turn, until it is written. */
  async #settle({ batch, sending: early }: QueuedBatch): Promise<Position> {
    for (let sending = early; ; sending = null) {
      this.#head ??= await readHead(this.#redis, this.spec.name);
      sending ??= this.#send(recordsOf(batch), this.#head, false);
      const { from } = sending;
      const reply = await sending.reply;
      if (reply === null) {
        this.#ahead = null;
        continue;
      }
      if (reply[0] === 1) {
        this.#head = { epoch: Number(reply[1]), offset: Number(reply[2]) };
        this.#goAhead(this.#head);
        return this.#head;
      }
      this.#ahead = null;
      if (reply[0] === 0) {
        // Redis stands elsewhere: another wrote, or an earlier sending of this very batch arrived unanswered.
        const actual = { epoch: Number(reply[1]), offset: Number(reply[2]) };
        if (await sending.landed(actual))
          return (this.#head = { epoch: from.epoch, offset: from.offset + batch.count });
        if (this.#options.lease && actual.epoch !== from.epoch) throw logReset(this.spec.name);
        this.#head = actual;
      } else if (reply[0] === -1) {
        throw leaseLost(this.spec.name, this.#id, String(reply[1]));
      } else if (reply[0] === -2) {
        await new Promise((resolve) => setTimeout(resolve, FULL_RETRY_MS));
      } else throw invariant(`emit answered ${JSON.stringify(reply)}`);
    }
  }

  /** Once nothing is on its way any more, what waits and what comes may be sent before the answers are in. */
  #goAhead(head: Position): void {
    const waiting = this.#turns.slice(1);
    if (waiting.some(({ sending }) => sending !== null)) return;
    this.#ahead = head;
    for (const turn of waiting) this.#sendAhead(turn, this.#ahead);
  }

  #sendAhead(turn: QueuedBatch, ahead: Position): void {
    turn.sending = this.#sendEarly(turn.batch, ahead, ahead !== this.#head);
    this.#ahead = { epoch: ahead.epoch, offset: ahead.offset + turn.batch.count };
  }

  #send(records: TimedRecord[], head: Position, follows: boolean): SendAttempt {
    const { lease, waits } = this.#options;
    const from = head.epoch === 0 ? { epoch: 1, offset: 0 } : head;
    const events = this.frame(records, from);
    const args = FUNCTIONS.emit.encode({
      token: lease?.token ?? '',
      leaseMs: lease?.lifeMs ?? 0,
      waits: waits ?? false,
      writer: this.#id,
      follows,
      ...batchOf(this.spec, head, from, records, events),
    });
    const reply = callFunction(this.#redis, 'emit', this.#keys, args) as Promise<(number | string)[]>;
    reply.catch(() => {}); // Awaited in its turn, which may come later than the failure.
    return { from, reply, landed: (actual) => this.#landed(events, from, actual) };
  }

  /** Sends what may well be refused. */
  #sendEarly(batch: Batch, head: Position, follows: boolean): SendAttempt {
    const { given: block, extra, extras } = batch;
    if (!(block instanceof Block) || block.count < TRANSACTION_MIN_EVENTS || !this.#canTransact)
      return this.#send(recordsOf(batch), head, follows);
    const from = head.epoch === 0 ? { epoch: 1, offset: 0 } : head;
    const sent = this.#sent();
    const out = this.#spare.pop() ?? new CommandBuffer();
    const placing = { head, from, follows, sent, extra, extras };
    const written = sendCommands(this.#redis, () => this.#transactions.write(out, block, placing));
    // The receipt says all; and what has an answer is not sent again.
    written.catch(() => {}).finally(() => void this.#spare.push(out));
    const to = { epoch: from.epoch, offset: from.offset + block.count };
    const reply = this.#receiptOf(to, written);
    reply.catch(() => {});
    return { from, reply, landed: async () => false };
  }

  /** As `emit` would answer for a transaction that is to reach a position; null when it was not carried out. */
  async #receiptOf(to: Position, written: Promise<unknown>): Promise<(number | string)[] | null> {
    const isThere = async () => {
      const receipt = await this.#redis.get(this.#transactions.receipt);
      const reached = receipt === null ? null : parsePosition(receipt);
      return reached !== null && reached.epoch === to.epoch && reached.offset >= to.offset;
    };
    const answer = [1, to.epoch, to.offset];
    if (await isThere()) return answer;
    // When a connection breaks while commands are being sent again they may change places: it may be carried out yet.
    await written.catch(() => {});
    return (await isThere()) ? answer : null;
  }

  #sent(): string {
    return new Date(this.#options.wall?.() ?? Date.now()).toISOString();
  }

  /** The batch as event lines, stamped to follow `from`. */
  frame(records: TimedRecord[], from: Position): string[] {
    const sent = this.#sent();
    return records.map((record, i) => this.#framer.frame(record, from.epoch, from.offset + 1 + i, sent));
  }

  async #landed(events: string[], from: Position, actual: Position): Promise<boolean> {
    if (actual.epoch !== from.epoch || actual.offset < from.offset + events.length || this.spec.logMax === 0)
      return false;
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
    `Redis no longer knows channel "${channel}": it was flushed, or restarted without its data.`,
    {
      hint: 'The replay goes on in a new epoch.',
    },
  );
}
