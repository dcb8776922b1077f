/** Finds the reverse proxy for tests of the API behind one, or installs it if this user may. */
import { existsSync } from 'node:fs';
import { install, onPath } from '../supervisor/packages.mjs';

/** @type {import('../supervisor/packages.mjs').Packages} */
const packages = { apt: 'nginx-light', apk: 'nginx', dnf: 'nginx', brew: 'nginx' };

/** The path of nginx, which Debian keeps out of the PATH of users. Undefined if there is none. */
export function findNginx() {
  return [...onPath('nginx'), '/usr/sbin/nginx'].find((path) => existsSync(path));
}

/**
 * Installs nginx if there is none.
 * @param {import('../supervisor/packages.mjs').Say} say
 * @returns {string | null} null if there is one now, else one sentence about what to do
 */
export function provideNginx(say) {
  if (findNginx()) return null;
  const problem = install(packages, say);
  if (findNginx()) return null;
  return `No nginx was found, so the tests of a reverse proxy are skipped. ${problem ?? ''}`;
}
