import type { Settings } from '../../core/config.ts';
import { refusal, RepriseError } from '../../core/errors.ts';
import type { Section, Setup, SetupStore } from '../../core/setup.ts';
import type { Analytics, ServiceConfig, ServicePatch } from '../../schemas/types.ts';

/** The set-up behind the API: what comes in is checked as the processes that run it will check it. */
export class Setups {
  readonly #store: SetupStore;
  readonly #channels: Settings['channels'];

  constructor(store: SetupStore, channels: Settings['channels']) {
    this.#store = store;
    this.#channels = channels;
  }

  /** All definitions of a section, by name. */
  async all<S extends Section>(section: S): Promise<Setup[S]> {
    return (await this.#store.read())[section];
  }

  /** @throws refusal `name_unknown` */
  async get<S extends Section>(section: S, name: string): Promise<Setup[S][string]> {
    const all = await this.all(section);
    if (Object.hasOwn(all, name)) return all[name] as Setup[S][string];
    throw unknown(section, name);
  }

  /** Adds or replaces one. Answers whether it is new. @throws refusal when it can't run, or the name is taken */
  async put<S extends Section>(section: S, name: string, definition: Setup[S][string]): Promise<boolean> {
    const setup = await this.#store.read();
    const other: Section = section === 'services' ? 'analytics' : 'services';
    if (Object.hasOwn(setup[other], name))
      throw refusal('name_taken', 409, `"${name}" is one of the ${other} already.`);
    const alone: Setup = { services: {}, analytics: {}, [section]: { [name]: definition } };
    await this.#check(alone);
    await this.#store.put(section, name, definition);
    return !Object.hasOwn(setup[section], name);
  }

  /** Changes state and parameters of a service, or of the one that analytics are. @throws refusal as `put` and `get` do */
  async patch(name: string, { state, params = {} }: ServicePatch): Promise<ServiceConfig | Analytics> {
    const { analytics } = await this.#store.read();
    if (Object.hasOwn(analytics, name)) {
      if (Object.keys(params).length > 0)
        throw refusal('params_of_analytics', 422, `"${name}" is defined by its analytics.`, {
          hint: `Change it with PUT /api/v1/analytics/${name}.`,
        });
      const changed: Analytics = { ...analytics[name]!, ...(state && { state }) };
      await this.put('analytics', name, changed);
      return changed;
    }
    const service = await this.get('services', name);
    const merged = Object.entries({ ...service.params, ...params }).filter(([, value]) => value !== null);
    const changed: ServiceConfig = {
      ...service,
      params: Object.fromEntries(merged),
      ...(state && { state }),
    };
    await this.put('services', name, changed);
    return changed;
  }

  /** @throws refusal when there is none */
  async remove(section: Section, name: string): Promise<void> {
    if (!(await this.#store.remove(section, name))) throw unknown(section, name);
  }

  async #check(setup: Setup): Promise<void> {
    // Loaded when it is needed: some services bring large tables with them.
    const [{ serviceKinds }, { plan, servicesOf }] = await Promise.all([
      import('../analysis/kinds.ts'),
      import('../analysis/plan.ts'),
    ]);
    const kinds = await serviceKinds();
    for (const [name, config] of servicesOf(setup)) {
      try {
        plan(name, config, kinds, this.#channels);
      } catch (error) {
        if (!(error instanceof RepriseError)) throw error;
        throw refusal(error.code, 422, error.message, {
          ...(error.hint !== undefined && { hint: error.hint }),
        });
      }
    }
  }
}

function unknown(section: Section, name: string): RepriseError {
  const noun = section === 'services' ? 'service' : section;
  return refusal('name_unknown', 404, `No ${noun} "${name.slice(0, 64)}" is set up.`, {
    hint: `GET /api/v1/${section} lists what there is.`,
  });
}
