import type { Redis } from '../../core/redis/connection.ts';
import { keys } from '../../core/wire/keys.ts';
import type { ClockTick, Replay as ReplayDocument, ReplayRequest } from '../../schemas/types.ts';

/** What Redis knows of the replays: their documents, and the requests that another replayer resumes them with. */
export class ReplayStore {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** False while the connection is lost. */
  get isReachable(): boolean {
    return this.#redis.status === 'ready';
  }

  /** Writes a replay's document, and its request where it has one. A write that fails is made up for by the next. */
  async write(document: ReplayDocument, request: ReplayRequest | undefined): Promise<void> {
    const writing = this.#redis.multi().hset(keys.replays, document.id, JSON.stringify(document));
    if (request) writing.hset(keys.replayRequests, document.id, JSON.stringify(request));
    await writing.exec().catch(() => {});
  }

  /** Publishes where a replay stands. */
  async tell(tick: ClockTick): Promise<void> {
    await this.#redis.publish(keys.clock, JSON.stringify(tick)).catch(() => {});
  }

  /** Takes replays off all lists. */
  async forget(ids: string[]): Promise<void> {
    if (ids.length === 0) return;
    const lists = [keys.replays, keys.replayRequests, keys.replayStarts];
    await Promise.all(lists.map((list) => this.#redis.hdel(list, ...ids)));
  }

  /** All replays that a replayer may have to resume. */
  async requests(): Promise<{ [id: string]: ReplayRequest }> {
    const texts = await this.#redis.hgetall(keys.replayRequests);
    return Object.fromEntries(
      Object.entries(texts).map(([id, text]) => [id, JSON.parse(text) as ReplayRequest]),
    );
  }

  /** The last documents of replays, in the order of the ids; null where there is none. */
  async documents(ids: string[]): Promise<(ReplayDocument | null)[]> {
    if (ids.length === 0) return [];
    const texts = await this.#redis.hmget(keys.replays, ...ids);
    return texts.map((text) => (text === null ? null : (JSON.parse(text) as ReplayDocument)));
  }

  /** Removes a document; whether this call did it, and no other process's. */
  async claim(id: string): Promise<boolean> {
    return (await this.#redis.hdel(keys.replays, id)) === 1;
  }

  /** Whether a replay holds a channel. */
  async isHeld(channel: string): Promise<boolean> {
    return (await this.#redis.exists(keys.owner(channel))) === 1;
  }
}
