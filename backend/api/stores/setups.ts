import { isDeepStrictEqual } from 'node:util';
import type { Settings } from '../../../core/settings/settings.ts';
import { refusal, RepriseError, sentence } from '../../../core/problems/errors.ts';
import { patchedPipeline, planPipeline } from '../../../core/wire/pipeline.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { Plugins } from '../../../core/plugins/plugins.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { Section, Setup, SetupStore, WholeSetup } from '../../../core/setup/setup.ts';
import { readHead } from '../../../core/redis/channel-store.ts';
import type { Pipeline, ServicePatch } from '../../../schemas/types.ts';

type Params = { [name: string]: unknown };

/** Reads and changes the set-up. Definitions are checked in the same way as by the processes that run them. */
export class Setups {
  readonly #redis: Redis;
  readonly #store: SetupStore;
  readonly #channels: Settings['channels'];
  readonly #plugins: Plugins;

  constructor(redis: Redis, store: SetupStore, channels: Settings['channels'], plugins: Plugins) {
    this.#redis = redis;
    this.#store = store;
    this.#channels = channels;
    this.#plugins = plugins;
  }

  /** All definitions of a section, by name. */
  async all<S extends Section>(section: S): Promise<Setup[S]> {
    return (await this.#store.read())[section];
  }

  /** One definition. @throws refusal `name_unknown` */
  async get<S extends Section>(section: S, name: string): Promise<Setup[S][string]> {
    const all = await this.all(section);
    if (Object.hasOwn(all, name)) return all[name] as Setup[S][string];
    throw unknown(section, name);
  }

  /** Adds or replaces a definition; true if it is new. @throws refusal `name_taken`, or why it can't run */
  async put<S extends Section>(section: S, name: string, definition: Setup[S][string]): Promise<boolean> {
    const setup = await this.#store.read();
    const isNew = !Object.hasOwn(setup[section], name);
    await this.#check(setup, section, name, definition);
    if (section === 'pipelines') await this.#place(name, definition as Pipeline);
    await this.#store.put(section, name, definition);
    await this.#tell();
    return isNew;
  }

  /**
   * Changes state and parameters of a service; the name can also be that of analytics or of a step of a pipeline. Returns the
   * new definition. @throws refusal like `put` and `get`; `params_of_analytics`
   */
  async patch(name: string, patch: ServicePatch): Promise<object> {
    const setup = await this.#store.read();
    if (Object.hasOwn(setup.services, name))
      return this.#replace('services', name, patched(setup.services[name]!, patch));
    if (Object.hasOwn(setup.analytics, name)) {
      if (patch.params)
        throw refusal('params_of_analytics', `"${name}" is defined by its analytics.`, {
          hint: `Change it with PUT /api/v1/analytics/${name}.`,
        });
      return this.#replace('analytics', name, { ...setup.analytics[name]!, ...patch });
    }
    let found: object | null = null;
    for (const [pipeline, definition] of Object.entries(setup.pipelines)) {
      const changed = patchedPipeline(pipeline, definition, name, (step) => (found = patched(step, patch)));
      if (changed) await this.#replace('pipelines', pipeline, changed);
    }
    if (!found) throw unknown('services', name);
    return found;
  }

  /** Removes a definition. @throws refusal `name_unknown` */
  async remove(section: Section, name: string): Promise<void> {
    if (!(await this.#store.remove(section, name))) throw unknown(section, name);
    await this.#tell();
  }

  /** The whole set-up. */
  whole(): Promise<WholeSetup> {
    return this.#store.read();
  }

  /** Checks a whole set-up. @throws refusal if part of it can't run, or two services have the same name */
  async check(setup: WholeSetup): Promise<void> {
    for (const section of ['services', 'analytics', 'pipelines'] as const)
      for (const name of Object.keys(setup[section]))
        await this.#check(setup, section, name, setup[section][name]!);
  }

  /** Replaces the set-up in one step. It must have been checked. */
  async replace(setup: WholeSetup): Promise<void> {
    const { pipelines } = await this.#store.read();
    for (const [name, definition] of Object.entries(setup.pipelines))
      if (!isDeepStrictEqual(definition, pipelines[name])) await this.#place(name, definition);
    await this.#store.replace(setup);
    await this.#tell();
  }

  /** Tells external services about the change at once. */
  async #tell(): Promise<void> {
    const { publishExternalSetup } = await import('../../analysis/hosting/external-services.ts');
    await publishExternalSetup(this.#redis, await this.#store.read(), this.#channels);
  }

  /** Lets new steps begin with the events from now on, even if they start to run later. */
  async #place(name: string, definition: Pipeline): Promise<void> {
    const { setStartPosition } = await import('../../analysis/running/checkpoint.ts');
    for (const { channel, service, config } of planPipeline(name, definition).steps) {
      if (config) await setStartPosition(this.#redis, service, channel, await readHead(this.#redis, channel));
      else
        await this.#redis
          .xgroup('CREATE', keys.log(channel), service, '$', 'MKSTREAM')
          .catch((error: Error) => {
            if (!error.message.startsWith('BUSYGROUP')) throw error;
          });
    }
  }

  async #replace<S extends Section>(section: S, name: string, definition: Setup[S][string]): Promise<object> {
    await this.put(section, name, definition);
    return definition;
  }

  async #check<S extends Section>(setup: Setup, section: S, name: string, definition: Setup[S][string]) {
    // Loaded on demand: some services come with large tables.
    const [{ serviceKinds }, { plan, servicesOf }] = await Promise.all([
      import('../../analysis/hosting/registry.ts'),
      import('../../analysis/hosting/plan.ts'),
    ]);
    const kinds = await serviceKinds(this.#plugins);
    const { [name]: _replaced, ...others } = setup[section];
    const taken = servicesOf({ ...setup, [section]: others });
    try {
      const alone = { services: {}, analytics: {}, pipelines: {}, [section]: { [name]: definition } };
      for (const [service, config] of servicesOf(alone)) {
        if (taken.has(service))
          throw refusal('name_taken', `A service "${service}" exists already.`, {
            hint: 'GET /api/v1/services, /analytics and /pipelines list the names in use.',
          });
        plan(service, config, kinds, this.#channels);
      }
    } catch (error) {
      if (error instanceof RepriseError) throw error;
      throw refusal('config_invalid', sentence(error), { cause: error });
    }
  }
}

/** A definition with another state and other parameters; null resets a parameter to its default. */
function patched<T extends { state?: 'running' | 'stopped'; params?: Params }>(
  given: T,
  { state, params = {} }: ServicePatch,
): T {
  const merged = Object.entries({ ...given.params, ...params }).filter(([, value]) => value !== null);
  return { ...given, params: Object.fromEntries(merged), ...(state && { state }) };
}

function unknown(section: Section, name: string): RepriseError {
  const noun = { services: 'service', analytics: 'analytics', pipelines: 'pipeline' }[section];
  return refusal('name_unknown', `No ${noun} "${name.slice(0, 64)}" is configured.`, {
    hint: `GET /api/v1/${section} lists the names.`,
  });
}
