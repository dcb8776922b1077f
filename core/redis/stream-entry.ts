import type { Redis } from './connection.ts';

/** An entry of a Redis stream: its id, and its fields and values alternately. */
export type StreamEntry = [id: string, fields: string[]];

const ENTRIES_PER_CALL = 2_000;

/** A stream in Redis that is read once, up to the entry that is the last one when reading begins. */
export class StreamKey {
  readonly key: string;
  readonly #redis: Redis;

  constructor(redis: Redis, key: string) {
    this.#redis = redis;
    this.key = key;
  }

  /** Whether the key exists and holds a stream. */
  async exists(): Promise<boolean> {
    return (await this.#redis.type(this.key)) === 'stream';
  }

  /** All entries up to the one that is the last now, in chunks. Entries that are trimmed meanwhile are left out. */
  async *entries(): AsyncGenerator<StreamEntry[]> {
    const last = (await this.#redis.xrevrange(this.key, '+', '-', 'COUNT', 1))[0]?.[0];
    if (last === undefined) return;
    for (let from = '-'; ;) {
      const entries = await this.#redis.xrange(this.key, from, last, 'COUNT', ENTRIES_PER_CALL);
      if (entries.length === 0) return;
      yield entries;
      from = `(${entries.at(-1)![0]}`;
    }
  }
}
