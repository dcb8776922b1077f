import { failure } from '../../../core/problems/errors.ts';
import { services } from '../../../core/redis/presence.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { Requester } from '../../../core/redis/requests.ts';

/** Sends requests to replayers. If none is running, requests fail at once instead of timing out. */
export class Replayers {
  readonly #redis: Redis;
  readonly #requester: Requester;

  constructor(redis: Redis, requester: Requester) {
    this.#redis = redis;
    this.#requester = requester;
  }

  /** Asks the replayer `instance`, or any free one. @throws refusal of the replayer, failure `no_answer` */
  async ask<T>(verb: string, body: unknown, timeoutMs: number, instance?: string): Promise<T> {
    if (!(await this.isThere(instance))) {
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

  /** Whether the replayer `instance` runs, or any. */
  async isThere(instance?: string): Promise<boolean> {
    return (await services(this.#redis)).some(
      (service) =>
        service.role === 'replayer' &&
        service.state === 'running' &&
        (instance === undefined || service.instance === instance),
    );
  }
}
