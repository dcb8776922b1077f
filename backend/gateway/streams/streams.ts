import type { ChannelSpec } from '../../../core/wire/channels.ts';
import { refusal } from '../../../core/problems/errors.ts';
import type { MarkedPosition } from '../../../core/wire/mark.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { JoinAnswer } from '../delivery/event-lines.ts';
import type { Client } from './client.ts';
import type { SubscriptionOptions } from '../delivery/audience.ts';
import type { Hub } from '../log/hub.ts';
import { startAfter, join } from './joining.ts';
import { Stream } from './stream.ts';
import { realTimers, type Timers } from './timers.ts';

const SUBSCRIPTIONS_MAX = 200;

/** What a client wants from a channel, and where it starts. */
export interface FollowOptions {
  options: SubscriptionOptions;
  /** The client has everything up to this position. */
  since?: MarkedPosition | undefined;
  /** Called with the start before anything is sent. Without it the client gets all of the log after `since`, and no snapshot. */
  joined?: (answer: JoinAnswer) => void;
}

/** Totals of all clients of this process since its start; `Ledger` explains the numbers of events. */
export interface GatewayFigures {
  clients: number;
  channels: number;
  subscriptions: number;
  published: number;
  delivered: number;
  conflated: number;
  filtered: number;
  dropped: number;
  inFlight: number;
  waitingBytes: number;
}

/** All clients of this process, and a stream for each channel that one of them follows. */
export class Streams {
  readonly clients = new Set<Client>();
  readonly #redis: Redis;
  readonly #hub: Hub;
  readonly #timers: Timers;
  readonly #streams = new Map<string, { stream: Stream; watching: Promise<() => void> }>();
  /** Counts of subscriptions that have ended. */
  readonly #ended = { delivered: 0, conflated: 0, filtered: 0, dropped: 0 };

  constructor(redis: Redis, hub: Hub, timers = realTimers) {
    this.#redis = redis;
    this.#hub = hub;
    this.#timers = timers;
  }

  /**
   * Subscribes a client to a channel; this replaces an earlier subscription of the client to it. Resolves once the client has
   * reached the live events.
   * @throws refusal `subscriptions_too_many`, failure of Redis
   */
  async follow(client: Client, spec: ChannelSpec, { options, since, joined }: FollowOptions): Promise<void> {
    const { name } = spec;
    this.leave(client, name);
    if (client.followed.size >= SUBSCRIPTIONS_MAX) {
      throw refusal('subscriptions_too_many', `A client can follow at most ${SUBSCRIPTIONS_MAX} channels.`, {
        hint: 'Unsubscribe from one first.',
      });
    }
    const { stream, watching } = this.#open(spec);
    const wantsAll = !joined && options.mode === 'stream';
    const subscription = stream.add(options, client.outlet, wantsAll);
    const followed = { stream, subscription };
    client.followed.set(name, followed);
    try {
      await watching;
      if (joined) await join(stream, subscription, since, joined);
      else await startAfter(stream, subscription, since ?? stream.tail.head);
    } catch (error) {
      if (client.followed.get(name) === followed) this.leave(client, name);
      throw error;
    }
  }

  /** Ends a subscription, if there is one. */
  leave(client: Client, channel: string): void {
    const followed = client.followed.get(channel);
    if (!followed) return;
    client.followed.delete(channel);
    const { stream, subscription } = followed;
    stream.remove(subscription);
    const { counts } = subscription.account;
    for (const name of Object.keys(this.#ended) as (keyof typeof counts)[]) this.#ended[name] += counts[name];
    const opened = this.#streams.get(channel);
    if (!stream.isEmpty || opened?.stream !== stream) return;
    this.#streams.delete(channel);
    stream.close();
    opened.watching.then(
      (stop) => stop(),
      () => {},
    );
  }

  /** Ends all subscriptions of a client that has disconnected. */
  forget(client: Client): void {
    for (const channel of [...client.followed.keys()]) this.leave(client, channel);
    this.clients.delete(client);
  }

  get figures(): GatewayFigures {
    const figures: GatewayFigures = {
      clients: this.clients.size,
      channels: this.#streams.size,
      subscriptions: 0,
      published: 0,
      ...this.#ended,
      inFlight: 0,
      waitingBytes: 0,
    };
    for (const { outlet, followed } of this.clients) {
      figures.waitingBytes += outlet.waitingBytes;
      for (const { stream, subscription } of followed.values()) {
        const { published: _, ...ledger } = subscription.ledger(stream.tail);
        figures.subscriptions++;
        for (const name of Object.keys(ledger) as (keyof typeof ledger)[]) figures[name] += ledger[name];
      }
    }
    const { delivered, conflated, filtered, dropped, inFlight } = figures;
    return { ...figures, published: delivered + conflated + filtered + dropped + inFlight };
  }

  close(): void {
    for (const { stream } of this.#streams.values()) stream.close();
  }

  #open(spec: ChannelSpec): { stream: Stream; watching: Promise<() => void> } {
    const { name: channel, keepsState } = spec;
    let opened = this.#streams.get(channel);
    if (!opened) {
      const stream = new Stream({ channel, keepsState, redis: this.#redis, timers: this.#timers });
      opened = { stream, watching: this.#hub.watch(channel, stream) };
      this.#streams.set(channel, opened);
    }
    return opened;
  }
}
