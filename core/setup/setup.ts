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

/** What is to run, section by section, name -> definition. */
export interface Setup {
  services: { [name: string]: ServiceConfig };
  analytics: { [name: string]: Analytics };
  pipelines: { [name: string]: Pipeline };
}

export type Section = keyof Setup;

/** What is to run, and on which channels and behind which addresses. */
export interface WholeSetup extends Setup {
  channels: { [name: string]: ChannelConfig };
  /** By `<method> <path>`. */
  endpoints: { [place: string]: EndpointConfig };
}

export type AnySection = keyof WholeSetup;

/** All of them, in the order in which one builds on the other. */
const sections: readonly AnySection[] = ['channels', 'endpoints', 'services', 'analytics', 'pipelines'];

const LOOK_MS = 250;
const REVISION = '#revision';
/** Something of the configuration that was removed at run time. */
const REMOVED = 'null';

/** The set-up of a configuration alone. */
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

/** Endpoints by what no two of them share. */
export const byPlace = (endpoints: EndpointConfig[]): WholeSetup['endpoints'] =>
  Object.fromEntries(endpoints.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint]));

/**
 * The set-up as it is now: the configuration, with what was changed at run time on top. The changes are kept in Redis, so
 * that every process sees the same, and so does one that starts later.
 */
export class SetupStore {
  readonly #redis: Redis;
  #base: WholeSetup;
  /** How often the configuration has changed. */
  #bases = 0;

  /** `base`: what the configuration says. */
  constructor(redis: Redis, base: WholeSetup) {
    this.#redis = redis;
    this.#base = base;
  }

  /** The configuration now says something else; what was changed at run time stays on top of it. */
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

  /** Removes a definition, also one of the configuration. False: there is none. */
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

  /** Makes the set-up this one, whatever it was, in one step. */
  async replace(setup: WholeSetup): Promise<void> {
    const changes = new Map<string, string>();
    for (const section of sections)
      for (const name of new Set([...Object.keys(this.#base[section]), ...Object.keys(setup[section])])) {
        const definition = setup[section][name];
        if (!isDeepStrictEqual(definition, this.#base[section][name]))
          changes.set(`${section}/${name}`, definition ? JSON.stringify(definition) : REMOVED);
      }
    // No number that a flushed Redis would come to again: who follows takes another number for a change.
    changes.set(REVISION, String(Date.now()));
    await this.#redis.multi().del(keys.setup).hset(keys.setup, changes).exec();
  }

  /** Calls back with the set-up, now and after each change, one call after the other, until it is closed. */
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
      // A section of a later release.
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

/** Makes a list that others hold say what another says. */
export function become<T>(held: { [name: string]: T }, wanted: { [name: string]: T }): void {
  for (const name of Object.keys(held)) if (!Object.hasOwn(wanted, name)) delete held[name];
  Object.assign(held, wanted);
}
