import { createHash } from 'node:crypto';
import { refusal } from '../../../core/problems/errors.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { refusalWith } from './problems.ts';

/** Wrong keys that an address may send before it has to wait. */
const FREE = 10;
const WAIT_MAX_MS = 300_000;
/** After this long without a wrong key an address is as good as new. */
const FORGET_MS = 900_000;
const ADDRESSES_MAX = 10_000;
/** A Redis that answers later than this is not waited for. */
const REDIS_MS = 500;

/**
 * Makes guessing keys slow: after ten different wrong ones an address waits a second, and twice as long after each further one, up to
 * five minutes. While it waits, right keys are refused, too, or an attacker could go on guessing; but not those that the
 * address has used before. Wrong keys are counted in Redis for all API processes, and here while Redis is away.
 */
export class Guesses {
  readonly #redis: Redis;
  readonly #now: () => number;
  readonly #wrong = new Map<string, { tried: Set<string>; untilMs: number; lastMs: number }>();
  readonly #used = new Set<string>();

  constructor(redis: Redis, now = Date.now) {
    this.#redis = redis;
    this.#now = now;
  }

  /** Notes that an address gave a right key. @throws refusal `guesses_too_many` while the address has to wait */
  right(address: string, owner: string): void {
    const use = `${address} ${owner}`;
    if (this.#used.has(use)) return;
    this.#refuseWaiting(address);
    if (this.#used.size >= ADDRESSES_MAX) this.#used.clear();
    this.#used.add(use);
  }

  /** Counts a wrong key. The same one again is no further guess. @throws refusal `guesses_too_many` while the address has to wait */
  async wrong(address: string, given: string): Promise<void> {
    const now = this.#now();
    const known = this.#wrong.get(address);
    const here =
      known && now - known.lastMs < FORGET_MS ? known : { tried: new Set<string>(), untilMs: 0, lastMs: now };
    const digest = createHash('sha256').update(given).digest('base64').slice(0, 16);
    if (here.tried.has(digest)) return;
    this.#refuseWaiting(address);
    here.tried.add(digest);
    here.lastMs = now;
    // Deleted first, so that the oldest address comes first.
    this.#wrong.delete(address);
    this.#wrong.set(address, here);
    if (this.#wrong.size > ADDRESSES_MAX) this.#wrong.delete(this.#wrong.keys().next().value!);
    const count = Math.max(here.tried.size, await this.#countInRedis(address, digest));
    if (count >= FREE) here.untilMs = now + Math.min(WAIT_MAX_MS, 1_000 * 2 ** Math.min(20, count - FREE));
  }

  async #countInRedis(address: string, digest: string): Promise<number> {
    if (this.#redis.status !== 'ready') return 0;
    const key = keys.guesses(address);
    const counting = this.#redis
      .multi()
      .sadd(key, digest)
      .scard(key)
      .pexpire(key, FORGET_MS)
      .exec()
      .then((replies) => Number(replies?.[1]?.[1] ?? 0));
    const late = new Promise<number>((resolve) => setTimeout(() => resolve(0), REDIS_MS).unref());
    return Promise.race([counting, late]).catch(() => 0);
  }

  #refuseWaiting(address: string): void {
    const waitMs = (this.#wrong.get(address)?.untilMs ?? 0) - this.#now();
    if (waitMs <= 0) return;
    const retryAfter = Math.ceil(waitMs / 1_000);
    const error = refusal('guesses_too_many', `Too many wrong API keys came from ${address}.`, {
      hint: `Wait ${retryAfter} s, and send the right key.`,
    });
    throw refusalWith(error, { retryAfter });
  }
}
