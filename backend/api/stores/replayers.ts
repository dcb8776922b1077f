import { failure } from '../../../core/problems/errors.ts';
import { services } from '../../../core/redis/presence.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { Requester } from '../../../core/redis/requests.ts';

/** Asks the replayers; where the one that is needed is not alive it says so at once instead of waiting for an answer. */
export class Replayers {
  readonly #redis: Redis;
  readonly #requester: Requester;

  constructor(redis: Redis, requester: Requester) {
    this.#redis = redis;
    this.#requester = requester;
  }

  /** `instance`: that replayer, instead of whichever is free. @throws what it refuses; failure `no_answer` */
  async ask<T>(verb: string, body: unknown, timeoutMs: number, instance?: string): Promise<T> {
    const alive = (await services(this.#redis)).some(
      (service) =>
        service.role === 'replayer' &&
        service.state === 'running' &&
        (instance === undefined || service.instance === instance),
    );
    if (!alive) {
      throw failure(
        'no_answer',
        instance ? `Its replayer (${instance}) is gone.` : 'No replayer is running.',
        {
          hint: 'Start one with `reprise serve replayer` (or everything with `npm start`).',
        },
      );
    }
    return this.#requester.ask<T>(instance ? `replayer:${instance}` : 'replayer', verb, body, timeoutMs);
  }
}
