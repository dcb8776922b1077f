import { isProblem, refusal } from '../../../core/problems/errors.ts';
import { waitingText } from '../../../core/problems/passing.ts';
import { keys } from '../../../core/wire/keys.ts';
import { healthOf } from '../../../core/redis/health.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { Replay, ReplayPatch, ReplayRequest } from '../../../schemas/types.ts';
import type { Replayers } from './replayers.ts';

/** Long enough to open large recordings. */
const CREATE_MS = 60_000;
const PATCH_MS = 15_000;
const REMOVE_MS = 5_000;

/** The replays of all replayers. Reads them from Redis, and changes them through their replayers. */
export class Replays {
  readonly #redis: Redis;
  readonly #replayers: Replayers;

  constructor(redis: Redis, replayers: Replayers) {
    this.#redis = redis;
    this.#replayers = replayers;
  }

  /** All replays, oldest first. */
  async list(): Promise<Replay[]> {
    const documents = (await this.#redis.hvals(keys.replays)).map((text) => this.#read(text));
    return documents.sort(
      (a, b) => (a.created ?? '').localeCompare(b.created ?? '') || a.id.localeCompare(b.id),
    );
  }

  /** One replay. @throws refusal `replay_unknown` */
  async get(id: string): Promise<Replay> {
    const text = await this.#redis.hget(keys.replays, id);
    if (text !== null) return this.#read(text);
    throw refusal('replay_unknown', `There is no replay "${id.slice(0, 100)}".`, {
      hint: 'GET /api/v1/replays lists them.',
    });
  }

  /** While Redis refuses writes, replayers can't store what their replays wait for. */
  #read(text: string): Replay {
    const replay = JSON.parse(text) as Replay;
    const { refusal } = healthOf(this.#redis);
    if (refusal === null || replay.state !== 'playing') return replay;
    return { ...replay, waiting: waitingText(refusal) };
  }

  /** Starts a replay. Each of its channels must match one pattern of each list of `limits`. @throws refusal of the replayer, failure `no_answer` */
  create(request: ReplayRequest, limits: (readonly string[])[] = []): Promise<Replay> {
    return this.#replayers.ask<Replay>('create', { ...request, limits }, CREATE_MS);
  }

  /** Changes a replay and returns it as it is then. @throws refusal `replay_unknown` and of the replayer, failure `no_answer` */
  async patch(id: string, patch: ReplayPatch): Promise<Replay> {
    const { instance } = await this.get(id);
    return this.#replayers.ask<Replay>('patch', { id, patch }, PATCH_MS, instance);
  }

  /** Stops and removes a replay, even if its replayer is gone. @throws refusal `replay_unknown` */
  async remove(id: string): Promise<void> {
    const { instance } = await this.get(id);
    try {
      await this.#replayers.ask('remove', { id }, REMOVE_MS, instance);
    } catch (error) {
      if (!isProblem(error, 'no_answer', 'replay_unknown')) throw error;
      await this.#redis.hdel(keys.replays, id);
    }
  }
}
