import { positionText, type Position } from '../../../core/wire/event.ts';
import { readLog } from '../../../core/redis/channel-store.ts';
import { nextDelivery, type Cursor, type Delivery, type DeliveryFilter } from '../delivery/delivery.ts';
import { readSlice, type LogSlice } from '../log/log-slice.ts';
import type { ChannelFeed } from './channel-feed.ts';

const PAGE_EVENTS = 500;
/** How long a page is shared. After a restart all clients resume from the same position at once. */
const SHARED_MS = 100;

interface LogLine {
  position: Position;
  event: string;
}

/** The part of a log after a position, at most 500 events. */
export class Page {
  /** Position of the last event; the position asked for if there is none. */
  readonly end: Position;
  readonly isEmpty: boolean;
  readonly #after: Position;
  readonly #slices: LogSlice[];
  readonly #deliveries = new Map<DeliveryFilter, Delivery>();

  constructor(after: Position, lines: LogLine[]) {
    this.#after = after;
    this.#slices = slicesOf(after, lines);
    this.end = lines.at(-1)?.position ?? after;
    this.isEmpty = lines.length === 0;
  }

  /** The next delivery for a client at this cursor; built once for all clients that begin with this page. */
  delivery(filter: DeliveryFilter, cursor: Cursor, eventsMax: number, nowMs: number): Delivery {
    const { epoch, offset, told } = cursor;
    const begins = epoch === this.#after.epoch && offset === this.#after.offset && told === offset;
    let delivery = begins ? this.#deliveries.get(filter) : undefined;
    delivery ??= nextDelivery(filter, this.#slices, cursor, Infinity, nowMs);
    if (begins) this.#deliveries.set(filter, delivery);
    return delivery.counts.delivered <= eventsMax
      ? delivery
      : nextDelivery(filter, this.#slices, cursor, eventsMax, nowMs);
  }
}

/** Reads a channel's log page by page. Clients at the same position share a page. */
export class Pages {
  readonly #feed: Pick<ChannelFeed, 'channel' | 'redis' | 'timers'>;
  readonly #shared = new Map<string, Promise<Page>>();

  constructor(feed: Pick<ChannelFeed, 'channel' | 'redis' | 'timers'>) {
    this.#feed = feed;
  }

  /** The page after a position; empty only if the log has nothing after it now. @throws failure of Redis */
  async take(after: Position): Promise<Page> {
    const key = positionText(after);
    const shared = this.#shared.get(key);
    if (shared) return shared;
    const { redis, channel, timers } = this.#feed;
    const reading = readLog(redis, channel, after, PAGE_EVENTS).then((lines) => new Page(after, lines));
    this.#shared.set(key, reading);
    const over = (): void => void this.#shared.delete(key);
    reading.then(({ isEmpty }) => (isEmpty ? over() : timers.after(SHARED_MS, over)), over);
    return reading;
  }
}

/** Lines of the log as slices without holes. */
function slicesOf(after: Position, lines: LogLine[]): LogSlice[] {
  const runs: { epoch: number; from: number; to: number; lost: number; events: string[] }[] = [];
  let before = after;
  for (const { position, event } of lines) {
    const { epoch, offset } = position;
    const expected = epoch === before.epoch ? before.offset + 1 : 1;
    let run = runs.at(-1);
    if (!run || run.epoch !== epoch || offset !== expected) {
      run = { epoch, from: offset, to: offset, lost: offset - expected, events: [] };
      runs.push(run);
    }
    run.to = offset;
    run.events.push(event);
    before = position;
  }
  return runs.map(readSlice);
}
