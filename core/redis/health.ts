import type { Redis } from 'ioredis';
import { passingReason, passingReasonOf, type PassingReason } from '../problems/passing.ts';
import { keys } from '../wire/keys.ts';

/** Why Redis refuses at the moment, and since when. */
export interface RedisRefusal extends PassingReason {
  /** ISO 8601. */
  since: string;
}

/** How often to look whether a Redis that refuses accepts writes again. */
const PROBE_MS = 250;
/** A Redis that does not answer for this long counts as one that does not respond. */
const ANSWER_MS = 2_000;
/** How often to look whether Redis answers at all, while nobody has noticed anything. */
const LOOK_MS = 1_000;
const LIFE_MS = 1_000;

const known = new WeakMap<Redis, RedisHealth>();

/** The health of the Redis of a connection, or of the connection that it is a duplicate of. */
export function healthOf(redis: Redis): RedisHealth {
  let health = known.get(redis);
  if (!health) known.set(redis, (health = new RedisHealth(redis)));
  return health;
}

/** Makes a duplicate of a connection share its health. */
export function shareHealth(redis: Redis, copy: Redis): void {
  known.set(copy, healthOf(redis));
}

/**
 * Knows whether Redis refuses writes for a reason that passes. A refused command, a lost connection or a missing answer
 * makes it suspicious; it then writes a key over a connection of its own, again and again until that succeeds.
 */
export class RedisHealth {
  readonly #redis: Redis;
  readonly #listeners = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  #refusal: RedisRefusal | null = null;
  #refusedUntilMs = -Infinity;
  #isProbing = false;
  #isAsking = false;

  constructor(redis: Redis) {
    this.#redis = redis;
    redis.on('close', () => this.suspect());
    redis.on('end', () => clearInterval(this.#timer));
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  /** Why Redis refuses; null while it accepts writes. */
  get refusal(): RedisRefusal | null {
    return this.#refusal;
  }

  /** Whether Redis refuses or did so within the last `ms`: what it knows of other processes may then be out of date. */
  hasRefusedWithin(ms: number): boolean {
    return this.#refusal !== null || performance.now() < this.#refusedUntilMs + ms;
  }

  /** Calls `listener` at every change of the reason. Call the result to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells that a command was refused or not answered. Looks whether Redis accepts writes, unless it is looking already. */
  suspect(): void {
    if (this.#isProbing || this.#hasEnded) return;
    this.#isProbing = true;
    void this.#probe().finally(() => (this.#isProbing = false));
  }

  get #hasEnded(): boolean {
    return this.#redis.status === 'end';
  }

  async #probe(): Promise<void> {
    while (!this.#hasEnded) {
      const reason = await this.#reason();
      this.#set(reason);
      if (reason === null) return;
      await new Promise((resolve) => setTimeout(resolve, PROBE_MS).unref());
    }
  }

  /** Why a write is refused now; null if it is not. */
  async #reason(): Promise<PassingReason | null> {
    const probe = this.#redis.duplicate({
      lazyConnect: true,
      enableReadyCheck: false,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      reconnectOnError: null,
      connectTimeout: ANSWER_MS,
      commandTimeout: ANSWER_MS,
    });
    let first: unknown = null;
    probe.on('error', (error: unknown) => (first ??= error));
    try {
      await probe.connect();
      await probe.set(keys.probe, '', 'PX', LIFE_MS);
      return null;
    } catch (error) {
      // A user who may read only, or may not write this key, does not show that Redis refuses.
      if (error instanceof Error && error.message.startsWith('NOPERM')) return null;
      return passingReasonOf(first) ?? passingReasonOf(error) ?? passingReason('redis_unreachable');
    } finally {
      probe.disconnect();
    }
  }

  /** Notices a Redis that keeps its connections open and does not answer. */
  async #look(): Promise<void> {
    if (this.#isAsking || this.#isProbing || this.#redis.status !== 'ready') return;
    this.#isAsking = true;
    const silence = setTimeout(() => this.suspect(), ANSWER_MS);
    try {
      await this.#redis.ping();
    } catch {
      this.suspect();
    } finally {
      clearTimeout(silence);
      this.#isAsking = false;
    }
  }

  #set(reason: PassingReason | null): void {
    if (this.#refusal && !reason) this.#refusedUntilMs = performance.now();
    if (this.#refusal?.code === reason?.code) return;
    this.#refusal = reason && { ...reason, since: this.#refusal?.since ?? new Date().toISOString() };
    for (const listener of this.#listeners) listener();
  }
}
