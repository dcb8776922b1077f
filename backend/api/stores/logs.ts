import { setTimeout as delay } from 'node:timers/promises';
import { keys } from '../../../core/wire/keys.ts';
import { levels, type Level } from '../../../core/logging/log.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { LogRecord } from '../../../schemas/types.ts';

/** Selects log lines; a member that is absent selects all. */
export interface LogFilter {
  service?: string | undefined;
  kind?: LogRecord['kind'] | undefined;
  /** This level and higher ones. */
  level?: Level | undefined;
  sinceMs?: number | undefined;
  untilMs?: number | undefined;
  /** Text in the message or the fields; upper and lower case are the same. */
  q?: string | undefined;
}

type Entry = [id: string, fields: string[]];

const PAGE = 1_000;
/** Maximum number of lines that one request reads; its cursor continues from there. */
const LINES_READ_MAX = 50_000;
/** Lines can be stored this much later than their time: they are written in batches, and wait while Redis is away. */
const ARRIVES_WITHIN_MS = 60_000;
const LOOK_MS = 200;
/** The latest time that a JavaScript Date can hold. */
const LATEST_MS = 8.64e15;

/** Lines of the log, newest first. `cursor` is the id to continue before; null if there are no more lines. @throws failure of Redis */
export async function readLogs(
  redis: Redis,
  filter: LogFilter,
  limit: number,
  cursor?: string,
): Promise<{ items: LogRecord[]; cursor: string | null }> {
  const items: LogRecord[] = [];
  const first = filter.sinceMs === undefined ? '-' : String(Math.max(0, Math.floor(filter.sinceMs)));
  const last = filter.untilMs === undefined ? '+' : String(Math.ceil(filter.untilMs) + ARRIVES_WITHIN_MS);
  let end = cursor === undefined ? last : `(${cursor}`;
  for (let seen = 0; ; seen += PAGE) {
    const page = await redis.xrevrange(keys.logs, end, first, 'COUNT', PAGE);
    for (const entry of page) {
      const record = recordOf(entry);
      if (!matches(record, filter)) continue;
      items.push(record);
      if (items.length === limit) return { items, cursor: record.id };
    }
    if (page.length < PAGE) return { items, cursor: null };
    if (seen + PAGE >= LINES_READ_MAX) return { items, cursor: page.at(-1)![0] };
    end = `(${page.at(-1)![0]}`;
  }
}

/** Follows the log, oldest line first, after an id or from now on, until the signal is aborted. @throws failure of Redis */
export async function* followLogs(
  redis: Redis,
  filter: LogFilter,
  after: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<LogRecord> {
  const newest = async () => (await redis.xrevrange(keys.logs, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0';
  let at =
    after ??
    (filter.sinceMs === undefined ? await newest() : String(Math.max(0, Math.floor(filter.sinceMs))));
  while (!signal.aborted) {
    const page = redis.status === 'ready' ? await redis.xrange(keys.logs, `(${at}`, '+', 'COUNT', PAGE) : [];
    for (const entry of page) {
      const record = recordOf(entry);
      if (matches(record, filter)) yield record;
      at = record.id;
    }
    if (page.length < PAGE) await delay(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}

/** Turns an entry into a line. Other programs write entries too, so missing and invalid fields get defaults. */
function recordOf([id, list]: Entry): LogRecord {
  const given: { [name: string]: string } = {};
  for (let i = 0; i + 1 < list.length; i += 2) given[list[i]!] = list[i + 1]!;
  const { time = '', level = '', kind, service = 'unknown', message = '', fields } = given;
  const at = Number.isNaN(Date.parse(time))
    ? Math.min(Number(id.split('-')[0]), LATEST_MS)
    : Date.parse(time);
  return {
    id,
    time: new Date(at).toISOString(),
    level: Object.hasOwn(levels, level) ? (level as Level) : 'info',
    kind: kind === 'system' ? 'system' : 'service',
    service,
    message,
    fields: fieldsOf(fields),
  };
}

function fieldsOf(text: string | undefined): LogRecord['fields'] {
  if (text === undefined) return {};
  try {
    const value = JSON.parse(text) as unknown;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as LogRecord['fields']) : { fields: value };
  } catch {
    return { fields: text };
  }
}

function matches(record: LogRecord, { service, kind, level, sinceMs, untilMs, q }: LogFilter): boolean {
  if (service !== undefined && record.service !== service) return false;
  if (kind !== undefined && record.kind !== kind) return false;
  if (level !== undefined && levels[record.level] < levels[level]) return false;
  const timeMs = Date.parse(record.time);
  if (timeMs < (sinceMs ?? -Infinity) || timeMs > (untilMs ?? Infinity)) return false;
  if (q === undefined) return true;
  const text = `${record.message} ${JSON.stringify(record.fields)}`;
  return text.toLowerCase().includes(q.toLowerCase());
}
