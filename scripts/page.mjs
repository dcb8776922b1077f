/** Builds the page into dist/page if its sources have changed. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../core/runtime/root.mjs';

const SOURCES = ['frontend', 'schemas'];
const stamp = join(root, 'dist', 'page.stamp');

/** Whether dist/page matches its sources. */
export function pageIsBuilt() {
  if (!existsSync(join(root, 'dist', 'page', 'index.html')) || !existsSync(stamp)) return false;
  return readFileSync(stamp, 'utf8') === sourceHash();
}

/**
 * Builds the page.
 * @param {import('../supervisor/packages.mjs').Say} say
 * @returns {string | null} null if done, else one sentence about the reason; the builder writes details to stderr
 */
export function buildPage(say) {
  say('Building the page …');
  const hash = sourceHash();
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const args = [vite, 'build', 'frontend', '--logLevel', 'warn'];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) return 'The page could not be built: what is above says why.';
  writeFileSync(stamp, hash);
  return null;
}

function sourceHash() {
  const hash = createHash('sha256');
  for (const folder of SOURCES) {
    const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    for (const path of files.sort()) hash.update(`${path.slice(root.length)}\0`).update(readFileSync(path));
  }
  return hash.update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
}
