import { refusal } from '../../../core/problems/errors.ts';
import { services } from '../../../core/redis/presence.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { Requester } from '../../../core/redis/requests.ts';
import type { Recorder, Snapshot } from '../../../schemas/types.ts';

const DESCRIBE_MS = 2_000;
/** Long enough to write a full ring buffer. */
const SNAPSHOT_MS = 60_000;

/** The running recorders on this Redis. */
export class Recorders {
  readonly #redis: Redis;
  readonly #requester: Requester;

  constructor(redis: Redis, requester: Requester) {
    this.#redis = redis;
    this.#requester = requester;
  }

  /** The recorders that respond, oldest first. */
  async list(): Promise<Recorder[]> {
    const requests = (await this.#ids()).map((id) => this.#ask<Recorder>(id, 'describe', DESCRIBE_MS));
    const answers = await Promise.allSettled(requests);
    return answers
      .flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
      .sort((a, b) => a.started.localeCompare(b.started) || a.id.localeCompare(b.id));
  }

  /** One recorder. @throws refusal `recorder_unknown`; failure `no_answer` */
  async get(id: string): Promise<Recorder> {
    await this.#check(id);
    return this.#ask(id, 'describe', DESCRIBE_MS);
  }

  /** Has a recorder write its ring buffer to a file. @throws refusal `recorder_unknown`, `recorder_without_ring`; failure `snapshot_failed`, `no_answer` */
  async snapshot(id: string): Promise<Snapshot> {
    await this.#check(id);
    return this.#ask(id, 'snapshot', SNAPSHOT_MS);
  }

  async #check(id: string): Promise<void> {
    if ((await this.#ids()).includes(id)) return;
    throw refusal('recorder_unknown', `No recorder "${id.slice(0, 100)}" is running.`, {
      hint: 'GET /api/v1/recorders lists them.',
    });
  }

  async #ids(): Promise<string[]> {
    return (await services(this.#redis))
      .filter(({ role, state }) => role === 'recorder' && state === 'running')
      .map(({ instance }) => instance);
  }

  #ask<T>(id: string, verb: string, timeoutMs: number): Promise<T> {
    return this.#requester.ask<T>(`recorder:${id}`, verb, {}, timeoutMs);
  }
}
