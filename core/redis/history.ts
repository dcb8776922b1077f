import type { CloudEvent } from '../../schemas/types.ts';
import { parsePosition, positionText, timeMsOf } from '../wire/event.ts';
import { markOf, type MarkedPosition } from '../wire/mark.ts';
import { refusal } from '../problems/errors.ts';
import { keys } from '../wire/keys.ts';
import { readHead, readMark } from './channel-store.ts';
import type { Redis } from './connection.ts';

/** Which events of a log to read. */
export interface HistoryQuery {
  /** Event time, epoch ms: events from then on. */
  sinceMs?: number | undefined;
  /** Event time, epoch ms: events up to then. */
  untilMs?: number | undefined;
  subject?: string | undefined;
  /** How many events at most. */
  limit: number;
  /** Also the events of earlier epochs that are still in the log. */
  allEpochs?: boolean;
  /** Continue before this position. */
  cursor?: MarkedPosition | undefined;
}

/** One page of history. */
export interface HistoryPage {
  /** The events as lines, as they are in the log. */
  items: string[];
  /** Where the next page continues; null: there are no more events. */
  cursor: MarkedPosition | null;
}

const ENTRIES_PER_CALL = 1_000;

/**
 * Events of the current epoch, or of all of them, the newest first. It reads the log backwards, so the latest events are
 * cheap to get from a log of any length.
 * @throws refusal `cursor_void` if Redis has lost the event of the cursor and has another one in its place
 */
export async function readHistory(redis: Redis, channel: string, query: HistoryQuery): Promise<HistoryPage> {
  const items: string[] = [];
  // Redis refuses to look before this position; there is nothing.
  if (query.cursor?.epoch === 0 && query.cursor.offset === 0) return { items, cursor: null };
  if (query.cursor) await checkCursor(redis, channel, query.cursor);
  const { epoch } = query.cursor ?? (await readHead(redis, channel));
  const first = query.allEpochs ? '-' : `${epoch}-0`;
  let end = query.cursor ? `(${positionText(query.cursor)}` : '+';
  for (;;) {
    const entries = await redis.xrevrange(keys.log(channel), end, first, 'COUNT', ENTRIES_PER_CALL);
    for (const [id, fields] of entries) {
      const line = fields[1]!;
      if (!isWanted(JSON.parse(line) as CloudEvent, query)) continue;
      items.push(line);
      if (items.length === query.limit)
        return { items, cursor: { ...parsePosition(id), mark: markOf(line) } };
    }
    if (entries.length < ENTRIES_PER_CALL) return { items, cursor: null };
    end = `(${entries.at(-1)![0]}`;
  }
}

async function checkCursor(
  redis: Redis,
  channel: string,
  { mark, ...position }: MarkedPosition,
): Promise<void> {
  if (mark === undefined) return;
  const found = await readMark(redis, channel, position);
  if (found === undefined || found === mark) return;
  throw refusal('cursor_void', `The log of "${channel}" is not the one that this cursor was made for.`, {
    hint: 'Redis has lost its latest events, and others have their positions. Begin again without a cursor.',
  });
}

function isWanted(event: CloudEvent, { sinceMs = -Infinity, untilMs = Infinity, subject }: HistoryQuery) {
  const timeMs = timeMsOf(event.time);
  if (timeMs < sinceMs || timeMs > untilMs) return false;
  return subject === undefined || event.subject === subject;
}
