import { readTogether } from './execute.ts';
import type { Redis } from './connection.ts';
import { parsePosition, positionText, type Position } from '../wire/event.ts';
import { keys } from '../wire/keys.ts';
import { markOf, type MarkedPosition } from '../wire/mark.ts';

/** The names of all channels that ever carried an event, sorted. */
export async function channelNames(redis: Redis): Promise<string[]> {
  return (await redis.smembers(keys.channels)).sort();
}

/** The position of the last event of a channel. Before the first event both numbers are 0. */
export async function readHead(redis: Redis, channel: string): Promise<Position> {
  return headOf(await redis.hmget(keys.head(channel), 'epoch', 'offset'));
}

/** The head in the values of `HMGET <head> epoch offset`. */
export function headOf([epoch, offset]: readonly (string | null)[]): Position {
  return { epoch: Number(epoch ?? 0), offset: Number(offset ?? 0) };
}

/**
 * The position of the last event of a channel with its mark. A channel without a log has no marks.
 */
export async function readMarkedHead(redis: Redis, channel: string): Promise<MarkedPosition> {
  const replies = await readTogether(redis, (commands) =>
    commands.hmget(keys.head(channel), 'epoch', 'offset').xrevrange(keys.log(channel), '+', '-', 'COUNT', 1),
  );
  return markedHead(replies);
}

/** The mark of the event at a position; undefined if the log does not have it. */
export async function readMark(redis: Redis, channel: string, at: Position): Promise<string | undefined> {
  const id = positionText(at);
  const [entry] = at.offset === 0 ? [] : await redis.xrange(keys.log(channel), id, id);
  return entry && markOf(entry[1][1]!);
}

function markedHead(replies: [error: Error | null, result: unknown][]): MarkedPosition {
  const head = headOf(replies[0]![1] as (string | null)[]);
  const [last] = replies[1]![1] as [id: string, fields: string[]][];
  return { ...head, mark: last?.[0] === positionText(head) ? markOf(last[1][1]!) : undefined };
}

/** The latest event of each subject as lines, in no order, and the position of the channel at that moment. */
export async function readSnapshot(
  redis: Redis,
  channel: string,
): Promise<MarkedPosition & { events: string[] }> {
  const replies = await readTogether(redis, (commands) =>
    commands
      .hmget(keys.head(channel), 'epoch', 'offset')
      .xrevrange(keys.log(channel), '+', '-', 'COUNT', 1)
      .hvals(keys.state(channel)),
  );
  return { ...markedHead(replies), events: replies[2]![1] as string[] };
}

/** The latest event of one subject as a line; null: the subject has none. */
export function readSubject(redis: Redis, channel: string, subject: string): Promise<string | null> {
  return redis.hget(keys.state(channel), subject);
}

/** Events of the log after a position, as lines, the oldest first, at most `limit`. */
export async function readLog(
  redis: Redis,
  channel: string,
  after: Position,
  limit: number,
): Promise<{ position: Position; event: string }[]> {
  const entries = await redis.xrange(keys.log(channel), `(${positionText(after)}`, '+', 'COUNT', limit);
  return entries.map(([id, fields]) => ({ position: parsePosition(id), event: fields[1]! }));
}
