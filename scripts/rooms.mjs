/**
 * `npm run rooms` prints a table of the folders: how many files lie side by side in each, and how many arrows (imports, types
 * included) run between those files and the subfolders. It also holds two rules that .dependency-cruiser.cjs can't express:
 * no folder has more than FILES_MAX files side by side, and whatever lies side by side imports in one direction only.
 * Exit code 1 if one is broken. `--quiet` prints only what is broken.
 */
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { root } from '../core/runtime/root.mjs';

const FILES_MAX = 20;
const ROOMS = ['bin', 'cli', 'core', 'schemas', 'supervisor', 'replayer', 'backend', 'frontend/src'];

/** @typedef {{ files: Set<string>, arrows: Map<string, Map<string, string>> }} Folder */

process.chdir(root);
const { output } = await cruise(
  ROOMS,
  { doNotFollow: { path: 'node_modules' }, tsPreCompilationDeps: true, exclude: { path: 'node_modules' } },
  undefined,
  { tsConfig: extractTSConfig('tsconfig.json') },
);
/** @type {Map<string, Folder>} */
const folders = new Map();
/** @param {string} path */
const isOurs = (path) => ROOMS.some((room) => path.startsWith(`${room}/`));
const { modules } = /** @type {import('dependency-cruiser').ICruiseResult} */ (output);
for (const { source, dependencies } of modules.filter((module) => isOurs(module.source))) {
  folderOf(parent(source)).files.add(source);
  for (const { resolved } of dependencies.filter((each) => isOurs(each.resolved))) draw(source, resolved);
}

const isQuiet = process.argv.includes('--quiet');
const flaws = [];
if (!isQuiet) console.log('folder'.padEnd(40), 'files'.padStart(6), 'arrows'.padStart(7));
for (const [name, { files, arrows }] of [...folders].sort(([a], [b]) => a.localeCompare(b))) {
  const count = [...arrows.values()].reduce((sum, targets) => sum + targets.size, 0);
  if (!isQuiet)
    console.log((name || '.').padEnd(40), String(files.size).padStart(6), String(count).padStart(7));
  if (files.size > FILES_MAX)
    flaws.push(`${name} has ${files.size} files side by side; ${FILES_MAX} at most.`);
  for (const circle of circles(arrows)) flaws.push(`${name || '.'}: ${circle}`);
}
for (const flaw of flaws) console.error(flaw);
process.exit(flaws.length > 0 ? 1 : 0);

/** @param {string} path */
function parent(path) {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

/**
 * @param {string} name
 * @returns {Folder}
 */
function folderOf(name) {
  const folder = folders.get(name) ?? { files: new Set(), arrows: new Map() };
  folders.set(name, folder);
  return folder;
}

/**
 * Draws an import as an arrow in the folder where the ways to both files part.
 * @param {string} from
 * @param {string} to
 */
function draw(from, to) {
  const [a, b] = [from.split('/'), to.split('/')];
  let depth = 0;
  while (a[depth] === b[depth] && depth < a.length - 1) depth++;
  const { arrows } = folderOf(a.slice(0, depth).join('/'));
  const targets = arrows.get(a[depth] ?? '') ?? new Map();
  arrows.set(a[depth] ?? '', targets);
  if (!targets.has(b[depth])) targets.set(b[depth], `${from} imports ${to}`);
}

/**
 * Every way that leads back to where it began, each once, with an import for each step of it.
 * @param {Folder['arrows']} arrows
 */
function circles(arrows) {
  const found = new Set();
  /** @type {string[]} */
  const way = [];
  const done = new Set();
  /** @param {string} room */
  const walk = (room) => {
    const at = way.indexOf(room);
    if (at >= 0) {
      const steps = way
        .slice(at)
        .map((step, i, all) => arrows.get(step)?.get(all[(i + 1) % all.length] ?? ''));
      found.add(`a circle: ${steps.join('; ')}.`);
    }
    if (at >= 0 || done.has(room)) return;
    way.push(room);
    for (const next of arrows.get(room)?.keys() ?? []) walk(next);
    way.pop();
    done.add(room);
  };
  for (const room of arrows.keys()) walk(room);
  return found;
}
