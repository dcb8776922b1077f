import { comparePositions, type Position } from '../../core/wire/event.ts';
import type { Redis } from '../../core/redis/connection.ts';
import { Group, type Wish } from './delivery/audience.ts';
import type { Arrival, Watcher } from './log/hub.ts';
import { catchUp } from './joining.ts';
import { Pages } from './pages.ts';
import { Snapshots } from './snapshots.ts';
import { between, type Stretch } from './log/log-slice.ts';
import { Subscription } from './delivery/subscription.ts';
import type { Outlet } from './delivery/outlet.ts';
import { cursorKey, type Portion } from './delivery/batch.ts';
import { Tail } from './log/log-tail.ts';
import type { Timers } from './timers.ts';

/** Every client is served so often. */
const ROUND_MS = 50;
/** Where a thousand clients make a round long, rounds are rarer, within bounds: sending is to take one part in so many of the time. */
const SENDING_PART = 10;
const ROUND_MAX_MS = 110;
/** Clients that are served at once, a round being as many turns as that takes: more would wait for each other, and all else for them. */
const TURN_CLIENTS = 500;
/** The first events after a silence wait less: nothing is gained by collecting them. */
const FIRST_MS = 20;
/** What the tail keeps for clients that could not take it: all that a client can cost here that stops reading. */
const LAGGING_BYTES = 600_000;
/** What it keeps for those that did not want it yet. */
const RESTING_BYTES = 8_000_000;

export interface StreamParts {
  channel: string;
  redis: Redis;
  timers: Timers;
  /** Whether the channel keeps the latest event of each subject. */
  keepsState: boolean;
}

/**
 * One channel's way to its clients: a tail of the log, and for each client a position in it. At each tick those whose
 * turn it is, and that can take it, are sent what lies after their position; what only laggards still need is let go
 * before long, and they get the latest of each subject once they can take it.
 */
export class Stream implements Watcher {
  readonly channel: string;
  readonly redis: Redis;
  readonly timers: Timers;
  readonly snapshots = new Snapshots(this);
  readonly pages = new Pages(this);
  tail = new Tail({ epoch: 0, offset: 0 });
  readonly #groups = new Map<string, Group>();
  readonly #parts: StreamParts;
  #waiting: { for: Position; settle: () => void }[] = [];
  #stopTimer: (() => void) | null = null;
  #tickMs = -Infinity;
  #waitMs = ROUND_MS;
  #added = 0;
  #count = 0;
  /** Of this round: how many turns it has, and which is next. */
  #turns = 1;
  #turn = 0;

  constructor(parts: StreamParts) {
    this.channel = parts.channel;
    this.redis = parts.redis;
    this.timers = parts.timers;
    this.#parts = parts;
  }

  started(head: Position): void {
    this.tail = new Tail(head);
  }

  add(wish: Wish, outlet: Outlet, wantsAll: boolean): Subscription {
    const key = Group.key(wish);
    const group = this.#groups.get(key) ?? new Group(this.channel, wish);
    this.#groups.set(key, group);
    const subscription = new Subscription(group, outlet, { wantsAll, serial: this.#added++ });
    group.members.add(subscription);
    this.#count++;
    return subscription;
  }

  remove(subscription: Subscription): void {
    subscription.state = 'closed';
    if (subscription.group.members.delete(subscription)) this.#count--;
    for (const [key, { members }] of this.#groups) if (members.size === 0) this.#groups.delete(key);
  }

  get isEmpty(): boolean {
    return this.#groups.size === 0;
  }

  arrived({ stretch }: Arrival): void {
    this.tail.append(stretch);
    this.#waiting = this.#waiting.filter((each) => {
      const isOver = comparePositions(each.for, this.tail.head) <= 0;
      if (isOver) each.settle();
      return !isOver;
    });
    this.schedule();
  }

  rewound(): void {
    for (const { members } of this.#groups.values()) for (const { outlet } of members) outlet.drop();
  }

  /** Settles when everything up to a position has arrived. */
  reached(position: Position): Promise<void> {
    if (comparePositions(position, this.tail.head) <= 0) return Promise.resolve();
    return new Promise((settle) => this.#waiting.push({ for: position, settle }));
  }

  /** Sends what is due, soon. */
  schedule(): void {
    if (this.#stopTimer) return;
    const isQuiet = this.timers.now() - this.#tickMs > 2 * Math.max(ROUND_MS, this.#waitMs);
    if (isQuiet) [this.#turn, this.#turns] = [0, 1];
    this.#stopTimer = this.timers.after(isQuiet ? FIRST_MS : this.#waitMs, () => this.#tick());
  }

  close(): void {
    this.#stopTimer?.();
    for (const { settle } of this.#waiting) settle();
    this.#waiting = [];
  }

  #tick(): void {
    this.#stopTimer = null;
    const nowMs = (this.#tickMs = this.timers.now());
    const { head } = this.tail;
    /** Before these, nobody needs the tail: who could not take it, and who did not want it yet. */
    const needed = { lagging: head, resting: head };
    const lapsed: Subscription[] = [];
    let isOwed = false;
    /** Somebody could take more than one portion. */
    let isMore = false;
    for (const group of this.#groups.values()) {
      for (const member of group.members) {
        const isDue = member.serial % this.#turns === this.#turn && member.isDue(nowMs);
        const isServed = isDue && this.#serve(member, nowMs, lapsed);
        const { state, cursor } = member;
        isOwed ||= state === 'lapsed';
        if (state !== 'live' || comparePositions(cursor, head) >= 0) continue;
        isOwed = true;
        isMore ||= isServed;
        const need = isDue ? 'lagging' : 'resting';
        if (comparePositions(cursor, needed[need]) < 0) needed[need] = cursor;
      }
      group.forget();
    }
    this.#trim(needed.lagging, needed.resting);
    this.#pace(this.timers.now() - nowMs, isMore);
    if (lapsed.length > 0) void this.#bringBack(lapsed);
    if (isOwed) this.schedule();
  }

  /** When the next turn is, after one that took so long; soon where somebody waits for the rest. */
  #pace(takenMs: number, isMore: boolean): void {
    this.#turn++;
    if (this.#turn >= this.#turns) {
      this.#turn = 0;
      this.#turns = Math.max(1, Math.ceil(this.#count / TURN_CLIENTS));
    }
    const spareMs = Math.max(ROUND_MS / this.#turns, takenMs * (SENDING_PART - 1));
    this.#waitMs = Math.min((isMore ? FIRST_MS : ROUND_MAX_MS) / this.#turns, spareMs);
  }

  /** Sends a member a portion, if it can take one; whether it did. */
  #serve(member: Subscription, nowMs: number, lapsed: Subscription[]): boolean {
    const { tail } = this;
    if (member.state === 'lapsed' && !member.outlet.isCongested && member.account.isReady(nowMs))
      lapsed.push(member);
    if (member.state !== 'live' || comparePositions(member.cursor, tail.head) >= 0) return false;
    const room = member.room(nowMs);
    if (room <= 0) return false;
    const { group, cursor } = member;
    member.send(
      group.portion(() => tail.after(cursor), cursor, room, nowMs),
      nowMs,
    );
    return true;
  }

  /** Lets go of what nobody needs, and of what is too much to keep for those who do. */
  #trim(lagging: Position, resting: Position): void {
    const { tail } = this;
    const isKept = (end: Position): boolean => {
      if (comparePositions(end, resting) > 0) return tail.bytes <= RESTING_BYTES;
      return comparePositions(end, lagging) > 0 && tail.bytes <= LAGGING_BYTES;
    };
    for (let gone = tail.shift(isKept); gone; gone = tail.shift(isKept)) {
      for (const { members } of this.#groups.values()) for (const member of members) this.#miss(member, gone);
    }
  }

  #miss(member: Subscription, gone: Stretch): void {
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

  /** Clients that can take something again get the latest of each subject, and go on from there. */
  async #bringBack(members: Subscription[]): Promise<void> {
    for (const member of members) member.state = 'returning';
    try {
      const { at, entries } = await this.snapshots.take();
      const nowMs = this.timers.now();
      const made = new Map<Group, Map<string, Portion>>();
      const missed = this.tail.after(this.tail.start, at);
      for (const member of members) {
        if (member.state !== 'returning') continue;
        for (const stretch of missed) member.miss(stretch);
        const kept = this.#parts.keepsState ? entries : null;
        const same = made.get(member.group) ?? new Map<string, Portion>();
        made.set(member.group, same);
        const key = cursorKey(member.cursor);
        const portion = same.get(key) ?? member.makeUp(at, kept, nowMs);
        same.set(key, portion);
        member.madeUp();
        member.send(portion, nowMs);
        member.goLive(this.tail);
      }
    } catch {
      // Redis is away, which the clients are told; they are brought back when it is.
      for (const member of members) if (member.state === 'returning') member.state = 'lapsed';
    }
    this.schedule();
  }
}
