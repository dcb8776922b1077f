import { randomUUID } from 'node:crypto';
import { keys } from '../../../core/wire/keys.ts';
import { callFunction, type Redis } from '../../../core/redis/connection.ts';
import { FUNCTIONS } from '../../../core/lua/functions.ts';

/** So long a process has the right without a further sign. */
const LIFE_MS = 2_000;

export interface ServiceLeaseOptions {
  /**
   * Whether to take the right at once from a process whose connection is gone. It may come back and not know for half a
   * second: where that would do harm, the right has to run out.
   */
  isHasty: boolean;
}

/**
 * The right to run a service: one process at a time has it, while it gives signs of life. It spares double work; that nothing
 * is doubled is seen to by the commits.
 */
export class ServiceLease {
  readonly #redis: Redis;
  readonly #service: string;
  readonly #isHasty: boolean;
  /** `<id of the connection> <something unique>`; null before it is asked for. */
  #token: string | null = null;
  #sureUntilMs = -Infinity;

  constructor(redis: Redis, service: string, { isHasty }: ServiceLeaseOptions) {
    this.#redis = redis;
    this.#service = service;
    this.#isHasty = isHasty;
  }

  /** Whether it is certain that no other process has the right. */
  get isSure(): boolean {
    return performance.now() < this.#sureUntilMs;
  }

  /** Takes the right, or keeps it. False while another process has it. */
  async take(): Promise<boolean> {
    const askedMs = performance.now();
    this.#token ??= `${await this.#connection()} ${randomUUID()}`;
    let other = await this.#hold(this.#token, LIFE_MS);
    if (other !== null && this.#isHasty && (await this.#isGone(other))) {
      await this.#hold(other, 0);
      other = await this.#hold(this.#token, LIFE_MS);
    }
    this.#sureUntilMs = other === null ? askedMs + LIFE_MS : -Infinity;
    // By the next time the connection may be another.
    if (other !== null) this.#token = null;
    return other === null;
  }

  async release(): Promise<void> {
    if (this.#token === null) return;
    this.#sureUntilMs = -Infinity;
    await this.#hold(this.#token, 0);
  }

  /** Answers who else has it, if anybody. */
  async #hold(token: string, lifeMs: number): Promise<string | null> {
    const reply = (await callFunction(
      this.#redis,
      'hold',
      [keys.holder(this.#service)],
      FUNCTIONS.hold.encode({ token, lifeMs }),
    )) as (number | string)[];
    return reply[0] === 1 ? null : String(reply[1]);
  }

  /** Some access lists do not allow these two: then the right has to run out. */
  async #connection(): Promise<number> {
    return this.#redis.client('ID').catch(() => 0);
  }

  async #isGone(token: string): Promise<boolean> {
    const id = Number(token.split(' ')[0]);
    if (!(id > 0)) return false;
    const found = await this.#redis.call('CLIENT', 'LIST', 'ID', id).catch(() => null);
    return found === '';
  }
}
