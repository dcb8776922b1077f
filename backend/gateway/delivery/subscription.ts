import type { Position } from '../../../core/wire/event.ts';
import { Account } from './delivery-account.ts';
import type { Group } from './audience.ts';
import type { Outlet } from './outlet.ts';
import { Packet } from './packet.ts';
import type { Counts, Cursor, Portion } from './batch.ts';
import { published, type Entry, type Stretch } from '../log/log-slice.ts';
import type { Tail } from '../log/log-tail.ts';

/** What became of every event of a channel since a client follows it: `published` is the sum of the others. */
export interface Ledger extends Counts {
  published: number;
  /** Waiting here, or sent and not credited. */
  inFlight: number;
}

/** What a lapsed client misses of one epoch. */
interface Missed {
  epoch: number;
  published: number;
  /** Of these, what passes its filter, and what could not be had. */
  passed: number;
  lost: number;
}

/**
 * One client on one channel. It holds no events: it is a position.
 *
 * `joining`: its snapshot is on the way. `behind`: pages through the log. `live`: its cursor is in the tail. `lapsed`:
 * the tail has gone on without it; what it misses is counted. `returning`: lapsed, and the latest of each subject is
 * on the way. `closed`: it has left.
 */
export class Subscription {
  readonly group: Group;
  readonly outlet: Outlet;
  readonly account: Account;
  /** Rather all of the log, late, than the latest of each subject. */
  readonly wantsAll: boolean;
  /** How many the stream had before it: says which turn it has. */
  readonly serial: number;
  state: 'joining' | 'behind' | 'live' | 'lapsed' | 'returning' | 'closed' = 'joining';
  cursor: Cursor = { epoch: 0, offset: 0, told: 0, toldMs: 0 };
  /** What the tail had seen when its account began. */
  #base = 0;
  #missed: Missed | null = null;
  #sentMs = -Infinity;

  constructor(group: Group, outlet: Outlet, { wantsAll, serial }: { wantsAll: boolean; serial: number }) {
    this.group = group;
    this.outlet = outlet;
    this.wantsAll = wantsAll;
    this.serial = serial;
    this.account = new Account(outlet.isCredited);
  }

  /** Whether it may be sent to again as often as it wants. */
  isDue(nowMs: number): boolean {
    return nowMs - this.#sentMs >= this.group.intervalMs;
  }

  /** Events it may be sent now. */
  room(nowMs: number): number {
    return this.outlet.isCongested ? 0 : this.account.room(nowMs);
  }

  /** Takes the position as the client's own: it has, or was told that it can't have, what came before. */
  startAt({ epoch, offset }: Position, nowMs: number): void {
    this.cursor = { epoch, offset, told: offset, toldMs: nowMs };
  }

  /** From here on it is owed what the tail has after its cursor. */
  goLive(tail: Tail): void {
    this.state = 'live';
    this.#base = tail.published - tail.publishedAfter(this.cursor) - this.account.sum;
  }

  send({ packets, counts, to }: Portion, nowMs: number): void {
    this.cursor = to;
    this.account.settle(counts);
    if (packets.length > 0) this.#sentMs = nowMs;
    for (const packet of packets) {
      this.account.sent(packet.receipt, nowMs);
      this.outlet.send(packet);
    }
  }

  /** A part of the tail that it was not sent is gone, or will be made up for. */
  miss(stretch: Stretch): void {
    if (this.#missed?.epoch !== stretch.epoch) {
      // A newer epoch voids what came before.
      this.#settleMissed();
      this.#missed = { epoch: stretch.epoch, published: 0, passed: 0, lost: 0 };
    }
    const { from, to, lost, entries } = stretch;
    this.#missed.published += published(stretch);
    this.#missed.passed += this.group.select(stretch).length;
    this.#missed.lost += lost + to - from + 1 - entries.length;
  }

  /**
   * The latest of each subject as of a position, instead of what it missed up to there. `kept`: that of all subjects,
   * or null where the channel keeps none.
   */
  makeUp(at: Position, kept: Entry[] | null, nowMs: number): Portion {
    const { published: all, passed, lost } = this.#missed ?? { published: 0, passed: 0, lost: 0 };
    const goesOn = this.cursor.epoch === at.epoch;
    const after = goesOn ? this.cursor.offset : 0;
    const entries = (kept ?? [])
      .filter((entry) => entry.offset > after && this.group.passes(entry))
      .sort((a, b) => a.offset - b.offset);
    const conflated = kept ? Math.max(0, passed - entries.length) : 0;
    const dropped = passed + lost - entries.length - conflated;
    const { channel } = this.group;
    const from = goesOn ? this.cursor.told + 1 : 1;
    const packet = new Packet({ channel, epoch: at.epoch, from, to: at.offset, entries, conflated, dropped });
    return {
      packets: [packet],
      counts: { delivered: entries.length, conflated, dropped, filtered: all - passed - lost },
      to: { epoch: at.epoch, offset: at.offset, told: at.offset, toldMs: nowMs },
    };
  }

  /** It has been sent what makes up for what it missed. */
  madeUp(): void {
    this.#missed = null;
  }

  ledger(tail: Tail): Ledger {
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
    const { published: all, passed, lost } = this.#missed;
    this.account.settle({ conflated: passed, filtered: all - passed - lost, dropped: lost });
  }
}
