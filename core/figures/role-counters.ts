import type { Redis } from '../redis/connection.ts';
import { keys } from '../wire/keys.ts';

const FLUSH_MS = 1_000;

/**
 * What the processes of a role count for Prometheus. The sums are in Redis, so they go on when a process is started again, and
 * any API process can tell them. Counts reach Redis within a second, or when it is back.
 */
export class RoleCounters {
  readonly #redis: Redis;
  readonly #role: string;
  readonly #timer: NodeJS.Timeout;
  /** By field of the hash. */
  #waiting = new Map<string, number>();

  constructor(redis: Redis, role: string) {
    this.#redis = redis;
    this.#role = role;
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS);
    this.#timer.unref();
  }

  /** Increases a counter, `reprise_<metric>_total`. */
  count(metric: string, by = 1): void {
    this.#add(metric, 'total', by);
  }

  /** Adds values to a distribution, `reprise_<metric>`. `counts`: how many are up to each bound and above the one before. */
  distribute(metric: string, bounds: readonly number[], counts: ArrayLike<number>, sum: number): void {
    for (let i = 0; i < counts.length; i++)
      if (counts[i]! > 0) this.#add(metric, `le:${bounds[i] ?? '+Inf'}`, counts[i]!);
    if (sum !== 0) this.#add(metric, 'sum', sum);
  }

  /** Adds what waits to the sums in Redis. What fails waits for the next time. */
  async flush(): Promise<void> {
    if (this.#waiting.size === 0 || this.#redis.status !== 'ready') return;
    const waiting = this.#waiting;
    this.#waiting = new Map();
    const adding = this.#redis.multi();
    for (const [field, by] of waiting) adding.hincrbyfloat(keys.counters, field, by);
    await adding.exec().catch(() => {
      for (const [field, by] of waiting) this.#waiting.set(field, (this.#waiting.get(field) ?? 0) + by);
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  #add(metric: string, part: string, by: number): void {
    const field = `${this.#role} ${metric} {} ${part}`;
    this.#waiting.set(field, (this.#waiting.get(field) ?? 0) + by);
  }
}

/** Counts one event of a role at once, for a process that counts seldom. */
export async function countOnce(redis: Redis, role: string, metric: string): Promise<void> {
  await redis.hincrbyfloat(keys.counters, `${role} ${metric} {} total`, 1);
}
