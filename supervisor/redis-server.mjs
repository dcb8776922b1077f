/**
 * The Redis server program of this machine. The one place that knows how to find it, how new it must be and how to
 * install it; plain JavaScript, because set-up needs it before any dependency is there.
 */
import { spawnSync } from 'node:child_process';
import { install, installLine, onPath } from './packages.mjs';

/** Redis Functions came with version 7. */
const OLDEST = 7;

/** @type {import('./packages.mjs').Packages} */
const packages = { apt: 'redis-server', apk: 'redis', dnf: 'redis', brew: 'redis' };

/**
 * The path of the program that `REDIS_SERVER` names, else of a redis-server or valkey-server on the PATH that is new
 * enough; installs one where there is none and this user may.
 * @param {import('./packages.mjs').Say} [say]
 * @returns {string}
 * @throws {Error} one sentence saying what to install
 */
export function redisServer(say = () => {}) {
  const given = process.env['REDIS_SERVER'];
  const found = given ? [program(given)] : programs();
  if (found.length === 0) {
    const problem = install(packages, say);
    found.push(...programs());
    if (found.length === 0) {
      throw new Error(
        `No Redis was found. ${problem ?? `Installing it gave no redis-server on the PATH.`} Or set REDIS_URL to one that runs (${OLDEST} or newer).`,
      );
    }
  }
  const good = found.find(({ major }) => major >= OLDEST);
  if (good) return good.path;
  if (given && !found[0]?.version)
    throw new Error(`REDIS_SERVER names ${given}, which is not a Redis server.`);
  throw new Error(
    `${found[0]?.path} is version ${found[0]?.version ?? 'unknown'}: Reprise needs Redis ${OLDEST} or newer, or Valkey. Install one (for instance with \`${installLine(packages)}\`), or set REDIS_URL.`,
  );
}

const programs = () => onPath('redis-server', 'valkey-server').map(program);

/** @param {string} path */
function program(path) {
  const text = spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout ?? '';
  const version = /v=([\d.]+)/.exec(text)?.[1] ?? null;
  return { path, version, major: Number.parseInt(version ?? '0', 10) };
}
