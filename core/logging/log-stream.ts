import type { LogRecord } from '../../schemas/types.ts';
import { keys } from '../wire/keys.ts';
import type { Redis } from '../redis/connection.ts';

/** Lines that wait while Redis is away; the oldest go first. */
const WAITING_MAX = 2_000;
const BATCH_MAX = 500;
const FLUSH_MS = 100;
const CLOSE_MS = 500;

/** What a line of the log has beside its fields. */
const COMMON = ['time', 'level', 'kind', 'service', 'message'] as const;

/**
 * The way of a process's log lines into the stream `reprise:logs`: in batches, at most a tenth of a second late. It never
 * waits for Redis and never fails; what found no room is counted, and told once there is room again. After a broken
 * connection a batch may be there twice.
 */
export class LogStream {
  readonly #keep: number;
  #redis: Redis | null = null;
  #waiting: string[] = [];
  #lost = 0;
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> | null = null;

  /** `keep`: how many lines of all processes the stream holds. */
  constructor(keep: number) {
    this.#keep = keep;
  }

  /** From now on lines go there, those from before it was known as well. */
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

  /** Sends what waits, if Redis takes it within half a second. */
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
    // A command would wait within the client, without a bound.
    if (this.#redis?.status !== 'ready') return this.#soon();
    this.#sending = this.#send(this.#redis).finally(() => {
      this.#sending = null;
      if (this.#waiting.length > 0) this.#soon();
    });
  }

  async #send(redis: Redis): Promise<void> {
    const batch = redis.pipeline();
    for (const line of this.#waiting.splice(0, BATCH_MAX)) this.#add(batch, recordOf(line));
    if (this.#lost > 0 && this.#waiting.length === 0) {
      const message = `${this.#lost} lines of the log found no room while Redis was away.`;
      const time = new Date().toISOString();
      this.#add(batch, { time, level: 'warn', kind: 'system', service: 'log', message, fields: {} });
      this.#lost = 0;
    }
    // What Redis does not take, for want of memory or of leave, is lost: a log line about it would be, too.
    await batch.exec().catch(() => {});
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
