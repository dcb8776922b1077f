import { isNamespace, keys } from '../../wire/keys.ts';
import type { Redis } from 'ioredis';

/**
 * The namespaces of other Reprises on this Redis. Without a namespace of one's own, a pattern such as `*` matches their
 * channels, too. They show themselves by their own channels, such as `dev:reprise:clock`.
 */
export class OtherNamespaces {
  readonly #found = new Set<string>();
  readonly #asked: readonly string[];

  /** `patterns`: a namespace that one of them begins with is not another's. */
  constructor(patterns: readonly string[]) {
    this.#asked = patterns;
  }

  /** Finds those that listen at present. Later ones are noticed by what they say. */
  async find(redis: Redis): Promise<void> {
    if (keys.namespace !== '') return;
    const names = await redis.pubsub('CHANNELS', `*:${keys.ownPrefix}*`).catch(() => []);
    for (const name of names as string[]) this.#learn(name);
  }

  /** Whether a channel, as it is called here, belongs to another namespace. */
  has(channel: string): boolean {
    if (keys.namespace !== '') return false;
    const end = channel.indexOf(':');
    if (end < 0) return false;
    this.#learn(channel);
    return this.#found.has(channel.slice(0, end));
  }

  #learn(name: string): void {
    const namespace = name.slice(0, name.indexOf(':'));
    if (this.#found.has(namespace) || !name.startsWith(keys.ownPrefix, namespace.length + 1)) return;
    const isAsked = this.#asked.some((pattern) => pattern.startsWith(`${namespace}:`));
    if (namespace !== '' && !isAsked && isNamespace(namespace)) this.#found.add(namespace);
  }
}
