import type { Receipt } from './packet.ts';
import type { DeliveryCounts } from './delivery.ts';

/** Number of events that a client may have received without crediting them. */
const CREDIT_EVENTS = 5_000;
/** A client that has used up its credit and never credits gets another such amount this often. */
const UNCREDITED_MS = 1_000;

/** What became of the events that a client was due, and how many of the sent ones it has not credited yet. */
export class DeliveryAccount {
  /** `delivered` counts credited events; for a client that never credits, events handed to its connection. */
  readonly counts: DeliveryCounts = { delivered: 0, conflated: 0, filtered: 0, dropped: 0 };
  readonly #isCredited: boolean;
  /** Receipts of packets not credited yet. Many clients share a packet, and so its receipt. */
  #unconfirmed: Receipt[] = [];
  #outstanding = 0;
  #credits = false;
  #sentMs = -Infinity;

  /** `isCredited`: whether this kind of client can credit. */
  constructor(isCredited: boolean) {
    this.#isCredited = isCredited;
  }

  /** Number of events that it may be sent now. */
  room(nowMs: number): number {
    if (!this.#isCredited) return Infinity;
    if (!this.#credits && nowMs - this.#sentMs >= UNCREDITED_MS) return CREDIT_EVENTS;
    return Math.max(0, CREDIT_EVENTS - this.#outstanding);
  }

  /** Whether at least half of its credit is free. */
  isReady(nowMs: number): boolean {
    return this.room(nowMs) >= CREDIT_EVENTS / 2;
  }

  /** Number of events sent but not credited; 0 for a client that never credits. */
  get unconfirmed(): number {
    return this.#credits ? this.#outstanding : 0;
  }

  get sum(): number {
    const { delivered, conflated, filtered, dropped } = this.counts;
    return delivered + conflated + filtered + dropped + this.unconfirmed;
  }

  /** Books events that will not be sent. */
  settle({ conflated, filtered, dropped }: Omit<DeliveryCounts, 'delivered'>): void {
    this.counts.conflated += conflated;
    this.counts.filtered += filtered;
    this.counts.dropped += dropped;
  }

  sent(receipt: Receipt, nowMs: number): void {
    this.#sentMs = nowMs;
    if (this.#isCredited) this.#outstanding += receipt.count;
    if (!this.#credits) this.counts.delivered += receipt.count;
    // An empty batch needs no receipt: crediting the next one covers it.
    else if (receipt.count > 0) this.#unconfirmed.push(receipt);
  }

  /**
   * The client has handled everything up to this offset. Without an epoch the latest batch that ended at this offset is
   * meant.
   */
  credit(offset: number, epoch?: number): void {
    if (!this.#credits) {
      // Everything sent before the first credit has been counted as delivered already.
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
