import { attachedConsumers } from '../../../core/redis/consumers.ts';
import { parsePosition } from '../../../core/wire/event.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { DEFINITION_ENTRY, forgetService, ENDED_ENTRY } from './checkpoint.ts';
import { isOtherPartitioning, partitionName, type Partition } from './partition.ts';

/** Another partition of the service, by its last commit. */
export interface Peer {
  /** Of the input; 0 before its first commit. */
  epoch: number;
  /** The last epoch that it has brought to its end. */
  overEpoch: number;
  /** Whether it runs, or may be back in a moment. */
  isAttached: boolean;
}

export interface PeersParts {
  redis: Redis;
  service: string;
  partition: Partition | null;
  input: string;
  definition: string;
}

/** The other processes that one service is divided among: together they write its output. */
export class Peers {
  readonly #parts: PeersParts;
  readonly #names: string[];

  constructor(parts: PeersParts) {
    this.#parts = parts;
    const { service, partition } = parts;
    const indexes = Array.from({ length: partition?.count ?? 0 }, (_, i) => i + 1);
    this.#names = indexes
      .filter((index) => index !== partition!.index)
      .map((index) => partitionName(service, { index, count: partition!.count }));
  }

  /** Those that run the service as it is defined here. */
  async look(): Promise<Peer[]> {
    const { redis, input, definition } = this.#parts;
    if (this.#names.length === 0) return [];
    const [attached] = await attachedConsumers(redis, [input]);
    const fields = [`@${input}`, ENDED_ENTRY, DEFINITION_ENTRY];
    const fellows = this.#names.map(async (name) => {
      const [position, over, itsDefinition] = await redis.hmget(keys.checkpoint(name), ...fields);
      return {
        epoch: position && itsDefinition === definition ? parsePosition(position).epoch : 0,
        overEpoch: Number(over ?? 0),
        isAttached: attached!.some(({ consumer }) => consumer === name),
      };
    });
    return Promise.all(fellows);
  }

  /** Whether the service runs divided otherwise: two divisions at once would derive everything twice. */
  async isDividedOtherwise(): Promise<boolean> {
    const names = await this.#otherwise();
    return names.length > 0 && (await this.#parts.redis.exists(names.map(keys.holder))) > 0;
  }

  /** What it derived divided otherwise is void: this division begins anew. */
  async takeOver(): Promise<void> {
    const { redis, input } = this.#parts;
    await Promise.all((await this.#otherwise()).map((name) => forgetService(redis, name, input)));
  }

  /** The parts of other divisions that ever ran. */
  async #otherwise(): Promise<string[]> {
    const { redis, service, partition, input } = this.#parts;
    const names = await redis.hkeys(keys.consumers(input));
    return names.filter((name) => isOtherPartitioning(name, service, partition));
  }
}
