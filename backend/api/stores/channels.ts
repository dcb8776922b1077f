import { channelSpec, type ChannelSpec } from '../../../core/wire/channels.ts';
import type { Settings } from '../../../core/settings/settings.ts';
import { refusal } from '../../../core/problems/errors.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { channelNames } from '../../../core/redis/channel-store.ts';

/** All channels: those of the configuration and those that have ever carried an event. */
export class Channels {
  readonly #redis: Redis;
  readonly #declared: Settings['channels'];

  constructor(redis: Redis, declared: Settings['channels']) {
    this.#redis = redis;
    this.#declared = declared;
  }

  /** Sorted by name. */
  async all(): Promise<ChannelSpec[]> {
    const declared = Object.keys(this.#declared).filter((name) => !name.includes('{'));
    const names = new Set([...declared, ...(await channelNames(this.#redis))]);
    return [...names].sort().map((name) => channelSpec(name, this.#declared));
  }

  /** How a channel is written and kept; the channel need not exist. @throws refusal if the name is not a valid channel name */
  spec(name: string): ChannelSpec {
    return channelSpec(name, this.#declared);
  }

  /** An existing channel. @throws refusal `channel_unknown` */
  async get(name: string): Promise<ChannelSpec> {
    if (Object.hasOwn(this.#declared, name) || (await this.#redis.sismember(keys.channels, name))) {
      return channelSpec(name, this.#declared);
    }
    throw refusal('channel_unknown', `There is no channel "${name.slice(0, 140)}".`, {
      hint: 'GET /api/v1/channels lists them. A channel exists once it is configured or has been written to.',
    });
  }

  /** An existing channel that keeps a log. @throws refusal `channel_no_log`, `channel_unknown` */
  async logged(name: string): Promise<ChannelSpec> {
    const spec = await this.get(name);
    if (spec.logMax > 0) return spec;
    throw refusal(
      'channel_no_log',
      `Channel "${name}" keeps no log, so it can't be followed through the API.`,
      {
        hint: `Follow it with SUBSCRIBE ${name} on Redis, or give it a log in config/reprise.json.`,
      },
    );
  }
}
