/** Node and the packages of package-lock.json: what must be there before anything else runs. Plain JavaScript. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../core/runtime/root.mjs';

const lock = join(root, 'package-lock.json');
const stamp = join(root, 'node_modules', '.reprise-lock');

/** One sentence when this Node is too old, else null. */
export function nodeProblem(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return null;
  return `Reprise needs Node 20.19 or newer; this is ${version}. See https://nodejs.org.`;
}

/** Whether node_modules holds what package-lock.json asks for. */
export function areInstalled() {
  if (!existsSync(join(root, 'node_modules', 'esbuild'))) return false;
  if (existsSync(stamp)) return readFileSync(stamp, 'utf8') === lockHash();
  // Installed by hand: npm notes when.
  const noted = statSync(join(root, 'node_modules', '.package-lock.json'), { throwIfNoEntry: false });
  return noted !== undefined && noted.mtimeMs >= statSync(lock).mtimeMs;
}

/**
 * Installs them.
 * @param {import('./packages.mjs').Say} say
 * @returns {string | null} null when done, else in one sentence why not
 */
export function installDependencies(say) {
  say('Installing the dependencies (npm ci) …');
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, error } = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0)
    return `The dependencies could not be installed: npm ci failed${error ? ` (${error.message})` : ''}.`;
  writeFileSync(stamp, lockHash());
  return null;
}

function lockHash() {
  return createHash('sha256').update(readFileSync(lock)).digest('hex');
}
