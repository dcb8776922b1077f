import type { Position } from '../../../core/wire/event.ts';
import { publishedIn, type LogEntry, type LogSlice } from '../log/log-slice.ts';
import type { LogTail } from '../log/log-tail.ts';
import type { Audience } from './audience.ts';
import { DeliveryAccount } from './delivery-account.ts';
import type { Cursor, Delivery, DeliveryCounts } from './delivery.ts';
import type { Outlet } from './outlet.ts';
import { Packet } from './packet.ts';

/** What became of every event of a channel since the client subscribed; `published` is the sum of the others. */
export interface Ledger extends DeliveryCounts {
  published: number;
  /** Waiting in this process, or sent and not credited. */
  inFlight: number;
}

/** What a lapsed client has missed of one epoch, in events. */
interface Missed {
  epoch: number;
  published: number;
  /** Those that pass the client's filter. */
  passed: number;
  /** Those that could not be read. */
  lost: number;
}

/**
 * One client on one channel: a position in the log. It holds no events.
 *
 * - `joining`: its snapshot is being read.
 * - `behind`: it reads older pages of the log.
 * - `live`: its cursor lies in the tail.
 * - `lapsed`: the tail no longer has its position; what it misses is counted.
 * - `returning`: it was lapsed, and the latest event of each subject is being read for it.
 * - `closed`: it has unsubscribed or disconnected.
 */
export class Subscription {
  readonly audience: Audience<Subscription>;
  readonly outlet: Outlet;
  readonly account: DeliveryAccount;
  /** Whether it prefers every event, late, to the latest event of each subject. */
  readonly wantsAll: boolean;
  /** Number of subscriptions the stream had before this one; decides in which turn it is served. */
  readonly serial: number;
  state: 'joining' | 'behind' | 'live' | 'lapsed' | 'returning' | 'closed' = 'joining';
  cursor: Cursor = { epoch: 0, offset: 0, told: 0, toldMs: 0 };
  /** The tail's count of published events when this account began. */
  #base = 0;
  #missed: Missed | null = null;
  #sentMs = -Infinity;

  constructor(
    audience: Audience<Subscription>,
    outlet: Outlet,
    { wantsAll, serial }: { wantsAll: boolean; serial: number },
  ) {
    this.audience = audience;
    this.outlet = outlet;
    this.wantsAll = wantsAll;
    this.serial = serial;
    this.account = new DeliveryAccount(outlet.isCredited);
  }

  /** Whether its `maxHz` allows another delivery now. */
  isDue(nowMs: number): boolean {
    return nowMs - this.#sentMs >= this.audience.intervalMs;
  }

  /** Number of events that it may be sent now. */
  room(nowMs: number): number {
    return this.outlet.isCongested ? 0 : this.account.room(nowMs);
  }

  /** Sets the client's position: it has everything before it, or was told that it can't have it. */
  startAt({ epoch, offset }: Position, nowMs: number): void {
    this.cursor = { epoch, offset, told: offset, toldMs: nowMs };
  }

  /** From now on the client is due what the tail has after its cursor. */
  goLive(tail: LogTail): void {
    this.state = 'live';
    this.#base = tail.published - tail.publishedAfter(this.cursor) - this.account.sum;
  }

  send({ packets, counts, to }: Delivery, nowMs: number): void {
    this.cursor = to;
    this.account.settle(counts);
    if (packets.length > 0) this.#sentMs = nowMs;
    for (const packet of packets) {
      this.account.sent(packet.receipt, nowMs);
      this.outlet.send(packet);
    }
  }

  /** Counts a slice that the client was not sent and that the tail no longer has. */
  miss(slice: LogSlice): void {
    if (this.#missed?.epoch !== slice.epoch) {
      // A newer epoch voids what came before.
      this.#settleMissed();
      this.#missed = { epoch: slice.epoch, published: 0, passed: 0, lost: 0 };
    }
    const { from, to, lost, entries } = slice;
    this.#missed.published += publishedIn(slice);
    this.#missed.passed += this.audience.select(slice).length;
    this.#missed.lost += lost + to - from + 1 - entries.length;
  }

  /**
   * The delivery that replaces what the client missed up to a position: the latest event of each subject.
   * `latest`: those of all subjects at that position; null if the channel keeps none.
   */
  makeUp(at: Position, latest: LogEntry[] | null, nowMs: number): Delivery {
    const { published, passed, lost } = this.#missed ?? { published: 0, passed: 0, lost: 0 };
    const isSameEpoch = this.cursor.epoch === at.epoch;
    const after = isSameEpoch ? this.cursor.offset : 0;
    const entries = (latest ?? [])
      .filter((entry) => entry.offset > after && this.audience.passes(entry))
      .sort((a, b) => a.offset - b.offset);
    const conflated = latest ? Math.max(0, passed - entries.length) : 0;
    const dropped = passed + lost - entries.length - conflated;
    const { channel } = this.audience;
    const from = isSameEpoch ? this.cursor.told + 1 : 1;
    const last = latest?.find(({ offset }) => offset === at.offset);
    const packet = new Packet({
      channel,
      epoch: at.epoch,
      from,
      to: at.offset,
      entries,
      conflated,
      dropped,
      last,
    });
    return {
      packets: [packet],
      counts: { delivered: entries.length, conflated, dropped, filtered: published - passed - lost },
      to: { epoch: at.epoch, offset: at.offset, told: at.offset, toldMs: nowMs },
    };
  }

  /** The client has been sent the delivery that `makeUp` built. */
  madeUp(): void {
    this.#missed = null;
  }

  ledger(tail: LogTail): Ledger {
    const { account, state } = this;
    const isOwed = state === 'live' || state === 'lapsed' || state === 'returning';
    const waiting =
      state === 'live'
        ? tail.publishedAfter(this.cursor)
        : isOwed
          ? (this.#missed?.published ?? 0) + tail.publishedAfter(tail.start)
          : 0;
    return {
      published: isOwed ? tail.published - this.#base : account.sum,
      ...account.counts,
      inFlight: waiting + account.unconfirmed,
    };
  }

  #settleMissed(): void {
    if (!this.#missed) return;
    const { published, passed, lost } = this.#missed;
    this.account.settle({ conflated: passed, filtered: published - passed - lost, dropped: lost });
  }
}
