import { isProblem, refusal } from '../../../core/problems/errors.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { Replay, ReplayPatch, ReplayRequest } from '../../../schemas/types.ts';
import type { Replayers } from './replayers.ts';

/** Opening recordings means reading them: large ones take their time. */
const CREATE_MS = 60_000;
const PATCH_MS = 15_000;
const REMOVE_MS = 5_000;

/** The replays of all replayers, as Redis and the replayers tell of them. */
export class Replays {
  readonly #redis: Redis;
  readonly #replayers: Replayers;

  constructor(redis: Redis, replayers: Replayers) {
    this.#redis = redis;
    this.#replayers = replayers;
  }

  /** Oldest first. */
  async list(): Promise<Replay[]> {
    const documents = (await this.#redis.hvals(keys.replays)).map((text) => JSON.parse(text) as Replay);
    return documents.sort(
      (a, b) => (a.created ?? '').localeCompare(b.created ?? '') || a.id.localeCompare(b.id),
    );
  }

  /** @throws refusal `replay_unknown` */
  async get(id: string): Promise<Replay> {
    const text = await this.#redis.hget(keys.replays, id);
    if (text !== null) return JSON.parse(text) as Replay;
    throw refusal('replay_unknown', `No replay "${id.slice(0, 100)}".`, {
      hint: 'GET /api/v1/replays lists them.',
    });
  }

  /** @throws what the replayer refuses; failure `no_answer` where none runs */
  create(request: ReplayRequest): Promise<Replay> {
    return this.#replayers.ask<Replay>('create', request, CREATE_MS);
  }

  /** Answers where the replay then stands. @throws refusal `replay_unknown`, what the replayer refuses */
  async patch(id: string, patch: ReplayPatch): Promise<Replay> {
    const { instance } = await this.get(id);
    return this.#replayers.ask<Replay>('patch', { id, patch }, PATCH_MS, instance);
  }

  /** Stops and forgets a replay, also one whose replayer is no more. @throws refusal `replay_unknown` */
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
