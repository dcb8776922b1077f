import { setTimeout as delay } from 'node:timers/promises';
import { Block } from '../../core/wire/block.ts';
import { channelSpec } from '../../core/wire/channels.ts';
import type { Clock } from '../../core/time/clock.ts';
import { attachedConsumers, type Consumer } from '../../core/redis/consumers.ts';
import type { Redis } from '../../core/redis/connection.ts';
import { newTrace, traceparentText, type TraceContext } from '../../core/wire/trace.ts';
import { recordHops } from '../../core/redis/trace-log.ts';
import type { RepriseError } from '../../core/problems/errors.ts';
import type { PassingReason } from '../../core/problems/passing.ts';
import { waitOut } from '../../core/redis/wait-out.ts';
import { isoTime, type Position } from '../../core/wire/event.ts';
import {
  beginEpoch,
  markChannels,
  releaseLease,
  renewLease,
  resumeEpoch,
  type Lease,
  type ResumedEpoch,
} from '../../core/writing/lease.ts';
import { ChannelWriter } from '../../core/writing/writer.ts';
import type { Config, Hop } from '../../schemas/types.ts';
import { lot } from '../reading/record-filter.ts';
import type { Output } from './output.ts';

const RESTORED = ',"restored":true';
const LOOK_MS = 2;
/** The purpose of the draw; see `lot`. */
const TRACES = 0x7ace;
/** Keeps Redis busy for about two milliseconds. Without a log and a state, four times as many records take as long. */
const RECORDS_AT_ONCE = 512;
const PUBLISHED_AT_ONCE = 2_048;

/**
 * Writes the records of one replay to its channels, and holds the lease of the channels. While Redis refuses for a reason
 * that passes, everything that the player asks for waits, and goes on by itself.
 */
export class Emission implements Output {
  readonly recordsAtOnce: number;
  readonly #redis: Redis;
  readonly #replay: string;
  readonly #channels: string[];
  readonly #lease: Lease;
  readonly #writers: ChannelWriter[];
  readonly #restamp: boolean;
  readonly #traceShare: number;
  /** Set when the player exists. */
  clock: Clock | null = null;
  loopsDone = () => 0;
  /** Called when it begins or ends to wait for Redis. */
  changed = () => {};
  #refusal: PassingReason | null = null;
  #isOver = false;
  /** The offset that each channel has reached, by its index. */
  readonly #offsets: number[];

  constructor(parts: {
    redis: Redis;
    replay: string;
    channels: string[];
    config: Config['channels'];
    lease: Lease;
    restamp: boolean;
    /** The share of records that is traced, 0 to 1; the same records in every replay. */
    traceShare: number;
  }) {
    this.#redis = parts.redis;
    this.#replay = parts.replay;
    this.#channels = parts.channels;
    this.#lease = parts.lease;
    this.#restamp = parts.restamp;
    this.#traceShare = parts.traceShare;
    this.#offsets = parts.channels.map(() => 0);
    const specs = parts.channels.map((channel) => channelSpec(channel, parts.config));
    const publishesOnly = specs.every(({ logMax, keepsState }) => logMax === 0 && !keepsState);
    this.recordsAtOnce = publishesOnly ? PUBLISHED_AT_ONCE : RECORDS_AT_ONCE;
    this.#writers = specs.map(
      (spec) =>
        new ChannelWriter(parts.redis, spec, {
          source: `/replays/${parts.replay}`,
          replay: parts.replay,
          lease: parts.lease,
          waits: true,
          ...this.#waiting,
        }),
    );
  }

  /** Why Redis refuses what this replay writes; null while it does not. */
  get refusal(): PassingReason | null {
    return this.#refusal;
  }

  /** Waits for Redis no longer: what it refuses from now on is an error. */
  stopWaiting(): void {
    this.#isOver = true;
  }

  async begin(lastEpoch: number, fromMs: number): Promise<number> {
    const start = { replay: this.#replay, fromMs, loopsDone: this.loopsDone() };
    const epoch = await this.#waitOut(() =>
      beginEpoch(this.#redis, this.#channels, this.#lease, lastEpoch, start),
    );
    this.#writers.forEach((writer) => writer.startEpoch(epoch));
    this.#offsets.fill(0);
    return epoch;
  }

  /** Takes the channels over where a process that is gone left them; null where Redis does not know that. */
  async resume(): Promise<ResumedEpoch | null> {
    const left = await resumeEpoch(this.#redis, this.#channels, this.#lease, this.#replay);
    left?.channels.forEach(({ offset }, i) => {
      this.#writers[i]!.startEpoch(left.epoch, offset);
      this.#offsets[i] = offset;
    });
    return left;
  }

  async emit(channel: number, block: Block, restored: boolean): Promise<void> {
    const given = this.#restamp ? this.#restamped(block) : block;
    const traced = restored || this.#traceShare === 0 ? null : this.#traced(block);
    const extras = traced && new Map(Array.from(traced, ([row, context]) => [row, traceText(context)]));
    const receivedMs = Date.now();
    const reached = await this.#writers[channel]!.emit(given, restored ? RESTORED : '', extras ?? undefined);
    this.#offsets[channel] = reached.offset;
    if (!traced) return;
    const hops = sentHops(traced, given, { channel: this.#channels[channel]!, reached, receivedMs });
    // A gap in the recorded traces must not stop the replay.
    recordHops(this.#redis, hops).catch(() => {});
  }

  reached(timeMs: number, over: boolean): Promise<void> {
    const { epoch } = this.#writers[0]!;
    return this.#waitOut(() =>
      markChannels(this.#redis, this.#channels, this.#lease, { epoch, timeMs, over }),
    );
  }

  async acknowledged(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.#waitOut(() => this.slowest()))) await delay(LOOK_MS);
  }

  /** The attached consumer that is furthest behind what was sent; null where none is behind. */
  async slowest(): Promise<(Consumer & { channel: string; events: number }) | null> {
    const consumers = await attachedConsumers(this.#redis, this.#channels);
    let slowest: (Consumer & { channel: string; events: number }) | null = null;
    for (const [i, channel] of this.#channels.entries()) {
      for (const consumer of consumers[i]!) {
        const read = consumer.epoch === this.#writers[i]!.epoch ? consumer.offset : 0;
        const events = this.#offsets[i]! - read;
        if (events > (slowest?.events ?? 0)) slowest = { ...consumer, channel, events };
      }
    }
    return slowest;
  }

  /** Whether each channel has at least this many subscribers. */
  async hasSubscribers(count: number): Promise<boolean> {
    const reply = (await this.#waitOut(() => this.#redis.pubsub('NUMSUB', ...this.#channels))) as (
      string | number
    )[];
    return this.#channels.every((_, i) => Number(reply[i * 2 + 1]) >= count);
  }

  /** Renews the lease; answers why the channels are lost, if they are. */
  renew(): Promise<RepriseError | null> {
    return renewLease(this.#redis, this.#channels, this.#lease);
  }

  release(): Promise<void> {
    return releaseLease(this.#redis, this.#channels, this.#lease);
  }

  get #waiting() {
    return {
      isOver: () => this.#isOver,
      waiting: (refusal: PassingReason | null) => {
        if (this.#refusal?.code === refusal?.code) return;
        this.#refusal = refusal;
        this.changed();
      },
    };
  }

  #waitOut<T>(work: () => Promise<T>): Promise<T> {
    return waitOut(this.#redis, work, this.#waiting);
  }

  /** The rows of a block that are traced; null where none is. */
  #traced({ timesMs, subjects, names }: Block): Map<number, TraceContext> | null {
    let found: Map<number, TraceContext> | null = null;
    timesMs.forEach((timeMs, row) => {
      if (lot(timeMs, names[subjects[row]!]!, TRACES) < this.#traceShare)
        (found ??= new Map<number, TraceContext>()).set(row, newTrace(true));
    });
    return found;
  }

  /** The same records, at the wall time at which they are due. */
  #restamped(block: Block): Block {
    const { clock } = this;
    const nowMs = Date.now();
    const dueInMs = (timeMs: number) => {
      const ms = clock?.dueInMs(timeMs) ?? 0;
      return Number.isFinite(ms) ? ms : 0;
    };
    return new Block({
      ...block,
      timesMs: block.timesMs.map((timeMs) => Math.round(nowMs + dueInMs(timeMs))),
    });
  }
}

const traceText = (context: TraceContext) => `,"traceparent":"${traceparentText(context)}"`;

/** The hops that say that records were sent. `reached`: the position of the block's last record. */
function sentHops(
  traced: ReadonlyMap<number, TraceContext>,
  block: Block,
  { channel, reached, receivedMs }: { channel: string; reached: Position; receivedMs: number },
): Hop[] {
  const [received, finished] = [new Date(receivedMs).toISOString(), new Date().toISOString()];
  return Array.from(traced, ([row, { trace, span }]): Hop => {
    const event = `${channel}/${reached.epoch}/${reached.offset - block.count + 1 + row}`;
    return {
      trace,
      span,
      service: 'replayer',
      channel,
      event,
      created: isoTime(block.timesMs[row]!),
      sent: received,
      received,
      finished,
      status: 'sent',
      to: [event],
    };
  });
}
