/** Finds a Python with redis-py for the tests of examples/python-service, or installs redis-py if this user may. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../core/runtime/root.mjs';
import { install, onPath } from '../supervisor/packages.mjs';

/** @type {import('../supervisor/packages.mjs').Packages} */
const packages = { apt: 'python3-redis', apk: 'py3-redis', dnf: 'python3-redis', brew: 'python' };
/** A copy of our own, apart from the system's packages. */
const folder = join(root, '.reprise', 'python');
const requirements = join(root, 'examples', 'python-service', 'requirements.txt');

const environment = () => ({ ...process.env, PYTHONPATH: folder });

/**
 * A Python that has redis-py, and the environment to run it in; null if there is none.
 * @returns {{ program: string, env: NodeJS.ProcessEnv } | null}
 */
export function findPython() {
  const programs = [...new Set([...onPath('python3'), '/usr/bin/python3'])];
  const program = programs.find(
    (each) => spawnSync(each, ['-c', 'import redis'], { env: environment() }).status === 0,
  );
  return program ? { program, env: environment() } : null;
}

/**
 * Installs redis-py if no Python has it.
 * @param {import('../supervisor/packages.mjs').Say} say
 * @returns {string | null} null if there is one now, else one sentence about what to do
 */
export function providePython(say) {
  if (findPython()) return null;
  const [program] = onPath('python3');
  if (program) {
    say('Installing redis-py with pip …');
    const options = ['install', '-q', '--disable-pip-version-check', '--retries', '0'];
    spawnSync(program, ['-m', 'pip', ...options, '--target', folder, '-r', requirements]);
    if (findPython()) return null;
    rmSync(folder, { recursive: true, force: true });
  }
  const problem = install(packages, say);
  if (findPython()) return null;
  return `No Python with redis-py was found, so the Python example is not tested. ${problem ?? ''}`.trim();
}
