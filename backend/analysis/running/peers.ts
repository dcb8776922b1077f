import { attachedConsumers } from '../../../core/redis/consumers.ts';
import { parsePosition } from '../../../core/wire/event.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { DEFINITION_ENTRY, forgetService, ENDED_ENTRY } from './checkpoint.ts';
import { isOtherPartitioning, partitionName, type Partition } from './partition.ts';

/** Another partition of the service, as of its last commit. */
export interface Peer {
  /** Its epoch of the input; 0 before its first commit. */
  epoch: number;
  /** The last epoch that it has brought to its end. */
  endedEpoch: number;
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

/** The other partitions of a service. All partitions write its output together. */
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

  /** Reads the state of all other partitions. */
  async read(): Promise<Peer[]> {
    const { redis, input, definition } = this.#parts;
    if (this.#names.length === 0) return [];
    const [attached] = await attachedConsumers(redis, [input]);
    const fields = [`@${input}`, ENDED_ENTRY, DEFINITION_ENTRY];
    const peers = this.#names.map(async (name) => {
      const [position, ended, itsDefinition] = await redis.hmget(keys.checkpoint(name), ...fields);
      return {
        epoch: position && itsDefinition === definition ? parsePosition(position).epoch : 0,
        endedEpoch: Number(ended ?? 0),
        isAttached: attached!.some(({ consumer }) => consumer === name),
      };
    });
    return Promise.all(peers);
  }

  /** Whether the service runs with another number of partitions: everything would be derived twice. */
  async hasOtherPartitioning(): Promise<boolean> {
    const names = await this.#otherNames();
    return names.length > 0 && (await this.#parts.redis.exists(names.map(keys.holder))) > 0;
  }

  /** Deletes the checkpoints of partitionings with another number: what they derived is void. */
  async forgetOtherPartitionings(): Promise<void> {
    const { redis, input } = this.#parts;
    await Promise.all((await this.#otherNames()).map((name) => forgetService(redis, name, input)));
  }

  /** Names of the partitions that ever ran under another partitioning. */
  async #otherNames(): Promise<string[]> {
    const { redis, service, partition, input } = this.#parts;
    const names = await redis.hkeys(keys.consumers(input));
    return names.filter((name) => isOtherPartitioning(name, service, partition));
  }
}
