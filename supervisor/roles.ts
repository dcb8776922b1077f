import type { Closing } from '../core/runtime/closing.ts';
import type { Settings } from '../core/settings/settings.ts';

/** A role that serves, until it is closed. */
export interface Serving {
  close(reason: Closing): Promise<void>;
}

export type RoleName = 'replayer' | 'analysis' | 'tasks' | 'api';

type Role = () => Promise<{ serve(settings: Settings): Promise<Serving> }>;

/**
 * The services of Reprise, each a process of its own. The one place that knows of both the replayer and the backend;
 * they never import each other, and neither is loaded until it is asked for.
 */
export const roles: { readonly [name in RoleName]: Role } = {
  replayer: () => import('../replayer/main.ts'),
  analysis: () => import('../backend/analysis/main.ts'),
  tasks: () => import('../backend/tasks/main.ts'),
  api: () => import('../backend/api/main.ts'),
};

/** What looks at a configuration without running it. */
export const checks = {
  analysis: () => import('../backend/analysis/check.ts'),
  api: () => import('../backend/api/check.ts'),
};

/** What the supervisor tells a role's process when it is to close because everything ends. */
export const END = 'end';

export const roleNames = Object.keys(roles) as RoleName[];
