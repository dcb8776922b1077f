import { comparePositions, type Position } from '../../core/wire/event.ts';
import { readHead, readLog } from '../../core/redis/channel-store.ts';
import type { Subscribed } from '../../schemas/types.ts';
import { Packet } from './delivery/packet.ts';
import type { Page } from './pages.ts';
import { LOST } from './delivery/batch.ts';
import type { Stream } from './stream.ts';
import type { Subscription } from './delivery/subscription.ts';

/** A client that missed more starts anew: the latest of each subject is there sooner than all of these. */
const RESUME_EVENTS_MAX = 100_000;
/** A client that pages through the log is looked at so often, while it can't take more. */
const LOOK_MS = 10;

/**
 * Brings a client to the live events without a gap or a double: from `since` through the log where that is possible,
 * else from the latest of each subject, and then it is told what it can't have and why. `ack` is called before
 * anything is sent.
 */
export async function join(
  stream: Stream,
  subscription: Subscription,
  since: Position | undefined,
  ack: (answer: Subscribed) => void,
): Promise<void> {
  const reason = since && (await whyNotResumed(stream, since));
  if (since && reason === null) {
    ack({ ...since, recovered: true, snapshot: [] });
    if (isClosed(subscription)) return;
    return goOnAfter(stream, subscription, since);
  }
  const { at, entries, events } = await stream.snapshots.take();
  const snapshot = events().filter((_, i) => subscription.group.passes(entries[i]!));
  ack({ ...at, recovered: false, snapshot });
  if (isClosed(subscription)) return;
  if (since && reason) subscription.outlet.send(gapBetween(stream.channel, since, at, reason));
  subscription.startAt(at, stream.timers.now());
  subscription.goLive(stream.tail);
  stream.schedule();
}

/** Starts a client at a position of the log, or at the channel's head if it is ahead of that. */
export async function goOnAfter(stream: Stream, subscription: Subscription, since: Position): Promise<void> {
  const { head } = stream.tail;
  const isAhead = comparePositions(since, head) > 0;
  if (isAhead) subscription.outlet.send(gapBetween(stream.channel, since, head, NEVER));
  subscription.startAt(isAhead ? head : since, stream.timers.now());
  subscription.state = 'behind';
  await catchUp(stream, subscription);
}

/** Takes a client that is behind through the log, page by page at its own pace, until it has reached the tail. */
export async function catchUp(stream: Stream, subscription: Subscription): Promise<void> {
  try {
    while (subscription.state === 'behind') await turnPage(stream, subscription);
  } catch {
    // Redis failed in the middle: the client comes back and goes on from where it is.
    subscription.outlet.drop();
  }
}

async function turnPage(stream: Stream, subscription: Subscription): Promise<void> {
  const { tail, timers } = stream;
  // What comes while the page is read stays in the tail: so the two ends meet.
  const hold = tail.hold();
  let page: Page;
  try {
    page = await stream.pages.take(subscription.cursor);
    await stream.reached(page.end);
    if (subscription.state !== 'behind') return;
    if (page.isEmpty && !tail.covers(page.end)) skipTo(tail.start, stream, subscription);
    else sendOf(page, stream, subscription);
    if (isThrough(page, subscription) && tail.covers(subscription.cursor)) {
      subscription.goLive(tail);
      return stream.schedule();
    }
  } finally {
    hold.release();
  }
  while (subscription.state === 'behind' && !isThrough(page, subscription)) {
    await new Promise<void>((resolve) => timers.after(LOOK_MS, resolve));
    sendOf(page, stream, subscription);
  }
}

const isClosed = ({ state }: Subscription): boolean => state === 'closed';
const isThrough = ({ end }: Page, { cursor }: Subscription): boolean => comparePositions(cursor, end) >= 0;

function sendOf(page: Page, { timers }: Stream, subscription: Subscription): void {
  const nowMs = timers.now();
  while (subscription.state === 'behind' && !isThrough(page, subscription)) {
    const room = subscription.room(nowMs);
    if (room <= 0) return;
    subscription.send(page.portion(subscription.group, subscription.cursor, room, nowMs), nowMs);
  }
}

/** The log has nothing more, and yet the channel is further. */
function skipTo(start: Position, { channel, timers }: Stream, subscription: Subscription): void {
  const { epoch, offset } = subscription.cursor;
  const from = epoch === start.epoch ? offset + 1 : 1;
  subscription.account.settle({ conflated: 0, filtered: 0, dropped: start.offset - from + 1 });
  subscription.outlet.send(new Packet({ channel, epoch: start.epoch, from, to: start.offset, reason: LOST }));
  subscription.startAt(start, timers.now());
}

const NEVER = 'The channel never was at this position, or Redis lost it.';

/** Why a client can't go on after a position, or null where it can. */
async function whyNotResumed({ redis, channel }: Stream, since: Position): Promise<string | null> {
  const head = await readHead(redis, channel);
  if (comparePositions(since, head) > 0) return NEVER;
  if (since.epoch !== head.epoch)
    return `Epoch ${since.epoch} is over: the channel is in epoch ${head.epoch}.`;
  if (since.offset === head.offset) return null;
  if (head.offset - since.offset > RESUME_EVENTS_MAX)
    return `More than ${RESUME_EVENTS_MAX} events were missed.`;
  const [next] = await readLog(redis, channel, since, 1);
  return next?.position.offset === since.offset + 1 ? null : LOST;
}

/**
 * What lies between where a client was and where it starts: of the older epoch nothing is of use any more. It ends where the
 * client starts, and is empty where nothing lies between: what is to come is never part of a gap.
 */
function gapBetween(channel: string, since: Position, at: Position, reason: string): Packet {
  const ahead = comparePositions(since, at) > 0;
  const from = ahead ? at.offset + 1 : since.epoch === at.epoch ? since.offset + 1 : 1;
  return new Packet({ channel, epoch: at.epoch, from, to: at.offset, reason });
}
