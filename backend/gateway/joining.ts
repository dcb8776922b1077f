import type { Event, Position } from '../../core/event.ts';
import type { Redis } from '../../core/redis.ts';
import { readHead, readLog, readSnapshot } from '../../core/store.ts';
import type { Subscribed } from '../../schemas/types.ts';
import type { Stream } from './stream.ts';
import type { Subscription } from './subscription.ts';

/** A client that missed more starts anew: the latest of each subject is there sooner than all of these. */
const RESUME_EVENTS_MAX = 100_000;
const PAGE = 1_000;
const POLL_MS = 20;

/**
 * Brings a subscription that its stream already knows up to the live events, without a gap or a double: from `since`
 * through the log where that is possible, else from a snapshot. `ack` is called before anything is sent.
 */
export async function join(
  redis: Redis,
  stream: Stream,
  subscription: Subscription,
  since: Position | undefined,
  ack: (answer: Subscribed) => void,
): Promise<void> {
  if (since && (await canResume(redis, stream.channel, since))) {
    subscription.fallBehind();
    ack({ ...since, recovered: true, snapshot: [] });
    await catchUp(redis, stream, subscription, since);
    return;
  }
  const { epoch, offset, events } = await readSnapshot(redis, stream.channel);
  const snapshot = events
    .map((line) => JSON.parse(line) as Event)
    .filter((event) => subscription.wants(event));
  ack({ epoch, offset, recovered: false, snapshot });
  subscription.join({ epoch, offset });
  stream.schedule();
}

async function canResume(redis: Redis, channel: string, since: Position): Promise<boolean> {
  const head = await readHead(redis, channel);
  if (since.epoch !== head.epoch || since.offset > head.offset) return false;
  if (since.offset === head.offset) return true;
  const [next] = await readLog(redis, channel, since, 1);
  return (
    next?.position.epoch === since.epoch &&
    next.position.offset === since.offset + 1 &&
    head.offset - since.offset <= RESUME_EVENTS_MAX
  );
}

/** Pages through the log at the client's own pace; near its end what arrives is kept, so that the two ends meet. */
async function catchUp(
  redis: Redis,
  stream: Stream,
  subscription: Subscription,
  since: Position,
): Promise<void> {
  let at = since;
  let joining = false;
  for (;;) {
    const page = await readLog(redis, stream.channel, at, PAGE);
    for (const { position, event } of page) {
      const next = position.epoch === at.epoch ? at.offset + 1 : 1;
      const span = {
        epoch: position.epoch,
        from: position.offset,
        to: position.offset,
        lost: position.offset - next,
      };
      subscription.owe(span, [JSON.parse(event) as Event]);
      at = position;
    }
    stream.schedule();
    if (page.length < PAGE && joining) break;
    if (page.length < PAGE) {
      subscription.startJoining();
      joining = true;
      continue;
    }
    while (!joining && subscription.waits) {
      if (!stream.subscriptions.has(subscription)) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
  subscription.join(at);
  stream.schedule();
}
