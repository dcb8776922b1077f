import { comparePositions, type Position } from '../../../core/wire/event.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { Audience, type SubscriptionOptions } from '../delivery/audience.ts';
import { cursorKey, type Delivery } from '../delivery/delivery.ts';
import type { Outlet } from '../delivery/outlet.ts';
import { Subscription } from '../delivery/subscription.ts';
import type { Arrival, Watcher } from '../log/hub.ts';
import { between, type LogSlice } from '../log/log-slice.ts';
import { LogTail } from '../log/log-tail.ts';
import { catchUp, type JoinableFeed } from './joining.ts';
import { Pages } from './pages.ts';
import { Rounds } from './rounds.ts';
import { Snapshots } from './snapshots.ts';
import type { Timers } from './timers.ts';

/** What the tail keeps for clients that can't take more: bounds the memory that clients cost which stop reading. */
const LAGGING_BYTES = 600_000;
/** What the tail keeps for clients that are not due yet because of their `maxHz`. */
const RESTING_BYTES = 8_000_000;

export interface StreamOptions {
  channel: string;
  redis: Redis;
  timers: Timers;
  /** Whether the channel keeps the latest event of each subject. */
  keepsState: boolean;
}

/**
 * Serves one channel to its clients: a tail of the log, and for each client a position in it. In each turn, the clients whose
 * turn it is and that can take more are sent what follows their position. What only slow clients still need is soon let go;
 * they get the latest event of each subject once they can take it.
 */
export class Stream implements Watcher, JoinableFeed {
  readonly channel: string;
  readonly redis: Redis;
  readonly timers: Timers;
  readonly snapshots = new Snapshots(this);
  readonly pages: Pages;
  tail = new LogTail({ epoch: 0, offset: 0 });
  readonly #keepsState: boolean;
  readonly #audiences = new Map<string, Audience<Subscription>>();
  readonly #rounds = new Rounds();
  #waiting: { for: Position; settle: () => void }[] = [];
  #stopTimer: (() => void) | null = null;
  /** Number of subscriptions ever added. */
  #added = 0;
  /** Number of subscriptions now. */
  #count = 0;

  constructor({ channel, redis, timers, keepsState }: StreamOptions) {
    this.channel = channel;
    this.redis = redis;
    this.timers = timers;
    this.#keepsState = keepsState;
    this.pages = new Pages({ channel, redis, timers });
  }

  started(head: Position): void {
    this.tail = new LogTail(head);
  }

  add(options: SubscriptionOptions, outlet: Outlet, wantsAll: boolean): Subscription {
    const key = Audience.key(options);
    const audience = this.#audiences.get(key) ?? new Audience<Subscription>(this.channel, options);
    this.#audiences.set(key, audience);
    const subscription = new Subscription(audience, outlet, { wantsAll, serial: this.#added++ });
    audience.members.add(subscription);
    this.#count++;
    return subscription;
  }

  remove(subscription: Subscription): void {
    subscription.state = 'closed';
    if (subscription.audience.members.delete(subscription)) this.#count--;
    for (const [key, { members }] of this.#audiences) if (members.size === 0) this.#audiences.delete(key);
  }

  get isEmpty(): boolean {
    return this.#audiences.size === 0;
  }

  arrived({ slice }: Arrival): void {
    this.tail.append(slice);
    this.#waiting = this.#waiting.filter((each) => {
      const isOver = comparePositions(each.for, this.tail.head) <= 0;
      if (isOver) each.settle();
      return !isOver;
    });
    this.schedule();
  }

  rewound(): void {
    for (const { members } of this.#audiences.values()) for (const { outlet } of members) outlet.drop();
  }

  reached(position: Position): Promise<void> {
    if (comparePositions(position, this.tail.head) <= 0) return Promise.resolve();
    return new Promise((settle) => this.#waiting.push({ for: position, settle }));
  }

  schedule(): void {
    if (this.#stopTimer) return;
    const waitMs = this.#rounds.nextMs(this.timers.now());
    this.#stopTimer = this.timers.after(waitMs, () => this.#tick());
  }

  close(): void {
    this.#stopTimer?.();
    for (const { settle } of this.#waiting) settle();
    this.#waiting = [];
  }

  #tick(): void {
    this.#stopTimer = null;
    const nowMs = this.timers.now();
    this.#rounds.begin(nowMs);
    const { head } = this.tail;
    /** Oldest positions still needed: by clients that are behind (lagging) and by clients not due yet (resting). */
    const needed = { lagging: head, resting: head };
    const lapsed: Subscription[] = [];
    let isOwed = false;
    /** Whether a client could take more than one delivery. */
    let isMore = false;
    for (const audience of this.#audiences.values()) {
      for (const member of audience.members) {
        const isDue = this.#rounds.isTurnOf(member.serial) && member.isDue(nowMs);
        const isServed = isDue && this.#serve(member, nowMs, lapsed);
        const { state, cursor } = member;
        isOwed ||= state === 'lapsed';
        if (state !== 'live' || comparePositions(cursor, head) >= 0) continue;
        isOwed = true;
        isMore ||= isServed;
        const need = isDue ? 'lagging' : 'resting';
        if (comparePositions(cursor, needed[need]) < 0) needed[need] = cursor;
      }
      audience.forget();
    }
    this.#trim(needed.lagging, needed.resting);
    this.#rounds.end(this.timers.now() - nowMs, this.#count, isMore);
    if (lapsed.length > 0) void this.#bringBack(lapsed);
    if (isOwed) this.schedule();
  }

  /** Sends a member one delivery if it can take one; true if it did. Collects lapsed members that can take events again. */
  #serve(member: Subscription, nowMs: number, lapsed: Subscription[]): boolean {
    const { tail } = this;
    if (member.state === 'lapsed' && !member.outlet.isCongested && member.account.isReady(nowMs))
      lapsed.push(member);
    if (member.state !== 'live' || comparePositions(member.cursor, tail.head) >= 0) return false;
    const room = member.room(nowMs);
    if (room <= 0) return false;
    const { audience, cursor } = member;
    member.send(
      audience.delivery(() => tail.after(cursor), cursor, room, nowMs),
      nowMs,
    );
    return true;
  }

  /** Lets go of slices that nobody needs, and of slices beyond the memory limits. */
  #trim(lagging: Position, resting: Position): void {
    const { tail } = this;
    const isKept = (end: Position): boolean => {
      if (comparePositions(end, resting) > 0) return tail.bytes <= RESTING_BYTES;
      return comparePositions(end, lagging) > 0 && tail.bytes <= LAGGING_BYTES;
    };
    for (let gone = tail.shift(isKept); gone; gone = tail.shift(isKept)) {
      for (const { members } of this.#audiences.values())
        for (const member of members) this.#miss(member, gone);
    }
  }

  #miss(member: Subscription, gone: LogSlice): void {
    if (member.state === 'lapsed' || member.state === 'returning') member.miss(gone);
    if (member.state !== 'live') return;
    const rest = between(gone, member.cursor);
    if (!rest) return;
    if (member.wantsAll) {
      member.state = 'behind';
      void catchUp(this, member);
    } else {
      member.state = 'lapsed';
      member.miss(rest);
    }
  }

  /** Sends lapsed members the latest event of each subject; they are live again from there. */
  async #bringBack(members: Subscription[]): Promise<void> {
    for (const member of members) member.state = 'returning';
    try {
      const { at, entries } = await this.snapshots.take();
      const nowMs = this.timers.now();
      const latest = this.#keepsState ? entries : null;
      const missed = this.tail.after(this.tail.start, at);
      const made = new Map<Audience<Subscription>, Map<string, Delivery>>();
      for (const member of members) {
        if (member.state !== 'returning') continue;
        for (const slice of missed) member.miss(slice);
        const shared = made.get(member.audience) ?? new Map<string, Delivery>();
        made.set(member.audience, shared);
        const key = cursorKey(member.cursor);
        const delivery = shared.get(key) ?? member.makeUp(at, latest, nowMs);
        shared.set(key, delivery);
        member.madeUp();
        member.send(delivery, nowMs);
        member.goLive(this.tail);
      }
    } catch {
      // Redis is away. The next turn after it is back tries again.
      for (const member of members) if (member.state === 'returning') member.state = 'lapsed';
    }
    this.schedule();
  }
}
