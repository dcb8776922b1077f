import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('role-process.mjs', import.meta.url));

/** Starts a role as a process of its own, and returns when it serves. */
export async function startRole(main: string, env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const child = fork(program, [main], {
    execArgv: [],
    env: { ...process.env, LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
  if (message !== 'ready') throw new Error(`${main} ended at its start`);
  return child;
}

/** kill -9. */
export function killRole(child: ChildProcess): Promise<void> {
  return end(child, 'SIGKILL');
}

/** SIGTERM, as a rolling update or `docker stop` sends it; settles when the process has ended. */
export function stopRole(child: ChildProcess): Promise<void> {
  return end(child, 'SIGTERM');
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}
