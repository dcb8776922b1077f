import type { Receipt } from './packet.ts';
import type { Counts } from './batch.ts';

/** Events a client may have without having credited them. */
const CREDIT_EVENTS = 5_000;
/** A client that has so many and never credited any goes on at this pace. */
const UNCREDITED_MS = 1_000;

/** What became of the events that a client was owed, and how many of those it was sent it has yet to confirm. */
export class Account {
  /** Of a client that credits, delivered is what it has credited; of others, what was handed to their connection. */
  readonly counts: Counts = { delivered: 0, conflated: 0, filtered: 0, dropped: 0 };
  readonly #isCredited: boolean;
  /** Of packets that were not credited yet. The packets are many clients', and so are these. */
  #unconfirmed: Receipt[] = [];
  #outstanding = 0;
  #credits = false;
  #sentMs = -Infinity;

  /** `isCredited`: whether the client can credit anything. */
  constructor(isCredited: boolean) {
    this.#isCredited = isCredited;
  }

  /** Events that it may be sent now. */
  room(nowMs: number): number {
    if (!this.#isCredited) return Infinity;
    if (!this.#credits && nowMs - this.#sentMs >= UNCREDITED_MS) return CREDIT_EVENTS;
    return Math.max(0, CREDIT_EVENTS - this.#outstanding);
  }

  /** Whether it has room for half of what it may have. */
  isReady(nowMs: number): boolean {
    return this.room(nowMs) >= CREDIT_EVENTS / 2;
  }

  /** Sent and not confirmed, of a client that confirms. */
  get unconfirmed(): number {
    return this.#credits ? this.#outstanding : 0;
  }

  get sum(): number {
    const { delivered, conflated, filtered, dropped } = this.counts;
    return delivered + conflated + filtered + dropped + this.unconfirmed;
  }

  /** Events that will not be sent. */
  settle({ conflated, filtered, dropped }: Omit<Counts, 'delivered'>): void {
    this.counts.conflated += conflated;
    this.counts.filtered += filtered;
    this.counts.dropped += dropped;
  }

  sent(receipt: Receipt, nowMs: number): void {
    this.#sentMs = nowMs;
    if (this.#isCredited) this.#outstanding += receipt.count;
    if (!this.#credits) this.counts.delivered += receipt.count;
    // The next batch that is credited confirms an empty one, too.
    else if (receipt.count > 0) this.#unconfirmed.push(receipt);
  }

  /** The client has dealt with everything up to this offset, of this epoch or else of the latest batch that ended there. */
  credit(offset: number, epoch?: number): void {
    if (!this.#credits) {
      // What came before its first credit counts as delivered already.
      this.#credits = true;
      this.#outstanding = 0;
    }
    const find = (matches: (to: number) => boolean) =>
      this.#unconfirmed.findLastIndex(
        (receipt) => (epoch === undefined || receipt.epoch === epoch) && matches(receipt.to),
      );
    const exact = find((to) => to === offset);
    const last = exact === -1 ? find((to) => to <= offset) : exact;
    for (const { count } of this.#unconfirmed.splice(0, last + 1)) {
      this.#outstanding -= count;
      this.counts.delivered += count;
    }
  }
}
