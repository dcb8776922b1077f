import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { addSchema, schemaProblem } from '../../schemas/index.ts';
import { root } from '../runtime/root.mjs';
import { keys } from '../wire/keys.ts';
import { ownRefusal } from '../problems/errors.ts';
import type {
  Action,
  LogSink,
  MetricSink,
  Plugin,
  PluginApi,
  PluginFormat,
  PluginService,
  PluginTask,
} from './plugin.ts';

/** The types of what plugins add, by kind. */
export interface Additions {
  actions: Action;
  formats: PluginFormat;
  services: PluginService;
  tasks: PluginTask;
  logSinks: LogSink;
  metricSinks: MetricSink;
}

type Kind = keyof Additions;
type Added = { [K in Kind]: Additions[K][] };

/** The log that gets the failures of plugins. */
interface PluginLog {
  error(about: { plugin: string }, message: string): void;
}

const LOAD_LIMIT_MS = 10_000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The plugins of a process: what they add, and what failed. */
export class Plugins {
  readonly #log: PluginLog;
  readonly #loaded: { plugin: string; added: Added }[] = [];
  /** Plugins that failed completely or in part, and the reasons. */
  readonly failures: { plugin: string; reason: string }[] = [];

  /** No plugins; use `load` to get some. */
  constructor(log: PluginLog = { error: () => {} }) {
    this.#log = log;
  }

  /** Loads plugins in this order: npm packages, or paths that begin with a dot. One that fails does not stop the others. */
  static async load(names: string[], log: PluginLog): Promise<Plugins> {
    const plugins = new Plugins(log);
    for (const name of names) {
      try {
        plugins.#loaded.push({ plugin: name, added: await within(LOAD_LIMIT_MS, load(name)) });
      } catch (error) {
        plugins.fail(name, (error as Error).message.split('\n')[0]!.replace(/\.$/, ''));
      }
    }
    return plugins;
  }

  /**
   * What the plugins add of one kind. An addition is left out and reported if its name exists already.
   * @param taken the names that exist without plugins
   */
  added<K extends Kind>(kind: K, taken: Iterable<string> = []): Additions[K][] {
    const names = new Set(taken);
    return this.#loaded.flatMap(({ plugin, added }) =>
      (added[kind] as Additions[K][]).filter(({ name }) => {
        if (!names.has(name)) return names.add(name);
        this.fail(plugin, `"${name}" already exists among the ${kind}`);
        return false;
      }),
    );
  }

  /** All failures in one text; null: there are none. */
  get missing(): string | null {
    if (this.failures.length === 0) return null;
    return this.failures.map(({ plugin, reason }) => `Plugin ${plugin} failed: ${reason}.`).join(' ');
  }

  /** Notes and logs a failure, once. `reason`: a sentence without its full stop. */
  fail(plugin: string, reason: string): void {
    if (this.failures.some((known) => known.plugin === plugin && known.reason === reason)) return;
    this.failures.push({ plugin, reason });
    this.#log.error({ plugin }, `Plugin ${plugin} failed: ${reason}.`);
  }
}

/** Loads one plugin. Returns everything that it adds. @throws Error with the reason if any of that is not valid */
async function load(name: string): Promise<Added> {
  const { default: plugin } = (await import(address(name))) as { default?: Partial<Plugin> };
  if (typeof plugin?.name !== 'string' || typeof plugin.register !== 'function')
    throw new Error('it has no default export {name, register(api)}');
  const added: Added = { actions: [], formats: [], services: [], tasks: [], logSinks: [], metricSinks: [] };
  const schemas: [string, object][] = [];
  const add = <T extends { name: string }>(
    list: T[],
    functions: (keyof T)[],
    item: T,
    ...given: object[]
  ) => {
    if (!NAME.test(item?.name)) throw new Error(`"${String(item?.name)}" is not a valid name`);
    const missing = functions.find((member) => typeof item[member] !== 'function');
    if (missing) throw new Error(`"${item.name}" has no ${String(missing)}()`);
    for (const schema of given) {
      const problem = schemaProblem(schema);
      if (problem)
        throw new Error(`a schema of "${item.name}" is not valid: ${problem.pointer} ${problem.message}`);
    }
    list.push(item);
  };
  const api: PluginApi = {
    action: (action) => add(added.actions, ['handle'], action as Action, action.members),
    format: (format) => add(added.formats, ['looksLike', 'rows'], format),
    service: (service) => add(added.services, ['create'], service, service.params),
    task: (task) => {
      add(added.tasks, ['run'], task, task.params, task.result);
      const { summary: description, params, result } = task;
      schemas.push([`tasks/${task.name}`, { type: 'object', description, properties: { params, result } }]);
    },
    schema: (path, schema) => void schemas.push([path, schema]),
    logSink: (sink) => add(added.logSinks, ['write'], sink),
    metricSink: (sink) => add(added.metricSinks, ['write'], sink),
    refusal: ownRefusal,
    keys,
  };
  await plugin.register(api);
  for (const [path, schema] of schemas) addSchema(path, schema);
  return added;
}

/** The URL of a plugin. A path is relative to the project's folder; in a folder, package.json names the file. */
function address(name: string): string {
  if (!/^[./]/.test(name)) return import.meta.resolve(name);
  return pathToFileURL(createRequire(import.meta.url).resolve(resolve(root, name))).href;
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`register() took longer than ${ms / 1000} s`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
