import { FUNCTIONS } from '../lua/functions.ts';
import { refusal } from '../problems/errors.ts';
import { callFunction, type Redis } from '../redis/connection.ts';
import { channelNames } from '../redis/channel-store.ts';
import { logBytes } from './log-memory.ts';

/** How many channels there may be, and how much memory of Redis their logs may take. */
export interface ChannelLimits {
  channels: number;
  logBytes: number;
}

/** How long a channel is known to exist without asking Redis. */
const KNOWN_MS = 5_000;
const KNOWN_MAX = 1_000;
/** How old the measured memory of the logs may be. */
const MEASURED_MS = 10_000;

/** Keeps the number of channels and the memory of their logs within limits, for those who write in the name of callers. */
export class ChannelQuota {
  readonly #redis: Redis;
  readonly #declared: string[];
  readonly #limits: ChannelLimits;
  readonly #now: () => number;
  /** Channels that exist, and until when that counts. */
  readonly #known = new Map<string, number>();
  #memory: { bytes: Promise<number>; atMs: number } | null = null;

  /** `declared`: the channels of the configuration, which always have room. `now`: steady time, ms. */
  constructor(
    redis: Redis,
    declared: string[],
    limits: ChannelLimits,
    now: () => number = () => performance.now(),
  ) {
    this.#redis = redis;
    this.#declared = declared.filter((name) => !name.includes('{'));
    this.#limits = limits;
    this.#now = now;
  }

  /**
   * Makes room for channels that are about to be written to.
   * @throws refusal `channels_too_many`, `logs_too_large`
   */
  async enter(channels: readonly string[]): Promise<void> {
    await this.#checkMemory();
    const now = this.#now();
    const unknown = channels.filter((channel) => (this.#known.get(channel) ?? -Infinity) < now);
    if (unknown.length === 0) return;
    const [isThere, count] = (await callFunction(
      this.#redis,
      'enter',
      [],
      FUNCTIONS.enter.encode({
        most: this.#limits.channels,
        channels: unknown,
        declared: this.#declared,
      }),
    )) as [number, number?];
    if (isThere !== 1) throw tooMany(unknown, count ?? 0, this.#limits.channels);
    if (this.#known.size + unknown.length > KNOWN_MAX) this.#known.clear();
    for (const channel of unknown) this.#known.set(channel, now + KNOWN_MS);
  }

  /** Tells that a channel was deleted. */
  forget(channel: string): void {
    this.#known.delete(channel);
  }

  /** Measures at most every ten seconds, and only the first time somebody waits for it. */
  async #checkMemory(): Promise<void> {
    const before = this.#memory;
    if (!before || this.#now() - before.atMs > MEASURED_MS) {
      const bytes = channelNames(this.#redis).then((names) => logBytes(this.#redis, names));
      const measured = { bytes, atMs: this.#now() };
      // What can't be measured now limits nobody.
      bytes.catch(() => this.#memory === measured && (this.#memory = null));
      this.#memory = measured;
    }
    const bytes = await (before ?? this.#memory)!.bytes.catch(() => 0);
    if (bytes <= this.#limits.logBytes) return;
    throw refusal(
      'logs_too_large',
      `The logs of the channels take ${megabytes(bytes)} of Redis, and may take ${megabytes(this.#limits.logBytes)}.`,
      { hint: 'Delete channels, give them shorter logs, or raise REPRISE_MAX_LOG_BYTES.' },
    );
  }
}

function tooMany(channels: string[], count: number, most: number): Error {
  const [first] = channels;
  const which =
    channels.length === 1 ? `Channel "${first}"` : `${channels.length} channels, "${first}" first,`;
  return refusal('channels_too_many', `${which} can't be added: there are ${count} of at most ${most}.`, {
    hint: 'Delete channels that are not needed, or raise REPRISE_MAX_CHANNELS.',
  });
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toLocaleString('en', { maximumFractionDigits: 1 })} MB`;
