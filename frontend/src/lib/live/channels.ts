import type { Batch, CloudEvent, Gap, Subscribed } from '../../../../schemas/types.ts';
import { isPlace } from '../map/geo.ts';
import { RingBuffer } from './ring-buffer.ts';

/** How events reached the page: as they happen, as the latest of each subject, or from the log after a load. */
export type Arrival = 'live' | 'snapshot' | 'past';

/** What a channel feeds: it takes events in order and forgets them when their epoch is void. `times` are event times in ms. */
export interface Sink {
  take(channel: ChannelState, events: readonly CloudEvent[], times: Float64Array, arrival: Arrival): void;
  forget(channel: ChannelState): void;
  /** Whether what the log still has of epochs before is of use; `history` is that of the current one. */
  wants?(history: readonly CloudEvent[]): boolean;
  /** Takes events of epochs before, oldest first. */
  recall?(channel: ChannelState, events: readonly CloudEvent[], times: Float64Array): void;
}

/** Events that never reached the page: how many, of which channel, and about when (recording time, ms). */
export interface Loss {
  channel: string;
  timeMs: number;
  count: number;
}

const MOST_LOSSES = 500;

/** Where the page stands on one channel. Plain data: nothing here is reactive. */
export class ChannelState {
  readonly name: string;
  epoch = 0;
  offset = 0;
  received = 0;
  /** Events that the page never got, of all epochs. */
  lost = 0;
  /** Events left out because a later one of their subject came with them. */
  conflated = 0;
  /** Event time of the latest event, ms. */
  lastTime = NaN;
  readonly latest = new Map<string, CloudEvent>();
  readonly recent = new RingBuffer<CloudEvent>(400);
  /** Batches that wait until the snapshot and the history are in. */
  held: Batch[] | null = null;
  snapshot: readonly CloudEvent[] = [];

  constructor(name: string) {
    this.name = name;
  }
}

/** Keeps every watched channel to the promise of the wire: in order, nothing twice, a hole is counted, a newer epoch voids the past. */
export class Channels {
  readonly all = new Map<string, ChannelState>();
  /** When the last live event came (performance.now). */
  liveAt = -Infinity;
  /** Channels whose events have a place on the map. */
  readonly placed = new Set<string>();
  /** Told when a channel turns out to have places. */
  onplaced: () => void = () => {};
  /** The latest losses. */
  readonly losses: Loss[] = [];
  readonly #sinks: readonly Sink[];
  readonly #changed: () => void;

  constructor(sinks: readonly Sink[], changed: () => void) {
    this.#sinks = sinks;
    this.#changed = changed;
  }

  /** The channel's state; from now on its batches wait for `subscribed` and `fill`. */
  open(name: string): ChannelState {
    const channel = this.all.get(name) ?? new ChannelState(name);
    this.all.set(name, channel);
    channel.held = [];
    return channel;
  }

  /** Forgets what a channel has told: something else is asked of it from now on. */
  reset(name: string): void {
    const channel = this.all.get(name);
    if (!channel) return;
    this.#forget(channel);
    channel.epoch = 0;
  }

  close(name: string): void {
    const channel = this.all.get(name);
    if (!channel) return;
    this.#forget(channel);
    this.all.delete(name);
    this.#changed();
  }

  /** Takes the acknowledgement of a subscription. True when the past is void and history is wanted: call `fill` with it. */
  subscribed(name: string, { epoch, offset, recovered, snapshot }: Subscribed): boolean {
    const channel = this.all.get(name);
    if (!channel) return false;
    if (recovered) {
      this.#release(channel);
      return false;
    }
    this.#forget(channel);
    channel.epoch = epoch;
    channel.offset = offset;
    channel.snapshot = snapshot;
    this.#give(channel, snapshot, 'snapshot');
    return true;
  }

  /** Gives the history, oldest first, then the batches that came meanwhile. */
  fill(name: string, history: readonly CloudEvent[]): void {
    const channel = this.all.get(name);
    if (!channel?.held) return;
    const past = history.filter((event) => event.epoch === channel.epoch && event.offset <= channel.offset);
    this.#give(channel, past.length > 0 ? past : channel.snapshot, 'past');
    channel.snapshot = [];
    this.#release(channel);
  }

  /** Whether the log's events of epochs before are of use to anybody. */
  wantsOlder(history: readonly CloudEvent[]): boolean {
    return this.#sinks.some((sink) => sink.wants?.(history));
  }

  /** Gives events of epochs before, oldest first. */
  recall(name: string, events: readonly CloudEvent[]): void {
    const channel = this.all.get(name);
    if (!channel) return;
    const older = events.filter(({ epoch }) => epoch < channel.epoch);
    for (const sink of this.#sinks) sink.recall?.(channel, older, timesOf(older));
    this.#changed();
  }

  batch(batch: Batch): void {
    const channel = this.all.get(batch.channel);
    if (!channel || batch.epoch < channel.epoch) return;
    if (channel.held) {
      channel.held.push(batch);
      return;
    }
    if (batch.epoch > channel.epoch) {
      this.#forget(channel);
      channel.epoch = batch.epoch;
    }
    this.#lose(channel, Math.max(0, batch.from - channel.offset - 1) + batch.dropped);
    channel.conflated += batch.conflated;
    const events =
      batch.from > channel.offset
        ? batch.events
        : batch.events.filter((event) => event.offset > channel.offset);
    channel.offset = Math.max(channel.offset, batch.to);
    channel.received += events.length;
    if (events.length > 0) this.liveAt = performance.now();
    this.#give(channel, events, 'live');
  }

  gap({ channel: name, epoch, from, to }: Gap): void {
    const channel = this.all.get(name);
    if (!channel || epoch < channel.epoch || channel.held) return;
    if (epoch > channel.epoch) {
      this.#forget(channel);
      channel.epoch = epoch;
    }
    this.#lose(channel, Math.max(0, to - Math.max(from - 1, channel.offset)));
    channel.offset = Math.max(channel.offset, to);
    this.#changed();
  }

  #lose(channel: ChannelState, count: number): void {
    if (count === 0) return;
    channel.lost += count;
    this.losses.push({ channel: channel.name, timeMs: channel.lastTime, count });
    if (this.losses.length > MOST_LOSSES) this.losses.shift();
  }

  #release(channel: ChannelState): void {
    const held = channel.held ?? [];
    channel.held = null;
    for (const batch of held) this.batch(batch);
  }

  #give(channel: ChannelState, events: readonly CloudEvent[], arrival: Arrival): void {
    if (events.length === 0) return;
    const times = timesOf(events);
    const isNew = !this.placed.has(channel.name) && events.some(({ data }) => isPlace(data));
    if (isNew) this.placed.add(channel.name);
    for (const event of events) {
      if (arrival !== 'past') channel.latest.set(event.subject, event);
      if (arrival !== 'snapshot') channel.recent.push(event);
    }
    for (const time of times) if (!(time <= channel.lastTime)) channel.lastTime = time;
    for (const sink of this.#sinks) sink.take(channel, events, times, arrival);
    this.#changed();
    if (isNew) this.onplaced();
  }

  #forget(channel: ChannelState): void {
    channel.offset = 0;
    channel.lastTime = NaN;
    channel.latest.clear();
    channel.recent.clear();
    for (const sink of this.#sinks) sink.forget(channel);
    this.#changed();
  }
}

const timesOf = (events: readonly CloudEvent[]): Float64Array =>
  Float64Array.from(events, (event) => Date.parse(event.time));
