import { setTimeout as delay } from 'node:timers/promises';
import { Block } from '../../core/wire/block.ts';
import { channelSpec } from '../../core/wire/channels.ts';
import type { Clock } from '../../core/time/clock.ts';
import { attachedConsumers, type Consumer } from '../../core/redis/consumers.ts';
import type { Redis } from '../../core/redis/connection.ts';
import { newTrace, traceparentText, type TraceContext } from '../../core/wire/trace.ts';
import { recordHops } from '../../core/redis/trace-log.ts';
import type { RepriseError } from '../../core/problems/errors.ts';
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
/** What a lot is drawn for; see `lot`. */
const TRACES = 0x7ace;
/** As much as keeps Redis from everybody else for some two milliseconds: a log and the state take four times as long. */
const RECORDS_AT_ONCE = 512;
const PUBLISHED_AT_ONCE = 2_048;

/** Puts the records of one replay onto its channels, which it owns meanwhile. */
export class Emission implements Output {
  readonly recordsAtOnce: number;
  readonly #redis: Redis;
  readonly #replay: string;
  readonly #channels: string[];
  readonly #lease: Lease;
  readonly #writers: ChannelWriter[];
  readonly #restamp: boolean;
  readonly #traceShare: number;
  /** Known once the player is made. */
  clock: Clock | null = null;
  loopsDone = () => 0;
  /** The offset that each channel has reached. */
  readonly #offsets: number[];

  constructor(parts: {
    redis: Redis;
    replay: string;
    channels: string[];
    config: Config['channels'];
    lease: Lease;
    restamp: boolean;
    /** This share of the records is traced, 0 to 1; the same ones in every replay. */
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
        }),
    );
  }

  async begin(lastEpoch: number, fromMs: number): Promise<number> {
    const start = { replay: this.#replay, fromMs, loopsDone: this.loopsDone() };
    const epoch = await beginEpoch(this.#redis, this.#channels, this.#lease, lastEpoch, start);
    this.#writers.forEach((writer) => writer.startEpoch(epoch));
    this.#offsets.fill(0);
    return epoch;
  }

  /** Takes the channels where a process that is gone has left them; null where that is not known. */
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
    // A record of traces that has a gap is no reason to stop.
    recordHops(this.#redis, hops).catch(() => {});
  }

  reached(timeMs: number, over: boolean): Promise<void> {
    const { epoch } = this.#writers[0]!;
    return markChannels(this.#redis, this.#channels, this.#lease, { epoch, timeMs, over });
  }

  async acknowledged(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.slowest())) await delay(LOOK_MS);
  }

  /** The attached consumer that is the furthest behind what has been sent; null where none is. */
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

  /** Whether each channel has so many subscribers. */
  async hasSubscribers(count: number): Promise<boolean> {
    const reply = (await this.#redis.pubsub('NUMSUB', ...this.#channels)) as (string | number)[];
    return this.#channels.every((_, i) => Number(reply[i * 2 + 1]) >= count);
  }

  /** Keeps the channels; answers why they are no longer its own, if so. */
  renew(): Promise<RepriseError | null> {
    return renewLease(this.#redis, this.#channels, this.#lease);
  }

  release(): Promise<void> {
    return releaseLease(this.#redis, this.#channels, this.#lease);
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

  /** The same records at the wall time at which they are due. */
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

/** That records were sent, for the record of traces. `reached`: where the last of the block stands. */
function sentHops(
  traced: ReadonlyMap<number, TraceContext>,
  block: Block,
  { channel, reached, receivedMs }: { channel: string; reached: Position; receivedMs: number },
): Hop[] {
  const [received, finished] = [new Date(receivedMs).toISOString(), new Date().toISOString()];
  return Array.from(traced, ([row, { trace, span }]): Hop => {
    const event = `${channel}/${reached.epoch}/${reached.offset - block.count + 1 + row}`;
    return {
      ...{ trace, span, service: 'replayer', channel, event, created: isoTime(block.timesMs[row]!) },
      ...{ sent: received, received, finished, status: 'sent', to: [event] },
    };
  });
}
