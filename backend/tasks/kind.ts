import type { ChannelSpec } from '../../core/wire/channels.ts';
import type { PluginTask } from '../../core/plugins/plugin.ts';
import { loadRegistry } from '../../core/runtime/registry.ts';
import { Plugins } from '../../core/plugins/plugins.ts';
import type { Redis } from '../../core/redis/connection.ts';

/** What a kind can use when a task is requested. */
export interface PrepareContext {
  redis: Redis;
  /** A channel that keeps a log. @throws refusal `channel_unknown`, `channel_no_log` */
  channel(name: string): Promise<ChannelSpec>;
}

/** What a running task can use. */
export interface TaskContext<Prepared> {
  redis: Redis;
  /** What `prepare` returned when the task was requested. */
  prepared: Prepared;
  /** Aborted when the task is canceled or the worker stops; `run` should then end soon, and its outcome is ignored. */
  signal: AbortSignal;
  /** Reports progress from 0 to 1; may be called often. */
  progress(share: number): void;
  /** The value that this task kept before its worker was stopped or killed; null if there is none. */
  recall<T>(): Promise<T | null>;
  /** Keeps a JSON value, so that another worker can continue this task. */
  keep(value: unknown): Promise<void>;
}

/** A kind of task: a file of kinds/, with the schemas of its parameters and result in schemas/tasks/<name>.json. */
export interface TaskKind<Params = never, Prepared = never, Result = object> {
  name: string;
  /** Runs when the task is requested; returns JSON for `run`, for instance a position. @throws refusal if the task can't be done */
  prepare(params: Params, context: PrepareContext): Promise<Prepared>;
  /** Does the task. Another worker may run it again from the start with the same `prepared`. */
  run(params: Params, context: TaskContext<Prepared>): Promise<Result>;
}

/** All kinds by name: the files of kinds/, and those of plugins. */
export async function taskKinds(plugins = new Plugins()): Promise<Map<string, TaskKind>> {
  const kinds = await loadRegistry<TaskKind>(new URL('kinds/', import.meta.url));
  const names = kinds.map(({ name }) => name);
  const plugged = plugins.added('tasks', names).map(pluggedKind);
  return new Map([...kinds, ...plugged].map((kind) => [kind.name, kind]));
}

type Params = { [name: string]: unknown };

/** A kind of task from a plugin. Its schemas were added when the plugin was loaded. */
function pluggedKind(kind: PluginTask): TaskKind {
  const pluggedIn: TaskKind<Params, unknown> = {
    name: kind.name,
    prepare: async (params) => kind.prepare?.(params) ?? null,
    run: (params, context) => kind.run(params, context),
  };
  return pluggedIn as TaskKind;
}
