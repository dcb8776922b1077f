import { refusal } from '../../../core/problems/errors.ts';
import { keys } from '../../../core/wire/keys.ts';
import { services } from '../../../core/redis/presence.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { Requester } from '../../../core/redis/requests.ts';
import type { Recorder, Snapshot } from '../../../schemas/types.ts';

/** How long a recorder that has failed is listed. */
const FAILED_MS = 86_400_000;
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

  /** The recorders that respond, and those that have failed within the last day, oldest first. */
  async list(): Promise<Recorder[]> {
    const failed = await this.#failed();
    const requests = (await this.#ids()).map((id) => this.#ask<Recorder>(id, 'describe', DESCRIBE_MS));
    const answers = await Promise.allSettled(requests);
    const running = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    return [...running, ...failed.values()].sort(
      (a, b) => a.started.localeCompare(b.started) || a.id.localeCompare(b.id),
    );
  }

  /** One recorder. @throws refusal `recorder_unknown`; failure `no_answer` */
  async get(id: string): Promise<Recorder> {
    const failed = (await this.#failed()).get(id);
    if (failed) return failed;
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

  /** The last documents of recorders that have failed. Those older than a day are removed. */
  async #failed(): Promise<Map<string, Recorder>> {
    const found = new Map<string, Recorder>();
    for (const [id, text] of Object.entries(await this.#redis.hgetall(keys.failedRecorders))) {
      const recorder = JSON.parse(text) as Recorder;
      if (Date.now() - Date.parse(recorder.ended ?? '') < FAILED_MS) found.set(id, recorder);
      else await this.#redis.hdel(keys.failedRecorders, id);
    }
    return found;
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
