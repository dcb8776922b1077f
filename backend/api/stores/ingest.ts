import type { ChannelSpec } from '../../../core/wire/channels.ts';
import { dataValidator } from '../../../core/wire/channels.ts';
import { timeMsOf, type Data, type Position, type TimedRecord } from '../../../core/wire/event.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { readHead } from '../../../core/redis/channel-store.ts';
import { addDeadLetters } from '../../../core/redis/dead-letters.ts';
import { ChannelWriter } from '../../../core/writing/writer.ts';
import { ajv, explain } from '../../../schemas/index.ts';
import { limits } from '../../../core/wire/limits.ts';

/** A row that was refused, and why. */
export interface RefusedRow {
  index: number;
  reason: string;
}

/** What became of the rows of one request. */
export interface IngestResult {
  accepted: number;
  refused: RefusedRow[];
  /** Position of the channel after the last accepted event. */
  position: Position;
}

const SOURCE = '/ingest';
const SUBJECT_MAX = 256;
const DEPTH_MAX = 32;
const WRITERS_MAX = 1_000;
const isTime = ajv.compile({ type: 'string', format: 'date-time' });
/** CloudEvents members that stay with the event. The channel assigns position, source and id. */
const KEPT = ['datacontenttype', 'dataschema', 'traceparent', 'pipeline', 'params'];

/** Writes rows that callers send onto channels. Each row is checked; refused rows go to the dead letters. */
export class Ingest {
  readonly #redis: Redis;
  readonly #writers = new Map<string, ChannelWriter>();

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Writes the valid rows in order, in one call, and reports what is wrong with the others. @throws failure of Redis */
  async take(spec: ChannelSpec, rows: unknown[], subject: string): Promise<IngestResult> {
    const isData = dataValidator(spec);
    const records: TimedRecord[] = [];
    const refused: RefusedRow[] = [];
    const now = Date.now();
    rows.forEach((row, index) => {
      const record = read(row, subject, now, (data) =>
        isData && !isData(data) ? explain(isData.errors, data) : null,
      );
      if (typeof record === 'string') refused.push({ index, reason: record });
      else records.push(record);
    });
    if (refused.length > 0) {
      await addDeadLetters(
        this.#redis,
        refused.map(({ index, reason }) => ({
          channel: spec.name,
          source: SOURCE,
          reason,
          content: shown(rows[index]),
        })),
      );
    }
    const position =
      records.length > 0 ? await this.#writer(spec).emit(records) : await readHead(this.#redis, spec.name);
    return { accepted: records.length, refused, position };
  }

  #writer(spec: ChannelSpec): ChannelWriter {
    // The declaration of a channel can change, and a writer is made for one declaration.
    const key = JSON.stringify(spec);
    let writer = this.#writers.get(key);
    if (!writer) {
      if (this.#writers.size >= WRITERS_MAX) this.#writers.clear();
      writer = new ChannelWriter(this.#redis, spec, { source: SOURCE });
      this.#writers.set(key, writer);
    }
    return writer;
  }
}

/** Turns a row into a record, or returns the reason why that is not possible. A row with `specversion` is a CloudEvent. */
function read(
  row: unknown,
  subject: string,
  now: number,
  problemOf: (data: Data) => string | null,
): TimedRecord | string {
  if (!isObject(row)) return `must be an object, got ${shown(row).slice(0, 80)}`;
  const cloud = 'specversion' in row;
  if (cloud && row['specversion'] !== '1.0')
    return `specversion must be "1.0", got ${shown(row['specversion'])}`;
  const data = cloud ? row['data'] : row;
  if (!isObject(data)) return 'data must be an object';
  if (depth(data) > DEPTH_MAX) return `data is nested deeper than ${DEPTH_MAX} levels`;
  const problem = problemOf(data);
  if (problem) return problem;
  const about = cloud && row['subject'] !== undefined ? row['subject'] : subject;
  if (typeof about !== 'string' || about.length > SUBJECT_MAX)
    return `subject must be text of at most ${SUBJECT_MAX} characters`;
  let timeMs = now;
  if (cloud && row['time'] !== undefined) {
    timeMs = isTime(row['time']) ? timeMsOf(row['time'] as string) : NaN;
    if (Number.isNaN(timeMs))
      return `time must be ISO 8601 with a zone, got ${shown(row['time']).slice(0, 80)}`;
  }
  const extra = cloud ? kept(row) : '';
  return { timeMs, subject: about, data: JSON.stringify(data), ...(extra && { extra }) };
}

function kept(row: Data): string {
  const members = KEPT.filter((name) => typeof row[name] === 'string');
  const texts = members.map((name) => `,${JSON.stringify(name)}:${JSON.stringify(row[name])}`);
  const { route } = row;
  if (isRoute(route)) texts.push(`,"route":${JSON.stringify(route)}`);
  return texts.join('');
}

/** Whether a value is a route: a list of channels, and of lists for branches. */
function isRoute(value: unknown, depth = 1): boolean {
  if (!Array.isArray(value) || depth > limits.ROUTE_DEPTH_MAX) return false;
  return value.every((step) => typeof step === 'string' || isRoute(step, depth + 1));
}

/** How deeply a value is nested; stops counting beyond the maximum. */
function depth(value: unknown, at = 0): number {
  if (typeof value !== 'object' || value === null || at > DEPTH_MAX) return at;
  let deepest = at;
  for (const member of Object.values(value)) deepest = Math.max(deepest, depth(member, at + 1));
  return deepest;
}

function isObject(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return 'a value nested too deeply to show';
  }
}
