import type { Redis } from './connection.ts';
import { parsePosition, positionText, type Position } from '../wire/event.ts';
import { keys } from '../wire/keys.ts';

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

/** The latest event of each subject as lines, in no order, and the position of the channel at that moment. */
export async function readSnapshot(redis: Redis, channel: string): Promise<Position & { events: string[] }> {
  const replies = await redis
    .multi()
    .hmget(keys.head(channel), 'epoch', 'offset')
    .hvals(keys.state(channel))
    .exec();
  const head = headOf(replies![0]![1] as (string | null)[]);
  return { ...head, events: replies![1]![1] as string[] };
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
