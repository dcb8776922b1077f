import { keys } from '../wire/keys.ts';
import { duplicate, type Redis } from './connection.ts';
import { positionText } from '../wire/event.ts';

/** A pattern costs Redis and us more than a name. */
const GLOB = /[*?[\\]/;

/**
 * Hears every message of the channels that match one of some patterns (`gps`, `gps.*`), as the bytes that were on the
 * wire, each once. After a lost connection it listens on; what was said meanwhile it has not heard.
 */
export class Wiretap {
  readonly #redis: Redis;
  readonly #side: Redis;
  /** By channel, the first pattern that it came by: one that matches several comes once for each. */
  readonly #patternOf = new Map<string, string>();

  private constructor(redis: Redis) {
    this.#side = redis;
    this.#redis = duplicate(redis);
  }

  /** Listens when it settles. `redis` is used for short commands only. Channels of Reprise's own must be asked for by name. */
  static async start(
    redis: Redis,
    patterns: string[],
    hear: (channel: string, message: Buffer) => void,
  ): Promise<Wiretap> {
    const tap = new Wiretap(redis);
    const own = patterns.some((pattern) => pattern.startsWith('reprise:'));
    const heard = (by: string, name: string, message: Buffer) => {
      if (!own && name.startsWith('reprise:')) return;
      if (!tap.#patternOf.has(name)) tap.#patternOf.set(name, by);
      if (tap.#patternOf.get(name) === by) hear(name, message);
    };
    tap.#redis.on('pmessageBuffer', (pattern: Buffer | string, channel: Buffer, message: Buffer) =>
      heard(String(pattern), channel.toString(), message),
    );
    tap.#redis.on('messageBuffer', (channel: Buffer, message: Buffer) => {
      const name = channel.toString();
      heard(name, name, message);
    });
    const names = new Set(patterns.filter((pattern) => !GLOB.test(pattern)));
    const globs = new Set(patterns.filter((pattern) => GLOB.test(pattern)));
    if (names.size > 0) await tap.#redis.subscribe(...names);
    if (globs.size > 0) await tap.#redis.psubscribe(...globs);
    return tap;
  }

  /** What the channel's log still has of an epoch's events from one offset to another, both within. */
  async logged(
    channel: string,
    epoch: number,
    from: number,
    to: number,
  ): Promise<{ offset: number; event: Buffer }[]> {
    const [first, last] = [positionText({ epoch, offset: from }), positionText({ epoch, offset: to })];
    const entries = await this.#side.xrangeBuffer(keys.log(channel), first, last);
    return entries.map(([id, fields]) => ({
      offset: Number(id.toString().split('-')[1]),
      event: fields[1]!,
    }));
  }

  /** Where the channel stands in Redis; offset 0 where nothing is known of it. */
  async head(channel: string): Promise<{ epoch: number; offset: number }> {
    const [epoch, offset] = await this.#side.hmget(keys.head(channel), 'epoch', 'offset');
    return { epoch: Number(epoch ?? 0), offset: Number(offset ?? 0) };
  }

  close(): void {
    this.#redis.disconnect();
  }
}
