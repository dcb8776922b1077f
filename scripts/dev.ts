/**
 * `npm run dev`: what `reprise up` runs, and each role starts anew when a file it uses changes. The page is served by vite,
 * with hot reload, on a port of its own. Ctrl-C ends everything. It takes the options of `reprise up`.
 */
import { realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Command } from 'commander';
import { createServer } from 'vite';
import { root } from '../core/runtime/root.mjs';
import { sentence } from '../core/problems/errors.ts';
import { loadSettings, type Settings } from '../core/settings/settings.ts';
import { concerned, type FileChange } from '../supervisor/changed-files.ts';
import { upOptions, type UpFlags } from '../supervisor/options.ts';
import { freePort } from '../supervisor/ports.ts';
import type { RoleProcess } from '../supervisor/role-process.ts';
import { roleNames, type RoleName } from '../supervisor/roles.ts';
import { pageUrl } from '../supervisor/summary.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { terminal } from '../supervisor/terminal.ts';
import { up, type Companion } from '../supervisor/up.ts';

const PAGE_PORT = 5173;
const WATCHED = ['bin', 'cli', 'core', 'schemas', 'replayer', 'backend', 'supervisor'].map((name) =>
  join(root, name),
);
/** The paths that the API serves; all others are the page's. */
const API_PATHS = ['/api', '/docs', '/healthz', '/readyz', '/metrics'];
/** An editor that saves several files, or a checkout, is one change. */
const GATHER_MS = 50;
const KINDS: { [event: string]: FileChange['kind'] } = { change: 'changed', add: 'added', unlink: 'removed' };

const screen = terminal(process.stdout);

/** Serves the page and watches the files of the roles. */
async function dev({
  settings,
  supervisor,
}: {
  settings: Settings;
  supervisor: Supervisor;
}): Promise<Companion> {
  const api = pageUrl(settings);
  const proxied = API_PATHS.map((path) => [path, api] as const);
  const vite = await createServer({
    root: join(root, 'frontend'),
    clearScreen: false,
    logLevel: 'warn',
    server: {
      host: settings.host,
      port: await freePort(PAGE_PORT, settings.host),
      proxy: { ...Object.fromEntries(proxied), '/socket.io': { target: api, ws: true } },
      fs: { allow: [root, realpathSync(join(root, 'node_modules'))] },
    },
  });
  const config = settings.file?.path;
  const gather = gatherer<FileChange>((changes) => restart(supervisor, changes, config));
  vite.watcher.add(config ? [...WATCHED, config] : WATCHED);
  vite.watcher.on('all', (event, path) => KINDS[event] && gather({ path, kind: KINDS[event] }));
  supervisor.on('ready', (role) => {
    const sinceMs = restartedMs.get(role);
    if (sinceMs === undefined) return;
    restartedMs.delete(role);
    screen.say(
      `The ${role} runs the new code, after ${((performance.now() - sinceMs) / 1000).toFixed(1)} s.`,
    );
  });
  await vite.listen();
  return { page: pageUrl({ ...settings, port: vite.config.server.port }), close: () => vite.close() };
}

/** When the roles that are starting again were told to. */
const restartedMs = new Map<RoleName, number>();

/** Restarts the roles that the changes concern; all of them for the configuration. */
function restart({ roles }: Supervisor, changes: FileChange[], config: string | undefined): void {
  const touched = new Map<RoleProcess, string>();
  for (const change of changes)
    for (const role of change.path === config ? roles : concerned(roles, change))
      touched.set(role, change.path);
  for (const [role, path] of touched) {
    screen.say(`${relative(root, path)} changed: restarting the ${role.name}.`);
    restartedMs.set(role.name, performance.now());
    role.restart();
  }
}

/** Hands on what comes within a moment as one list. */
function gatherer<T>(take: (all: T[]) => void): (one: T) => void {
  let waiting: T[] = [];
  return (one) => {
    if (waiting.push(one) > 1) return;
    setTimeout(() => {
      const all = waiting;
      waiting = [];
      take(all);
    }, GATHER_MS);
  };
}

const program = upOptions(new Command('npm run dev --')).action(
  ({ demo, only: roles = roleNames, ...flags }: UpFlags) =>
    up(loadSettings(flags), { demo, roles, terminal: screen, companion: dev }),
);
program.parseAsync().then(
  // What vite may still hold open must not keep the terminal waiting.
  () => process.exit(),
  (error: unknown) => {
    process.stderr.write(`${sentence(error)}\n`);
    process.exit(1);
  },
);
