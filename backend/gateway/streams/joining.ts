import { comparePositions, type Position } from '../../../core/wire/event.ts';
import { readHead, readLog, readMark } from '../../../core/redis/channel-store.ts';
import type { MarkedPosition } from '../../../core/wire/mark.ts';
import { LOST } from '../delivery/delivery.ts';
import { EventLines, type JoinAnswer } from '../delivery/event-lines.ts';
import { Packet } from '../delivery/packet.ts';
import type { Subscription } from '../delivery/subscription.ts';
import type { ChannelFeed } from './channel-feed.ts';
import type { Page, Pages } from './pages.ts';
import type { Snapshots } from './snapshots.ts';

/** A client that missed more than this starts with a snapshot, which it has sooner than so many events. */
const RESUME_EVENTS_MAX = 100_000;
/** How often a client that reads older pages is looked at while it can't take more. */
const LOOK_MS = 10;

/** A feed that clients can join. */
export interface JoinableFeed extends ChannelFeed {
  readonly snapshots: Snapshots;
  readonly pages: Pages;
  /** Has what is due sent soon. */
  schedule(): void;
}

/**
 * Brings a client to the live events without a gap or a duplicate: from `since` through the log if that is possible, else
 * from a snapshot; then a gap tells what it can't have and why. `ack` is called before anything is sent.
 * @throws failure of Redis
 */
export async function join(
  feed: JoinableFeed,
  subscription: Subscription,
  since: MarkedPosition | undefined,
  ack: (answer: JoinAnswer) => void,
): Promise<void> {
  const reason = since && (await whyNotResumed(feed, since));
  if (since && reason === null) {
    ack({ ...since, recovered: true, snapshot: new EventLines([]) });
    if (isClosed(subscription)) return;
    return goOnAfter(feed, subscription, since);
  }
  const { at, entries } = await feed.snapshots.take();
  const passing = entries.filter((entry) => subscription.audience.passes(entry));
  ack({ ...at, recovered: false, snapshot: new EventLines(passing.map(({ line }) => line)) });
  if (isClosed(subscription)) return;
  if (since && reason) subscription.outlet.send(gapBetween(feed.channel, since, at, reason));
  subscription.startAt(at, feed.timers.now());
  subscription.goLive(feed.tail);
  feed.schedule();
}

/** Starts a client at a position of the log, or at the channel's head if the position lies after it. Tells a gap if it does. */
export async function startAfter(
  feed: JoinableFeed,
  subscription: Subscription,
  since: MarkedPosition,
): Promise<void> {
  if (await isReplaced(feed, since))
    subscription.outlet.send(
      new Packet({
        channel: feed.channel,
        epoch: since.epoch,
        from: since.offset,
        to: since.offset,
        reason: REPLACED,
      }),
    );
  await goOnAfter(feed, subscription, since);
}

async function goOnAfter(feed: JoinableFeed, subscription: Subscription, since: Position): Promise<void> {
  const { head } = feed.tail;
  const isAhead = comparePositions(since, head) > 0;
  if (isAhead) subscription.outlet.send(gapBetween(feed.channel, since, head, NEVER));
  subscription.startAt(isAhead ? head : since, feed.timers.now());
  subscription.state = 'behind';
  await catchUp(feed, subscription);
}

/** Takes a client that is behind through the log, page by page at its own pace, until it reaches the tail. */
export async function catchUp(feed: JoinableFeed, subscription: Subscription): Promise<void> {
  try {
    while (subscription.state === 'behind') await turnPage(feed, subscription);
  } catch {
    // Redis failed halfway. The client reconnects and resumes from its position.
    subscription.outlet.drop();
  }
}

async function turnPage(feed: JoinableFeed, subscription: Subscription): Promise<void> {
  const { tail, timers } = feed;
  // The tail keeps what arrives while the page is read, so that the page and the tail meet.
  const hold = tail.hold();
  let page: Page;
  try {
    page = await feed.pages.take(subscription.cursor);
    await feed.reached(page.end);
    if (subscription.state !== 'behind') return;
    if (page.isEmpty && !tail.covers(page.end)) skipTo(tail.start, feed, subscription);
    else sendOf(page, feed, subscription);
    if (isThrough(page, subscription) && tail.covers(subscription.cursor)) {
      subscription.goLive(tail);
      return feed.schedule();
    }
  } finally {
    hold.release();
  }
  while (subscription.state === 'behind' && !isThrough(page, subscription)) {
    await new Promise<void>((resolve) => timers.after(LOOK_MS, resolve));
    sendOf(page, feed, subscription);
  }
}

const isClosed = ({ state }: Subscription): boolean => state === 'closed';
const isThrough = ({ end }: Page, { cursor }: Subscription): boolean => comparePositions(cursor, end) >= 0;

function sendOf(page: Page, { timers }: JoinableFeed, subscription: Subscription): void {
  const nowMs = timers.now();
  while (subscription.state === 'behind' && !isThrough(page, subscription)) {
    const room = subscription.room(nowMs);
    if (room <= 0) return;
    subscription.send(page.delivery(subscription.audience, subscription.cursor, room, nowMs), nowMs);
  }
}

/** Moves a client over events that the log no longer has, although the channel is further. */
function skipTo(start: Position, { channel, timers }: JoinableFeed, subscription: Subscription): void {
  const { epoch, offset } = subscription.cursor;
  const from = epoch === start.epoch ? offset + 1 : 1;
  subscription.account.settle({ conflated: 0, filtered: 0, dropped: start.offset - from + 1 });
  subscription.outlet.send(new Packet({ channel, epoch: start.epoch, from, to: start.offset, reason: LOST }));
  subscription.startAt(start, timers.now());
}

const NEVER = 'The channel never was at this position, or Redis lost it.';
const REPLACED =
  'Redis lost its latest events, and others have their positions: here and shortly before, the events are not those that were sent.';

/** Why a client can't resume after a position; null if it can. */
async function whyNotResumed(feed: JoinableFeed, since: MarkedPosition): Promise<string | null> {
  const { redis, channel } = feed;
  const head = await readHead(redis, channel);
  if (comparePositions(since, head) > 0) return NEVER;
  if (since.epoch !== head.epoch)
    return `Epoch ${since.epoch} is over: the channel is in epoch ${head.epoch}.`;
  if (await isReplaced(feed, since)) return REPLACED;
  if (since.offset === head.offset) return null;
  if (head.offset - since.offset > RESUME_EVENTS_MAX)
    return `More than ${RESUME_EVENTS_MAX} events were missed.`;
  const [next] = await readLog(redis, channel, since, 1);
  return next?.position.offset === since.offset + 1 ? null : LOST;
}

/** Whether the event at this position is another one than the client was sent. */
async function isReplaced({ redis, channel }: JoinableFeed, since: MarkedPosition): Promise<boolean> {
  if (since.mark === undefined) return false;
  const mark = await readMark(redis, channel, since);
  return mark !== undefined && mark !== since.mark;
}

/**
 * The gap between the position of a client and the position where it starts. It covers the epoch of the start only, since an
 * older epoch is void, and ends where the client starts. It is empty if nothing lies between.
 */
function gapBetween(channel: string, since: Position, at: Position, reason: string): Packet {
  const ahead = comparePositions(since, at) > 0;
  const from = ahead ? at.offset + 1 : since.epoch === at.epoch ? since.offset + 1 : 1;
  return new Packet({ channel, epoch: at.epoch, from, to: at.offset, reason });
}
