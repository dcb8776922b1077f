import { comparePositions, type Event, type Position } from '../../core/event.ts';
import type { Subscribe } from '../../schemas/types.ts';
import { inBox, type Box } from './box.ts';
import type { Arrival } from './hub.ts';
import { Outbox, type Item, type Span } from './outbox.ts';

/** Events a client may have without having credited them. */
const CREDIT_EVENTS = 5_000;
/** A client that never credits anything goes on with the latest of each subject at this pace. */
const UNCREDITED_MS = 1_000;
/** Nothing passed the filter: so often the client is told how far it is all the same, to resume from there. */
const COVERED_MS = 5_000;

/** One client on one channel: what it wants, what it is owed, and how much of it is unconfirmed. */
export class Subscription {
  readonly socket: string;
  readonly #subjects: ReadonlySet<string> | null;
  readonly #box: Box | undefined;
  readonly #intervalMs: number;
  readonly #shares: boolean;
  readonly #outbox: Outbox;
  /**
   * `behind`: is owed the past from the log, what arrives will be there too. `joining`: keeps what arrives until it is
   * known from where on it counts. `live`: is owed what arrives.
   */
  #state: 'behind' | 'joining' | 'live' = 'joining';
  #early: Arrival[] = [];
  /** Where it joined; arrivals may still be on their way to here. Null once one from after it has come. */
  #joined: Position | null = null;
  #unconfirmed: { epoch: number; to: number; count: number }[] = [];
  #outstanding = 0;
  #credits = false;
  #lastMs = -Infinity;
  #lastEpoch = 0;
  /** Wants and gets exactly what its channel brings: it shares the channel's packets. */
  inStep = false;

  constructor(socket: string, wish: Subscribe) {
    this.socket = socket;
    this.#subjects = wish.subjects ? new Set(wish.subjects) : null;
    this.#box = wish.bbox as Box | undefined;
    this.#intervalMs = wish.maxHz ? 1000 / wish.maxHz : 0;
    this.#outbox = new Outbox(wish.mode === 'latest' ? 0 : CREDIT_EVENTS);
    this.#shares = wish.mode !== 'latest' && !wish.subjects && !wish.bbox && !wish.maxHz;
  }

  wants(event: Event): boolean {
    return (
      (!this.#subjects || this.#subjects.has(event.subject)) && (!this.#box || inBox(this.#box, event.data))
    );
  }

  /** Arrivals kept while joining. */
  get early(): number {
    return this.#early.length;
  }

  /** Whether something is owed. */
  get waits(): boolean {
    return !this.#outbox.empty;
  }

  /** Whether it has what was before, and may share the channel's packets with so many events. */
  hasRoomFor(count: number): boolean {
    const current = this.#state === 'live' && !this.#joined && this.#outbox.empty;
    return this.#shares && current && this.#outstanding + count <= CREDIT_EVENTS;
  }

  fallBehind(): void {
    this.#state = 'behind';
    this.#early = [];
  }

  startJoining(): void {
    this.#state = 'joining';
  }

  /** The client has, or is owed, everything up to this position: what came or comes beside it goes on from there. */
  join(position: Position): void {
    this.#state = 'live';
    this.#joined = position;
    this.#lastEpoch = position.epoch;
    const early = this.#early;
    this.#early = [];
    for (const arrival of early) this.take(arrival);
  }

  take(arrival: Arrival): void {
    if (this.#state === 'joining') this.#early.push(arrival);
    if (this.#state !== 'live') return;
    const { epoch, to } = arrival.span;
    const rest = this.#joined ? arrival.after(this.#joined) : arrival;
    if (this.#joined && comparePositions({ epoch, offset: to }, this.#joined) >= 0) this.#joined = null;
    if (rest) this.owe(rest.span, rest.events);
  }

  /** Owes the client those events of a span that it wants. */
  owe(span: Span, events: Event[]): void {
    const all = !this.#subjects && !this.#box;
    this.#outbox.add(span, all ? events : events.filter((event) => this.wants(event)));
  }

  /** What is to be sent now; nothing while the client is not due or has not confirmed enough. */
  due(nowMs: number): Item[] {
    const sinceMs = nowMs - this.#lastMs;
    if (this.#state === 'joining' || this.#outbox.empty || sinceMs < this.#intervalMs) return [];
    const hasCredit = this.#outstanding === 0 || this.#outstanding + this.#outbox.size <= CREDIT_EVENTS;
    if (!hasCredit && (this.#credits || sinceMs < UNCREDITED_MS)) return [];
    if (this.#outbox.size === 0 && sinceMs < COVERED_MS && !this.#outbox.tells(this.#lastEpoch)) return [];
    this.#lastMs = nowMs;
    return this.#outbox.take();
  }

  sent(epoch: number, to: number, count: number): void {
    this.#lastEpoch = epoch;
    this.#outstanding += count;
    this.#unconfirmed.push({ epoch, to, count });
    // Who never credits is not waited for; the account must not grow for that.
    if (!this.#credits && this.#unconfirmed.length > CREDIT_EVENTS) this.#unconfirmed.shift();
  }

  /** The client has dealt with everything up to this offset, of this epoch or else of the latest batch that ended there. */
  credit(offset: number, epoch?: number): void {
    this.#credits = true;
    const find = (matches: (to: number) => boolean) =>
      this.#unconfirmed.findLastIndex(
        (batch) => (epoch === undefined || batch.epoch === epoch) && matches(batch.to),
      );
    const exact = find((to) => to === offset);
    const last = exact === -1 ? find((to) => to <= offset) : exact;
    for (const { count } of this.#unconfirmed.splice(0, last + 1)) this.#outstanding -= count;
    if (this.#unconfirmed.length === 0) this.#outstanding = 0;
  }
}
