import { isDeepStrictEqual } from 'node:util';
import type {
  Analytics,
  ChannelConfig,
  Config,
  EndpointConfig,
  Pipeline,
  ServiceConfig,
} from '../../schemas/types.ts';
import { keys } from '../wire/keys.ts';
import type { Redis } from '../redis/connection.ts';

/** The services to run, by section: name -> definition. */
export interface Setup {
  services: { [name: string]: ServiceConfig };
  analytics: { [name: string]: Analytics };
  pipelines: { [name: string]: Pipeline };
}

export type Section = keyof Setup;

/** The complete set-up: services, their channels, and the configured endpoints. */
export interface WholeSetup extends Setup {
  channels: { [name: string]: ChannelConfig };
  /** By `<method> <path>`. */
  endpoints: { [place: string]: EndpointConfig };
}

export type AnySection = keyof WholeSetup;

/** All sections; later ones refer to earlier ones. */
const sections: readonly AnySection[] = ['channels', 'endpoints', 'services', 'analytics', 'pipelines'];

const LOOK_MS = 250;
const REVISION = '#revision';
/** Stands for a definition of the configuration that was removed at run time. */
const REMOVED = 'null';

/** The set-up that a configuration describes, without changes at run time. */
export const setupOf = ({
  channels = {},
  endpoints = [],
  services = {},
  analytics = {},
  pipelines = {},
}: Partial<Pick<Config, AnySection>>): WholeSetup => ({
  channels: { ...channels },
  endpoints: byPlace(endpoints),
  services,
  analytics,
  pipelines,
});

/** Endpoints by `<method> <path>`, which no two of them share. */
export const byPlace = (endpoints: EndpointConfig[]): WholeSetup['endpoints'] =>
  Object.fromEntries(endpoints.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint]));

/**
 * The current set-up: the configuration with changes made at run time on top. The changes are kept in Redis, so every
 * process sees the same set-up, also one that starts later.
 */
export class SetupStore {
  readonly #redis: Redis;
  #base: WholeSetup;
  /** Counts changes of the configuration. */
  #bases = 0;

  /** `base`: the set-up of the configuration. */
  constructor(redis: Redis, base: WholeSetup) {
    this.#redis = redis;
    this.#base = base;
  }

  /** Replaces the set-up of the configuration; changes made at run time stay on top of it. */
  rebase(base: WholeSetup): void {
    this.#base = base;
    this.#bases++;
  }

  async read(): Promise<WholeSetup> {
    return (await this.#read()).setup;
  }

  /** Adds or replaces a definition. */
  async put(section: AnySection, name: string, definition: WholeSetup[AnySection][string]): Promise<void> {
    await this.#write(section, name, JSON.stringify(definition));
  }

  /** Removes a definition, even if the configuration has it. Returns false if there is none. */
  async remove(section: AnySection, name: string): Promise<boolean> {
    const setup = await this.read();
    if (!Object.hasOwn(setup[section], name)) return false;
    if (Object.hasOwn(this.#base[section], name)) await this.#write(section, name, REMOVED);
    else
      await this.#redis
        .multi()
        .hdel(keys.setup, `${section}/${name}`)
        .hincrby(keys.setup, REVISION, 1)
        .exec();
    return true;
  }

  /** Replaces the whole set-up in one step. */
  async replace(setup: WholeSetup): Promise<void> {
    const changes = new Map<string, string>();
    for (const section of sections)
      for (const name of new Set([...Object.keys(this.#base[section]), ...Object.keys(setup[section])])) {
        const definition = setup[section][name];
        if (!isDeepStrictEqual(definition, this.#base[section][name]))
          changes.set(`${section}/${name}`, definition ? JSON.stringify(definition) : REMOVED);
      }
    // Followers take another number for a change, so it must not be one that a flushed Redis reaches again.
    changes.set(REVISION, String(Date.now()));
    await this.#redis.multi().del(keys.setup).hset(keys.setup, changes).exec();
  }

  /** Calls `changed` with the set-up, now and after each change, one call at a time, until it is closed. */
  follow(changed: (setup: WholeSetup) => Promise<void>): { close(): void } {
    let revision: string | null = null;
    let isBusy = false;
    const look = async () => {
      if (isBusy || this.#redis.status !== 'ready') return;
      isBusy = true;
      try {
        const now = (await this.#redis.hget(keys.setup, REVISION)) ?? '';
        if (revision === `${this.#bases} ${now}`) return;
        const bases = this.#bases;
        const found = await this.#read();
        await changed(found.setup);
        revision = `${bases} ${found.revision}`;
      } finally {
        isBusy = false;
      }
    };
    const looks = setInterval(() => void look().catch(() => {}), LOOK_MS);
    void look().catch(() => {});
    return { close: () => clearInterval(looks) };
  }

  async #read(): Promise<{ setup: WholeSetup; revision: string }> {
    const { [REVISION]: revision = '', ...changes } = await this.#redis.hgetall(keys.setup);
    const base = this.#base;
    const setup = Object.fromEntries(
      sections.map((section) => [section, { ...base[section] }]),
    ) as unknown as WholeSetup;
    for (const [field, text] of Object.entries(changes)) {
      const slash = field.indexOf('/');
      const [section, name] = [field.slice(0, slash) as AnySection, field.slice(slash + 1)];
      // A later release may have more sections.
      if (!Object.hasOwn(setup, section)) continue;
      if (text === REMOVED) delete setup[section][name];
      else Object.assign(setup[section], { [name]: JSON.parse(text) as unknown });
    }
    return { setup, revision };
  }

  async #write(section: AnySection, name: string, text: string): Promise<void> {
    const field = `${section}/${name}`;
    await this.#redis.multi().hset(keys.setup, field, text).hincrby(keys.setup, REVISION, 1).exec();
  }
}

/** Makes an object that others hold equal to another one. */
export function replaceMembers<T>(held: { [name: string]: T }, wanted: { [name: string]: T }): void {
  for (const name of Object.keys(held)) if (!Object.hasOwn(wanted, name)) delete held[name];
  Object.assign(held, wanted);
}
