import type { Position } from '../../core/wire/event.ts';
import { positionText } from '../../core/wire/event.ts';
import { readLog } from '../../core/redis/channel-store.ts';
import type { Group } from './delivery/audience.ts';
import { nextPortion, type Cursor, type Portion } from './delivery/batch.ts';
import type { Stream } from './stream.ts';
import { readStretch, type Stretch } from './log/log-slice.ts';

const PAGE_EVENTS = 500;
/** So long a page serves everybody who is as far: clients whose server was restarted come back all at once. */
const SHARED_MS = 100;

/** A piece of the log after a position. */
export class Page {
  readonly end: Position;
  readonly isEmpty: boolean;
  readonly #after: Position;
  readonly #stretches: Stretch[];
  readonly #portions = new Map<Group, Portion>();

  constructor(after: Position, lines: { position: Position; event: string }[]) {
    this.#after = after;
    this.#stretches = stretches(after, lines);
    this.end = lines.at(-1)?.position ?? after;
    this.isEmpty = lines.length === 0;
  }

  /** What a client at this cursor is sent next; made once for all that begin with the page. */
  portion(group: Group, cursor: Cursor, eventsMax: number, nowMs: number): Portion {
    const { epoch, offset, told } = cursor;
    const begins = epoch === this.#after.epoch && offset === this.#after.offset && told === offset;
    let portion = begins ? this.#portions.get(group) : undefined;
    portion ??= nextPortion(group, this.#stretches, cursor, Infinity, nowMs);
    if (begins) this.#portions.set(group, portion);
    return portion.counts.delivered <= eventsMax
      ? portion
      : nextPortion(group, this.#stretches, cursor, eventsMax, nowMs);
  }
}

/** Pages of a channel's log. */
export class Pages {
  readonly #stream: Stream;
  readonly #shared = new Map<string, Promise<Page>>();

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /** Empty only when the log has nothing after the position now. @throws failure of Redis */
  async take(after: Position): Promise<Page> {
    const key = positionText(after);
    const shared = this.#shared.get(key);
    if (shared) return shared;
    const { redis, channel, timers } = this.#stream;
    const reading = readLog(redis, channel, after, PAGE_EVENTS).then((lines) => new Page(after, lines));
    this.#shared.set(key, reading);
    const over = (): void => void this.#shared.delete(key);
    reading.then(({ isEmpty }) => (isEmpty ? over() : timers.after(SHARED_MS, over)), over);
    return reading;
  }
}

function stretches(after: Position, lines: { position: Position; event: string }[]): Stretch[] {
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
  return runs.map(readStretch);
}
