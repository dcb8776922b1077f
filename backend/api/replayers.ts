import { failure } from '../../core/errors.ts';
import { services } from '../../core/presence.ts';
import type { Redis } from '../../core/redis.ts';
import type { Requester } from '../../core/requests.ts';

/** Asks whichever replayer is free; where none is alive it says so at once instead of waiting for an answer. */
export class Replayers {
  readonly #redis: Redis;
  readonly #requester: Requester;

  constructor(redis: Redis, requester: Requester) {
    this.#redis = redis;
    this.#requester = requester;
  }

  /** @throws what the replayer refuses; failure `no_answer` */
  async ask<T>(verb: string, body: unknown, timeoutMs: number): Promise<T> {
    const alive = (await services(this.#redis)).some(
      ({ role, state }) => role === 'replayer' && state === 'running',
    );
    if (!alive) {
      throw failure('no_answer', 'No replayer is running.', {
        hint: 'Start one with `reprise serve replayer` (or everything with `npm start`).',
      });
    }
    return this.#requester.ask<T>('replayer', verb, body, timeoutMs);
  }
}
