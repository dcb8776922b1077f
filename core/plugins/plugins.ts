import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { addSchema, schemaProblem } from '../../schemas/index.ts';
import { root } from '../runtime/root.mjs';
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

/** What plugins add, by kind. */
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

/** Where plugins that fail are told of. */
interface PluginLog {
  error(about: { plugin: string }, message: string): void;
}

const LOAD_LIMIT_MS = 10_000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The plugins of a process. */
export class Plugins {
  readonly #log: PluginLog;
  readonly #loaded: { plugin: string; added: Added }[] = [];
  /** Those that could not be taken, or not all of them, and why. */
  readonly failures: { plugin: string; reason: string }[] = [];

  /** None; `load` for more. */
  constructor(log: PluginLog = { error: () => {} }) {
    this.#log = log;
  }

  /** Loads them in this order. One that fails is told of, and the others are loaded all the same. */
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

  /** What they add of a kind. A name that is taken, here or by a plugin before, is told of and left out. */
  added<K extends Kind>(kind: K, taken: Iterable<string> = []): Additions[K][] {
    const names = new Set(taken);
    return this.#loaded.flatMap(({ plugin, added }) =>
      (added[kind] as Additions[K][]).filter(({ name }) => {
        if (!names.has(name)) return names.add(name);
        this.fail(plugin, `There is "${name}" among the ${kind} already`);
        return false;
      }),
    );
  }

  /** All failures in a sentence; null: there are none. */
  get missing(): string | null {
    if (this.failures.length === 0) return null;
    return this.failures.map(({ plugin, reason }) => `Plugin ${plugin} failed: ${reason}.`).join(' ');
  }

  fail(plugin: string, reason: string): void {
    if (this.failures.some((known) => known.plugin === plugin && known.reason === reason)) return;
    this.failures.push({ plugin, reason });
    this.#log.error({ plugin }, `Plugin ${plugin} failed: ${reason}.`);
  }
}

/** All that one plugin adds, or nothing. @throws Error saying why not */
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
    if (!NAME.test(item?.name)) throw new Error(`"${String(item?.name)}" can't be a name`);
    const missing = functions.find((member) => typeof item[member] !== 'function');
    if (missing) throw new Error(`"${item.name}" has no ${String(missing)}()`);
    for (const schema of given) {
      const problem = schemaProblem(schema);
      if (problem)
        throw new Error(`a schema of "${item.name}" is none: ${problem.pointer} ${problem.message}`);
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
  };
  await plugin.register(api);
  for (const [path, schema] of schemas) addSchema(path, schema);
  return added;
}

/** A path is seen from the project's folder; of a folder it is what its package.json names. */
function address(name: string): string {
  if (!/^[./]/.test(name)) return import.meta.resolve(name);
  return pathToFileURL(createRequire(import.meta.url).resolve(resolve(root, name))).href;
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it was not done within ${ms / 1000} s`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
