import { services } from '../../../core/redis/presence.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { planPipeline } from '../../../core/wire/pipeline.ts';
import type { Setups } from './setups.ts';
import type { Replays } from './replays.ts';

const IDLE_STATES = new Set(['stopped', 'failed', 'missing']);

/** Knows what writes to a channel or reads it: replays, services and pipelines that are not stopped. */
export class ChannelUsers {
  readonly #redis: Redis;
  readonly #setups: Setups;
  readonly #replays: Replays;

  constructor(redis: Redis, setups: Setups, replays: Replays) {
    this.#redis = redis;
    this.#setups = setups;
    this.#replays = replays;
  }

  /** All of them in words, such as "the service gps.stops". */
  async of(channel: string): Promise<string[]> {
    const found = await Promise.all([
      this.#playing(channel),
      this.#serving(channel),
      this.#configured(channel),
      this.#piped(channel),
    ]);
    return [...new Set(found.flat())];
  }

  async #playing(channel: string): Promise<string[]> {
    const all = await this.#replays.list();
    const using = all.filter(
      ({ channels, state, waiting }) =>
        channels.includes(channel) &&
        (state === 'playing' || state === 'paused' || typeof waiting === 'string'),
    );
    return using.map(({ id }) => `the replay ${id}`);
  }

  /** Services that run, with the channels that they have by default. */
  async #serving(channel: string): Promise<string[]> {
    const using = (await services(this.#redis)).filter(
      ({ role, state, inputs = [], outputs = [] }) =>
        role === 'service' &&
        !IDLE_STATES.has(state) &&
        (inputs.includes(channel) || outputs.includes(channel)),
    );
    return using.map(({ name }) => `the service ${name}`);
  }

  /** Services and analytics of the set-up, also while no process runs them. */
  async #configured(channel: string): Promise<string[]> {
    const { services: configs, analytics } = await this.#setups.whole();
    const own = Object.entries(configs).map(([name, { input, output, state }]) => ({
      name,
      channels: [input, output],
      state,
    }));
    const windows = Object.entries(analytics).map(([name, { from, to = name, state }]) => ({
      name,
      channels: [from, to],
      state,
    }));
    return [...own, ...windows]
      .filter(({ channels, state }) => state !== 'stopped' && channels.includes(channel))
      .map(({ name }) => `the service ${name}`);
  }

  async #piped(channel: string): Promise<string[]> {
    const found: string[] = [];
    for (const [name, definition] of Object.entries(await this.#setups.all('pipelines'))) {
      const { steps, input, to } = planPipeline(name, definition);
      const running = steps.filter(({ state }) => state !== 'stopped');
      const channels = [input, to, definition.from, ...running.map((step) => step.channel)];
      if (running.length > 0 && channels.includes(channel)) found.push(`the pipeline ${name}`);
    }
    return found;
  }
}
