import type { LogRecord } from '../../schemas/types.ts';
import { keys } from '../wire/keys.ts';
import { passingReasonOf } from '../problems/passing.ts';
import { healthOf } from '../redis/health.ts';
import type { Redis } from '../redis/connection.ts';

/** Lines held while Redis is away; beyond that the oldest are dropped. */
const WAITING_MAX = 2_000;
const BATCH_MAX = 500;
const FLUSH_MS = 100;
const CLOSE_MS = 500;

/** Members of every line; the others are its fields. */
const COMMON = ['time', 'level', 'kind', 'service', 'message'] as const;

/**
 * Sends a process's log lines to the stream `reprise:logs` in batches, at most 100 ms late. It never blocks and never
 * fails. Dropped lines are counted, and reported when Redis is back. After a broken connection a batch may arrive twice.
 */
export class LogStream {
  readonly #keep: number;
  #redis: Redis | null = null;
  #waiting: string[] = [];
  #lost = 0;
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> | null = null;

  /** `keep`: how many lines the stream keeps, of all processes together. */
  constructor(keep: number) {
    this.#keep = keep;
  }

  /** Sets the Redis that lines go to, including those written so far. */
  keepIn(redis: Redis): void {
    this.#redis = redis;
    this.#soon();
  }

  write(line: string): void {
    if (this.#waiting.push(line) > WAITING_MAX) {
      this.#waiting.shift();
      this.#lost++;
    }
    this.#soon();
  }

  /** Sends the held lines, but waits no longer than 500 ms. */
  async close(): Promise<void> {
    const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref());
    const all = async () => {
      await this.#sending;
      while (this.#waiting.length > 0 && this.#redis?.status === 'ready') await this.#send(this.#redis);
    };
    await Promise.race([all(), late]);
    this.#redis = null;
    if (this.#timer) clearTimeout(this.#timer);
  }

  #soon(): void {
    if (this.#timer || !this.#redis) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#flush();
    }, FLUSH_MS).unref();
  }

  #flush(): void {
    if (this.#sending || this.#waiting.length === 0) return;
    // While it is not connected, the client would queue commands without a bound.
    if (this.#redis?.status !== 'ready' || healthOf(this.#redis).refusal) return this.#soon();
    this.#sending = this.#send(this.#redis).finally(() => {
      this.#sending = null;
      if (this.#waiting.length > 0) this.#soon();
    });
  }

  async #send(redis: Redis): Promise<void> {
    const batch = redis.pipeline();
    const lines = this.#waiting.splice(0, BATCH_MAX);
    for (const line of lines) this.#add(batch, recordOf(line));
    if (this.#lost > 0 && this.#waiting.length === 0) {
      const message = `${this.#lost} log lines were dropped while Redis was away.`;
      const time = new Date().toISOString();
      this.#add(batch, { time, level: 'warn', kind: 'system', service: 'log', message, fields: {} });
      this.#lost = 0;
    }
    // Lines that Redis refuses for good are lost; a line about that would be refused as well.
    const replies = (await batch.exec().catch(() => null)) ?? [];
    this.#waiting.unshift(...lines.filter((_, i) => passingReasonOf(replies[i]?.[0]) !== null));
    const surplus = Math.max(0, this.#waiting.length - WAITING_MAX);
    this.#waiting.splice(0, surplus);
    this.#lost += surplus;
  }

  #add(batch: ReturnType<Redis['pipeline']>, { fields, ...common }: Omit<LogRecord, 'id'>): void {
    const more = Object.keys(fields).length > 0 ? ['fields', JSON.stringify(fields)] : [];
    batch.xadd(keys.logs, 'MAXLEN', '~', this.#keep, '*', ...Object.entries(common).flat(), ...more);
  }
}

function recordOf(line: string): Omit<LogRecord, 'id'> {
  const all = JSON.parse(line) as { [member: string]: unknown };
  const fields = { ...all };
  for (const member of COMMON) delete fields[member];
  const common = Object.fromEntries(COMMON.map((member) => [member, all[member] ?? '']));
  return { ...(common as Omit<LogRecord, 'id' | 'fields'>), fields };
}
