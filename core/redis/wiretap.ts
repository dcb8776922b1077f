import { channelOfName, keys } from '../wire/keys.ts';
import { duplicate, type Redis } from './connection.ts';
import { waitOut } from './wait-out.ts';
import { positionText, type Position } from '../wire/event.ts';
import { readHead } from './channel-store.ts';
import { OtherNamespaces } from './server/other-namespaces.ts';

/** Tells patterns from names; a subscription to a name costs less. */
const GLOB = /[*?[\\]/;

/**
 * Receives every message on the channels that match some patterns (`gps`, `gps.*`), each message once, as the bytes on the
 * wire. After a lost connection it listens again; messages published meanwhile are missed.
 */
export class Wiretap {
  readonly #redis: Redis;
  readonly #side: Redis;
  /** Channel -> the first pattern that delivered it. Redis delivers a message once for each pattern that matches. */
  readonly #patternOf = new Map<string, string>();

  private constructor(redis: Redis) {
    this.#side = redis;
    this.#redis = duplicate(redis);
  }

  /**
   * Resolves once it is listening. Channels of Reprise itself (`reprise:*`) are left out unless a pattern begins so, and so
   * are those of other namespaces.
   * @param patterns channels, without the namespace
   * @param redis used for short commands only
   */
  static async start(
    redis: Redis,
    patterns: string[],
    hear: (channel: string, message: Buffer) => void,
  ): Promise<Wiretap> {
    const tap = new Wiretap(redis);
    const own = patterns.some((pattern) => pattern.startsWith(keys.ownPrefix));
    const others = new OtherNamespaces(patterns);
    const heard = (by: string, name: string, message: Buffer) => {
      const channel = channelOfName(name);
      if (channel === null || (!own && channel.startsWith(keys.ownPrefix)) || others.has(channel)) return;
      if (!tap.#patternOf.has(name)) tap.#patternOf.set(name, by);
      if (tap.#patternOf.get(name) === by) hear(channel, message);
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
    if (names.size > 0) await tap.#redis.subscribe(...Array.from(names, keys.messages));
    if (globs.size > 0) {
      await others.find(redis);
      await tap.#redis.psubscribe(...Array.from(globs, keys.messages));
    }
    return tap;
  }

  /** The events of one epoch that are still in the log, from offset `from` to offset `to`, inclusive. */
  async logged(
    channel: string,
    epoch: number,
    from: number,
    to: number,
  ): Promise<{ offset: number; event: Buffer }[]> {
    const [first, last] = [positionText({ epoch, offset: from }), positionText({ epoch, offset: to })];
    const read = () => this.#side.xrangeBuffer(keys.log(channel), first, last);
    const entries = await waitOut(this.#side, read);
    return entries.map(([id, fields]) => ({
      offset: Number(id.toString().split('-')[1]),
      event: fields[1]!,
    }));
  }

  /** The position of the last event of a channel; 0 and 0 if there is none. */
  head(channel: string): Promise<Position> {
    return waitOut(this.#side, () => readHead(this.#side, channel));
  }

  close(): void {
    this.#redis.disconnect();
  }
}
