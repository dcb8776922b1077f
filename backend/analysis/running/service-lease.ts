import { randomUUID } from 'node:crypto';
import { keys } from '../../../core/wire/keys.ts';
import { callFunction, type Redis } from '../../../core/redis/connection.ts';
import { FUNCTIONS } from '../../../core/lua/functions.ts';

/** How long a lease lasts without renewal. */
const LEASE_MS = 2_000;

/** How a lease is taken over. */
export interface ServiceLeaseOptions {
  /**
   * Whether to take the lease at once from a process whose connection is gone. That process may reconnect and not notice
   * for half a second. Where this would do harm, wait until its lease expires.
   */
  takesOverAtOnce: boolean;
}

/**
 * The lease of a service: one process at a time has it, and must renew it. It avoids double work. Correctness does not
 * depend on it: commits make sure that nothing is derived twice.
 */
export class ServiceLease {
  readonly #redis: Redis;
  readonly #service: string;
  readonly #takesOverAtOnce: boolean;
  /** `<id of the connection> <UUID>`; null before the first request. */
  #token: string | null = null;
  #validUntilMs = -Infinity;

  constructor(redis: Redis, service: string, { takesOverAtOnce }: ServiceLeaseOptions) {
    this.#redis = redis;
    this.#service = service;
    this.#takesOverAtOnce = takesOverAtOnce;
  }

  /** Whether this process certainly has the lease, without asking Redis. */
  get isValid(): boolean {
    return performance.now() < this.#validUntilMs;
  }

  /** Gets or renews the lease. False while another process has it. */
  async acquire(): Promise<boolean> {
    const requestedAtMs = performance.now();
    this.#token ??= `${await this.#connection()} ${randomUUID()}`;
    let other = await this.#request(this.#token, LEASE_MS);
    if (other !== null && this.#takesOverAtOnce && (await this.#isGone(other))) {
      await this.#request(other, 0);
      other = await this.#request(this.#token, LEASE_MS);
    }
    this.#validUntilMs = other === null ? requestedAtMs + LEASE_MS : -Infinity;
    // The connection may be another one by the next request.
    if (other !== null) this.#token = null;
    return other === null;
  }

  /** Gives the lease up, so that another process can have it at once. */
  async release(): Promise<void> {
    if (this.#token === null) return;
    this.#validUntilMs = -Infinity;
    await this.#request(this.#token, 0);
  }

  /** Requests the lease. Returns the token of the process that has it, or null for this one. */
  async #request(token: string, lifeMs: number): Promise<string | null> {
    const reply = (await callFunction(
      this.#redis,
      'hold',
      [keys.holder(this.#service)],
      FUNCTIONS.hold.encode({ token, lifeMs }),
    )) as (number | string)[];
    return reply[0] === 1 ? null : String(reply[1]);
  }

  /** 0 if an access list forbids the command: then nobody can tell that this connection is gone. */
  async #connection(): Promise<number> {
    return this.#redis.client('ID').catch(() => 0);
  }

  /** Whether the connection in a token is gone. False if an access list forbids to ask. */
  async #isGone(token: string): Promise<boolean> {
    const id = Number(token.split(' ')[0]);
    if (!(id > 0)) return false;
    const found = await this.#redis.call('CLIENT', 'LIST', 'ID', id).catch(() => null);
    return found === '';
  }
}
