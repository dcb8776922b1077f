import type { Batch } from '../../schemas/types.ts';
import type { Arrival, Watcher } from './hub.ts';
import { Outbox, type Item } from './outbox.ts';
import type { Subscription } from './subscription.ts';

const TICK_MS = 50;
/** The first events after a silence wait less: nothing is gained by collecting them. */
const FIRST_TICK_MS = 20;
/** Arrivals a client may be owed before its snapshot is there. */
const EARLY_MAX = 200;

/** How a stream reaches the clients. */
export interface Carrier {
  /** Sends one packet to each of these clients; encodes it once. */
  send(sockets: string[], event: 'batch' | 'gap', payload: object): void;
  /** Whether what was sent before still waits in this process. */
  congested(socket: string): boolean;
  /** Ends the connection: the client comes back and resumes, or learns that it can't. */
  drop(socket: string): void;
}

/** Figures for /metrics. */
export interface Figures {
  delivered: number;
  conflated: number;
  dropped: number;
}

/**
 * One channel's way to its clients: collects what arrives, and sends it in batches. Clients that want everything and
 * keep up share one packet; each of the others has an outbox.
 */
export class Stream implements Watcher {
  readonly channel: string;
  readonly subscriptions = new Set<Subscription>();
  readonly #carrier: Carrier;
  readonly #figures: Figures;
  readonly #now: () => number;
  #pending: Arrival[] = [];
  #timer: NodeJS.Timeout | null = null;
  #lastTickMs = 0;

  constructor(
    channel: string,
    carrier: Carrier,
    figures: Figures,
    now: () => number = () => performance.now(),
  ) {
    this.channel = channel;
    this.#carrier = carrier;
    this.#figures = figures;
    this.#now = now;
  }

  add(subscription: Subscription): void {
    this.subscriptions.add(subscription);
  }

  remove(subscription: Subscription): void {
    this.subscriptions.delete(subscription);
    if (this.subscriptions.size === 0) this.close();
  }

  arrived(arrival: Arrival): void {
    this.#pending.push(arrival);
    for (const subscription of this.subscriptions) {
      if (subscription.inStep) continue;
      if (subscription.early >= EARLY_MAX) this.#carrier.drop(subscription.socket);
      else subscription.take(arrival);
    }
    this.schedule();
  }

  rewound(): void {
    for (const { socket } of this.subscriptions) this.#carrier.drop(socket);
  }

  /** Sends what is due soon. */
  schedule(): void {
    if (this.#timer) return;
    const quiet = this.#now() - this.#lastTickMs > 2 * TICK_MS;
    this.#timer = setTimeout(() => this.#tick(), quiet ? FIRST_TICK_MS : TICK_MS);
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#pending = [];
  }

  #tick(): void {
    this.#timer = null;
    const now = (this.#lastTickMs = this.#now());
    const pending = this.#pending;
    this.#pending = [];
    const count = pending.reduce((sum, { span }) => sum + span.to - span.from + 1, 0);
    const inStep: Subscription[] = [];
    for (const subscription of this.subscriptions) {
      if (!subscription.inStep) continue;
      subscription.inStep = subscription.hasRoomFor(count) && !this.#carrier.congested(subscription.socket);
      if (subscription.inStep) inStep.push(subscription);
      else for (const arrival of pending) subscription.take(arrival);
    }
    if (inStep.length > 0) for (const item of merged(pending)) this.#send(item, inStep);
    let waits = false;
    for (const subscription of this.subscriptions) {
      if (subscription.inStep) continue;
      const free = !this.#carrier.congested(subscription.socket);
      if (free) for (const item of subscription.due(now)) this.#send(item, [subscription]);
      subscription.inStep = free && subscription.hasRoomFor(0);
      waits ||= subscription.waits;
    }
    if (waits) this.schedule();
  }

  #send(item: Item, subscriptions: Subscription[]): void {
    const sockets = subscriptions.map(({ socket }) => socket);
    if ('gap' in item) {
      this.#carrier.send(sockets, 'gap', { channel: this.channel, ...item.gap });
      return;
    }
    const { epoch, to, events, conflated, dropped } = item.batch;
    this.#carrier.send(sockets, 'batch', { channel: this.channel, ...item.batch } satisfies Batch);
    for (const subscription of subscriptions) subscription.sent(epoch, to, events.length);
    this.#figures.delivered += events.length * sockets.length;
    this.#figures.conflated += conflated * sockets.length;
    this.#figures.dropped += dropped * sockets.length;
  }
}

/** Arrivals as batches: one for each epoch and each run without a hole. */
function merged(arrivals: Arrival[]): Item[] {
  const all = new Outbox(Infinity);
  for (const { span, events } of arrivals) all.add(span, events);
  return all.take();
}
