import { comparePositions, positionText, type Event, type Position } from '../../core/event.ts';
import type { Redis } from '../../core/redis.ts';
import { readHead, readLog } from '../../core/store.ts';
import type { Hub } from '../gateway/hub.ts';
import type { EventStream } from './sse.ts';

const PAGE = 500;

interface Following {
  redis: Redis;
  hub: Hub;
  channel: string;
  after: Position;
  /** Where the channel stands. */
  head: Position;
  subject: string | undefined;
  signal: AbortSignal;
  stream: EventStream;
}

/**
 * Sends a channel's events from a position on, each once and in order, until the signal is aborted. The reader's pace
 * is the pace: it pulls from the log, so a slow one holds no memory here, and hears of a gap if the log outruns it.
 */
export async function follow({
  redis,
  hub,
  channel,
  after,
  head,
  subject,
  signal,
  stream,
}: Following): Promise<void> {
  let at = after;
  const gap = (from: Position, to: Position, reason: string) =>
    stream.send({
      event: 'gap',
      data: JSON.stringify({ channel, from: positionText(from), to: positionText(to), reason }),
    });
  const bell = new Bell();
  const stop = await hub.watch(channel, bell);
  signal.addEventListener('abort', () => bell.ring());
  try {
    if (comparePositions(at, head) > 0) {
      await gap(at, head, 'The channel never was at this position, or Redis lost it.');
      at = head;
    }
    while (!signal.aborted) {
      bell.silence();
      const page = await readLog(redis, channel, at, PAGE);
      for (const { position, event } of page) {
        const next = { epoch: position.epoch, offset: position.epoch === at.epoch ? at.offset + 1 : 1 };
        if (position.offset > next.offset)
          await gap(next, { ...position, offset: position.offset - 1 }, 'The log no longer has them.');
        if (subject === undefined || (JSON.parse(event) as Event).subject === subject) {
          await stream.send({ id: positionText(position), data: event });
        }
        if (signal.aborted) return;
        at = position;
      }
      if (bell.setBack) {
        const now = await readHead(redis, channel);
        await gap(at, now, 'Redis lost what was last written.');
        at = now;
      }
      if (page.length < PAGE) await bell.wait();
    }
  } finally {
    stop();
  }
}

/** Rings when something new is on the channel; what it is stands in the log. */
class Bell {
  setBack = false;
  #rung = false;
  #wake: () => void = () => {};

  arrived(): void {
    this.ring();
  }

  rewound(): void {
    this.setBack = true;
    this.ring();
  }

  ring(): void {
    this.#rung = true;
    this.#wake();
  }

  silence(): void {
    this.#rung = false;
    this.setBack = false;
  }

  wait(): Promise<void> {
    return this.#rung ? Promise.resolve() : new Promise((resolve) => (this.#wake = resolve));
  }
}
