import type { Batch, CloudEvent, Gap, Subscribed } from '../../../../schemas/types.ts';
import { ChannelState, type Arrival, type EventSink, type Loss } from './channel-state.ts';
import { isPlace } from './event-data.ts';
import { LIVE, type Scope } from './scope.ts';

const MOST_LOSSES = 500;

/** Passes the events of every watched channel on in order and once each; counts those missing; a newer epoch voids the past. */
export class Channels {
  readonly all = new Map<string, ChannelState>();
  /** When the last live event arrived (performance.now). */
  liveAt = -Infinity;
  /** Channels whose events have a place on the map. */
  readonly placed = new Set<string>();
  /** Called when a channel turns out to have places. */
  onplaced: () => void = () => {};
  /** The latest losses. */
  readonly losses: Loss[] = [];
  /** Which events are shown; the others are dropped, unless the person asked for their channel. */
  scope: Scope = { ...LIVE, has: () => true };
  /** Whether a channel is only shown because the person asked for it: its events reach the table and added charts. */
  isExtra: (name: string) => boolean = () => false;
  readonly #sinks: readonly EventSink[];
  readonly #changed: () => void;

  constructor(sinks: readonly EventSink[], changed: () => void) {
    this.#sinks = sinks;
    this.#changed = changed;
  }

  /** Returns the channel's state; its batches wait until `subscribed` and `fill` are called. */
  open(name: string): ChannelState {
    const channel = this.all.get(name) ?? new ChannelState(name);
    this.all.set(name, channel);
    channel.held = [];
    return channel;
  }

  /** Forgets the events of all channels and what was counted, because another replay is shown. */
  rescope(scope: Scope): void {
    this.scope = scope;
    this.losses.length = 0;
    this.placed.clear();
    for (const channel of this.all.values()) channel.received = channel.lost = channel.conflated = 0;
    // Nothing of it has arrived yet. The page may be still: it is drawn anew.
    this.liveAt = -Infinity;
    this.#changed();
  }

  /** Forgets the events of a channel, because other ones of it are shown from now on. */
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

  /** Takes the acknowledgement of a subscription. Returns true when the past is void: call `fill` with the history. */
  subscribed(name: string, { epoch, offset, mark, recovered, snapshot }: Subscribed): boolean {
    const channel = this.all.get(name);
    if (!channel) return false;
    if (recovered) {
      this.#release(channel);
      return false;
    }
    this.#forget(channel);
    channel.epoch = epoch;
    channel.offset = offset;
    channel.mark = mark;
    channel.snapshot = this.#own(channel, snapshot);
    this.#deliver(channel, channel.snapshot, 'snapshot');
    return true;
  }

  /** Passes on the history, oldest first, then the batches that arrived in the meantime. */
  fill(name: string, history: readonly CloudEvent[]): void {
    const channel = this.all.get(name);
    if (!channel?.held) return;
    const past = this.#own(channel, history).filter(
      (event) => event.epoch === channel.epoch && event.offset <= channel.offset,
    );
    this.#deliver(channel, past.length > 0 ? past : channel.snapshot, 'past');
    channel.snapshot = [];
    this.#release(channel);
  }

  /** Whether any sink can use events of earlier epochs. */
  wantsOlder(history: readonly CloudEvent[]): boolean {
    return this.#sinks.some((sink) => sink.wants?.(history));
  }

  /** Passes on events of earlier epochs, oldest first. */
  recall(name: string, events: readonly CloudEvent[]): void {
    const channel = this.all.get(name);
    if (!channel || this.isExtra(name)) return;
    const older = this.#own(channel, events).filter(({ epoch }) => epoch < channel.epoch);
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
    this.#countLost(channel, Math.max(0, batch.from - channel.offset - 1) + batch.dropped);
    channel.conflated += batch.conflated;
    const events = this.#own(
      channel,
      batch.from > channel.offset
        ? batch.events
        : batch.events.filter((event) => event.offset > channel.offset),
    );
    if (batch.to >= channel.offset) channel.mark = batch.mark;
    channel.offset = Math.max(channel.offset, batch.to);
    channel.received += events.length;
    if (events.length > 0) this.liveAt = performance.now();
    this.#deliver(channel, events, 'live');
  }

  gap({ channel: name, epoch, from, to }: Gap): void {
    const channel = this.all.get(name);
    if (!channel || epoch < channel.epoch || channel.held) return;
    if (epoch > channel.epoch) {
      this.#forget(channel);
      channel.epoch = epoch;
    }
    this.#countLost(channel, Math.max(0, to - Math.max(from - 1, channel.offset)));
    if (to >= channel.offset) channel.mark = undefined;
    channel.offset = Math.max(channel.offset, to);
    this.#changed();
  }

  /** The events that are shown of a channel. */
  #own(channel: ChannelState, events: readonly CloudEvent[]): readonly CloudEvent[] {
    if (this.isExtra(channel.name) || events.every((event) => this.scope.has(event))) return events;
    return events.filter((event) => this.scope.has(event));
  }

  #countLost(channel: ChannelState, count: number): void {
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

  #deliver(channel: ChannelState, events: readonly CloudEvent[], arrival: Arrival): void {
    if (events.length === 0) return;
    const times = timesOf(events);
    const isExtra = this.isExtra(channel.name);
    const isNew = !isExtra && !this.placed.has(channel.name) && events.some(({ data }) => isPlace(data));
    if (isNew) this.placed.add(channel.name);
    for (const event of events) {
      if (arrival !== 'past') channel.latest.set(event.subject, event);
      if (arrival !== 'snapshot') channel.recent.push(event);
    }
    for (const time of times) if (!(time <= channel.lastTime)) channel.lastTime = time;
    for (const sink of this.#sinks) {
      if (!isExtra) sink.take(channel, events, times, arrival);
      else sink.takeExtra?.(channel, events, times, arrival);
    }
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
