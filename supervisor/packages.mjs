/**
 * Programs of the system: finds them, and installs them with the system's own package manager.
 * Plain JavaScript on Node alone: set-up runs it before any dependency is there.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {{ apt: string, apk: string, dnf: string, brew: string }} Packages  the package's name in each system
 * @typedef {(line: string) => void} Say
 */

/** @type {{ key: keyof Packages, program: string, steps: string[][], root: boolean }[]} */
const managers = [
  {
    key: 'apt',
    program: 'apt-get',
    steps: [
      ['update', '-qq'],
      ['install', '-y', '-qq', '--no-install-recommends'],
    ],
    root: true,
  },
  { key: 'apk', program: 'apk', steps: [['add', '--no-cache']], root: true },
  { key: 'dnf', program: 'dnf', steps: [['install', '-y', '-q']], root: true },
  { key: 'brew', program: 'brew', steps: [['install', '-q']], root: false },
];

/**
 * Full paths of those of the programs that are on the PATH, in the order of the names.
 * @param {...string} names
 * @returns {string[]}
 */
export function onPath(...names) {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name)).find(isExecutable) ?? []);
}

/**
 * What a person would type to install the package here.
 * @param {Packages} packages
 */
export function installLine(packages) {
  const manager = managers.find(({ program }) => onPath(program).length > 0) ?? managers[0];
  if (!manager) throw new Error('unreachable');
  return `${manager.root && !isRoot() ? 'sudo ' : ''}${manager.program} ${manager.key === 'apk' ? 'add' : 'install'} ${packages[manager.key]}`;
}

/**
 * Installs the package, where this user may do that without being asked for a password.
 * @param {Packages} packages
 * @param {Say} say
 * @returns {string | null} null when done, else in one sentence why not
 */
export function install(packages, say) {
  const manager = managers.find(({ program, root }) => root === isRoot() && onPath(program).length > 0);
  if (!manager) return `It can be installed with \`${installLine(packages)}\`.`;
  const name = packages[manager.key];
  say(`Installing ${name} with ${manager.program} …`);
  for (const [i, step] of manager.steps.entries()) {
    const last = i === manager.steps.length - 1;
    const args = last ? [...step, name] : step;
    const done = spawnSync(manager.program, args, {
      encoding: 'utf8',
      // RUNLEVEL=1 keeps Debian's packages from starting a service of their own: it would take the port we want.
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    });
    // An index that can't be refreshed may still do; a package that can't be installed does not.
    if (last && done.status !== 0) {
      const reason = (done.stderr || done.error?.message || '').trim().split('\n').at(-1);
      return `\`${manager.program} ${args.join(' ')}\` failed: ${reason}.`;
    }
  }
  return null;
}

function isRoot() {
  return process.getuid?.() === 0;
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
