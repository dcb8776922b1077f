import type { Channel, DeadLetter, CloudEvent } from '../../schemas/types.ts';
import type { Redis } from './connection.ts';
import type { ChannelSpec } from '../wire/channels.ts';
import { isoTime, parsePosition, positionText, timeMsOf, type Position } from '../wire/event.ts';
import { keys } from '../wire/keys.ts';
import { limits } from '../wire/limits.ts';

const CONTENT_MAX = 20_000;

/** Where the channel stands; epoch 0 before its first event. */
export async function readHead(redis: Redis, channel: string): Promise<Position> {
  const [epoch, offset] = await redis.hmget(keys.head(channel), 'epoch', 'offset');
  return { epoch: Number(epoch ?? 0), offset: Number(offset ?? 0) };
}

/** Latest event of each subject, in one step with the position they are true for. */
export async function readSnapshot(redis: Redis, channel: string): Promise<Position & { events: string[] }> {
  const replies = await redis
    .multi()
    .hmget(keys.head(channel), 'epoch', 'offset')
    .hvals(keys.state(channel))
    .exec();
  const [epoch, offset] = replies![0]![1] as (string | null)[];
  return { epoch: Number(epoch ?? 0), offset: Number(offset ?? 0), events: replies![1]![1] as string[] };
}

/** Latest event of one subject, or null. */
export function readSubject(redis: Redis, channel: string, subject: string): Promise<string | null> {
  return redis.hget(keys.state(channel), subject);
}

/** Log entries after a position, oldest first. */
export async function readLog(
  redis: Redis,
  channel: string,
  after: Position,
  limit: number,
): Promise<{ position: Position; event: string }[]> {
  const entries = await redis.xrange(keys.log(channel), `(${positionText(after)}`, '+', 'COUNT', limit);
  return entries.map(([id, fields]) => ({ position: parsePosition(id), event: fields[1]! }));
}

export interface HistoryQuery {
  sinceMs?: number | undefined;
  untilMs?: number | undefined;
  subject?: string | undefined;
  limit: number;
  /** Also what the log still has of epochs before. */
  allEpochs?: boolean;
  /** Go on before this position. */
  cursor?: Position | undefined;
}

const PAGE = 1_000;

/**
 * Events of the current epoch, or of all of them, newest first as they stand in the log, at most `limit`; `cursor` where there may be
 * more. Reads backwards, so the latest are cheap whatever the log's length.
 */
export async function readHistory(
  redis: Redis,
  channel: string,
  query: HistoryQuery,
): Promise<{ items: CloudEvent[]; cursor: Position | null }> {
  const items: CloudEvent[] = [];
  // Nothing is before it, and Redis refuses the question.
  if (query.cursor?.epoch === 0 && query.cursor.offset === 0) return { items, cursor: null };
  const { epoch } = query.cursor ?? (await readHead(redis, channel));
  const first = query.allEpochs ? '-' : `${epoch}-0`;
  let end = query.cursor ? `(${positionText(query.cursor)}` : '+';
  for (;;) {
    const entries = await redis.xrevrange(keys.log(channel), end, first, 'COUNT', PAGE);
    for (const [id, fields] of entries) {
      const event = JSON.parse(fields[1]!) as CloudEvent;
      const timeMs = timeMsOf(event.time);
      if (timeMs < (query.sinceMs ?? -Infinity) || timeMs > (query.untilMs ?? Infinity)) continue;
      if (query.subject !== undefined && event.subject !== query.subject) continue;
      items.push(event);
      if (items.length === query.limit) return { items, cursor: parsePosition(id) };
    }
    if (entries.length < PAGE) return { items, cursor: null };
    end = `(${entries.at(-1)![0]}`;
  }
}

/** Names of all channels that ever carried an event, sorted. */
export async function channelNames(redis: Redis): Promise<string[]> {
  return (await redis.smembers(keys.channels)).sort();
}

/** A channel as REST shows it. `rate` is events per second of wall time over the last events of the log. */
export async function describeChannel(redis: Redis, spec: ChannelSpec): Promise<Channel> {
  const { name } = spec;
  const replies = await redis
    .multi()
    .hmget(keys.head(name), 'epoch', 'offset', 'time')
    .hlen(keys.state(name))
    .xlen(keys.log(name))
    .get(keys.owner(name))
    .hgetall(keys.consumers(name))
    .xrevrange(keys.log(name), '+', '-', 'COUNT', 200)
    .exec();
  const [head, subjects, logged, owner, consumers, latest] = replies!.map(([, value]) => value) as [
    (string | null)[],
    number,
    number,
    string | null,
    { [service: string]: string },
    [string, string[]][],
  ];
  const [epoch, offset] = [Number(head[0] ?? 0), Number(head[1] ?? 0)];
  const events = latest.map(([, fields]) => JSON.parse(fields[1]!) as CloudEvent);
  return {
    name,
    schema: spec.schema && `/api/v1/schemas/${spec.schema}`,
    envelope: spec.envelope,
    epoch,
    offset,
    lastTime: head[2] ? isoTime(Number(head[2])) : null,
    rate: recentRate(events),
    subjects,
    logged,
    owner: owner?.split(' ')[0] ?? null,
    lastEvent: events[0] ?? null,
    consumers: Object.entries(consumers).map(([service, value]) => {
      const at = parsePosition(value.split(' ')[0]!);
      return { name: service, ...at, lag: Math.max(0, at.epoch === epoch ? offset - at.offset : offset) };
    }),
  };
}

function recentRate(newestFirst: CloudEvent[]): number {
  const since = Date.now() - 2_000;
  const recent = newestFirst.filter((event) => Date.parse(event.sent) >= since);
  if (recent.length < 2) return recent.length / 2;
  const seconds = (Date.parse(recent[0]!.sent) - Date.parse(recent.at(-1)!.sent)) / 1000;
  // All of the sample is younger than the window: the rate is its own; else the window's.
  return recent.length === newestFirst.length && seconds > 0
    ? Math.round((recent.length - 1) / seconds)
    : recent.length / 2;
}

/** A dead letter as it is kept, JSON text; its id is given by Redis. */
export function deadLetterText(letter: Omit<DeadLetter, 'id' | 'at'>): string {
  const at = new Date().toISOString();
  return JSON.stringify({ at, ...letter, content: letter.content.slice(0, CONTENT_MAX) });
}

/** Keeps what was refused, and why; the oldest leave when there are too many. */
export async function addDeadLetters(redis: Redis, letters: Omit<DeadLetter, 'id' | 'at'>[]): Promise<void> {
  const pipeline = redis.pipeline();
  for (const letter of letters)
    pipeline.xadd(keys.deadLetters, 'MAXLEN', '~', limits.DEAD_LETTERS_MAX, '*', 'd', deadLetterText(letter));
  await pipeline.exec();
}

/** Dead letters, newest first; `cursor` is the id to go on before. */
export async function readDeadLetters(
  redis: Redis,
  limit: number,
  cursor?: string,
): Promise<{ items: DeadLetter[]; cursor: string | null }> {
  // Nothing is before the first id there can be, and Redis refuses the question.
  if (cursor !== undefined && /^0+-0+$/.test(cursor)) return { items: [], cursor: null };
  const entries = await redis.xrevrange(keys.deadLetters, cursor ? `(${cursor}` : '+', '-', 'COUNT', limit);
  const items = entries.map(([id, fields]) => ({ id, ...JSON.parse(fields[1]!) }) as DeadLetter);
  return { items, cursor: items.length === limit ? (items.at(-1)?.id ?? null) : null };
}
