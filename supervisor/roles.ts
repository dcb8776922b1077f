import type { Closing } from '../core/runtime/closing.ts';
import type { LoopWatch } from '../core/runtime/watch/loop-watch.ts';
import type { Settings } from '../core/settings/settings.ts';

/** A role that serves until it is closed. */
export interface Serving {
  close(reason: Closing): Promise<void>;
}

export type RoleName = 'replayer' | 'analysis' | 'tasks' | 'api';

type Role = () => Promise<{ serve(settings: Settings, watch?: LoopWatch): Promise<Serving> }>;

/**
 * The roles of Reprise, each a process of its own. Only this table knows both the replayer and the backend: they never
 * import each other, and neither is loaded before it is needed.
 */
export const roles: { readonly [name in RoleName]: Role } = {
  replayer: () => import('../replayer/main.ts'),
  analysis: () => import('../backend/analysis/main.ts'),
  tasks: () => import('../backend/tasks/main.ts'),
  api: () => import('../backend/api/main.ts'),
};

/** The checks of a configuration that do not run it. */
export const checks = {
  analysis: () => import('../backend/analysis/check.ts'),
  api: () => import('../backend/api/check.ts'),
};

/** The supervisor's message to a role's process: close, because everything ends. */
export const END = 'end';

/** The option of `reprise serve` that names the pipe in which a process shows its supervisor that it is alive. */
export const PULSE = '--pulse';

export const roleNames = Object.keys(roles) as RoleName[];
