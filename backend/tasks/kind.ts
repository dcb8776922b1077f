import type { ChannelSpec } from '../../core/wire/channels.ts';
import type { PluginTask } from '../../core/plugins/plugin.ts';
import { loadRegistry } from '../../core/runtime/registry.ts';
import { Plugins } from '../../core/plugins/plugins.ts';
import type { Redis } from '../../core/redis/connection.ts';

/** What a kind may use when a task is asked for. */
export interface PrepareContext {
  redis: Redis;
  /** @throws refusal where there is no such channel, or it keeps no log */
  channel(name: string): Promise<ChannelSpec>;
}

/** What a running task may use. */
export interface TaskContext<Prepared> {
  redis: Redis;
  /** What `prepare` found when the task was asked for. */
  prepared: Prepared;
  /** Aborted when the task is canceled or the worker stops; `run` then ends as soon as it can, however it likes. */
  signal: AbortSignal;
  /** 0..1; may be called at any rate. */
  progress(share: number): void;
  /** What this task kept before its worker was killed, or null. */
  recall<T>(): Promise<T | null>;
  /** Keeps a JSON value for a worker that goes on with this task. */
  keep(value: unknown): Promise<void>;
}

/** A kind of task: a file under kinds/, its parameters and result in schemas/tasks/<name>.json. */
export interface TaskKind<Params = never, Prepared = never, Result = object> {
  name: string;
  /** Notes what must be of the moment of the request. JSON. @throws refusal for what can't be done as asked */
  prepare(params: Params, asking: PrepareContext): Promise<Prepared>;
  /** Does it. May be run again from the start by another worker with the same `prepared`. */
  run(params: Params, context: TaskContext<Prepared>): Promise<Result>;
}

/** Every kind there is, by name: a file under kinds/ is one, and plugins add others. */
export async function taskKinds(plugins = new Plugins()): Promise<Map<string, TaskKind>> {
  const kinds = await loadRegistry<TaskKind>(new URL('kinds/', import.meta.url));
  const names = kinds.map(({ name }) => name);
  const plugged = plugins.added('tasks', names).map(pluggedKind);
  return new Map([...kinds, ...plugged].map((kind) => [kind.name, kind]));
}

type Params = { [name: string]: unknown };

/** A plugin's kind of task; its schemas were added as it was loaded. */
function pluggedKind(kind: PluginTask): TaskKind {
  const pluggedIn: TaskKind<Params, unknown> = {
    name: kind.name,
    prepare: async (params) => kind.prepare?.(params) ?? null,
    run: (params, context) => kind.run(params, context),
  };
  return pluggedIn as TaskKind;
}
