/**
 * Prepares a clone, with Node alone: `setup.mjs start` for `npm start`, `test` for `npm test`, `dev` for `npm run dev`. It
 * skips what exists already, so a second run takes a fraction of a second. If it can't, it ends with one sentence.
 */
import { areInstalled, installDependencies, nodeProblem } from '../supervisor/dependencies.mjs';

/** @param {string} line */
const say = (line) => void process.stderr.write(`${line}\n`);

/** @param {string | null} problem */
function must(problem) {
  if (problem === null) return;
  say(problem);
  process.exit(1);
}

must(nodeProblem());
if (!areInstalled()) must(installDependencies(say));
// Imported late, because these may need a newer Node, or packages that were just installed.
const { buildPage, pageIsBuilt } = await import('./page.mjs');
if (process.argv[2] !== 'dev' && !pageIsBuilt()) must(buildPage(say));

if (process.argv[2] === 'test') {
  const { redisServer } = await import('../supervisor/redis-server.mjs');
  const { provideChromium } = await import('./chromium.mjs');
  try {
    redisServer(say);
  } catch (error) {
    must(`${error instanceof Error ? error.message : error} The tests start servers of their own.`);
  }
  const { providePython } = await import('./python.mjs');
  const { provideNginx } = await import('./nginx.mjs');
  for (const problem of [provideChromium(say), provideNginx(say), providePython(say)])
    if (problem) say(problem);
}
