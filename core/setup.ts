import type { Analytics, Config, Pipeline, ServiceConfig } from '../schemas/types.ts';
import { keys } from './keys.ts';
import type { Redis } from './redis.ts';

/** What Reprise is to do, section by section, name -> definition. */
export interface Setup {
  services: { [name: string]: ServiceConfig };
  analytics: { [name: string]: Analytics };
  pipelines: { [name: string]: Pipeline };
}

export type Section = keyof Setup;

const LOOK_MS = 250;
const REVISION = '#revision';
/** Something of the configuration that was removed at run time. */
const REMOVED = 'null';

/** The set-up of a configuration alone. */
export const setupOf = ({
  services = {},
  analytics = {},
  pipelines = {},
}: Partial<Pick<Config, Section>>): Setup => ({ services, analytics, pipelines });

/**
 * The set-up as it is now: the configuration, with what was changed at run time on top. The changes are kept in Redis, so
 * that every process sees the same, and so does one that starts later.
 */
export class SetupStore {
  readonly #redis: Redis;
  readonly #base: Setup;

  /** `base`: what the configuration says. */
  constructor(redis: Redis, base: Setup) {
    this.#redis = redis;
    this.#base = base;
  }

  async read(): Promise<Setup> {
    return (await this.#read()).setup;
  }

  /** Adds or replaces a definition. */
  async put<S extends Section>(section: S, name: string, definition: Setup[S][string]): Promise<void> {
    await this.#write(section, name, JSON.stringify(definition));
  }

  /** Removes a definition, also one of the configuration. False: there is none. */
  async remove(section: Section, name: string): Promise<boolean> {
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

  /** Calls back with the set-up, now and after each change, one call after the other, until it is closed. */
  follow(changed: (setup: Setup) => Promise<void>): { close(): void } {
    let revision: string | null = null;
    let isBusy = false;
    const look = async () => {
      if (isBusy || this.#redis.status !== 'ready') return;
      isBusy = true;
      try {
        if (revision !== null && revision === ((await this.#redis.hget(keys.setup, REVISION)) ?? '')) return;
        const found = await this.#read();
        await changed(found.setup);
        revision = found.revision;
      } finally {
        isBusy = false;
      }
    };
    const looks = setInterval(() => void look().catch(() => {}), LOOK_MS);
    void look().catch(() => {});
    return { close: () => clearInterval(looks) };
  }

  async #read(): Promise<{ setup: Setup; revision: string }> {
    const { [REVISION]: revision = '', ...changes } = await this.#redis.hgetall(keys.setup);
    const setup: Setup = {
      services: { ...this.#base.services },
      analytics: { ...this.#base.analytics },
      pipelines: { ...this.#base.pipelines },
    };
    for (const [field, text] of Object.entries(changes)) {
      const [section, name] = field.split('/', 2) as [Section, string];
      // A section of a later release.
      if (!Object.hasOwn(setup, section)) continue;
      if (text === REMOVED) delete setup[section][name];
      else Object.assign(setup[section], { [name]: JSON.parse(text) as unknown });
    }
    return { setup, revision };
  }

  async #write(section: Section, name: string, text: string): Promise<void> {
    const field = `${section}/${name}`;
    await this.#redis.multi().hset(keys.setup, field, text).hincrby(keys.setup, REVISION, 1).exec();
  }
}
