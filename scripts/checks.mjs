/** The checks of the code: the `check:*` scripts of package.json. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from '../core/runtime/root.mjs';

const ORDER = ['format', 'lint', 'layers', 'dead', 'types', 'generated', 'prose'];
const AT_ONCE = 2;

/**
 * Runs all checks, even if some fail. Prints one line for each, and the output of those that fail.
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runChecks() {
  /** @type {{ scripts: Record<string, string> }} */
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const tally = { passed: 0, failed: 0 };
  const waiting = ORDER.map((name) => ({ name, command: scripts[`check:${name}`] ?? 'false' }));
  const work = async () => {
    for (let check; (check = waiting.shift());) {
      const startedMs = performance.now();
      const { code, output } = await run(check.command);
      const took = `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
      tally[code === 0 ? 'passed' : 'failed']++;
      console.log(
        code === 0 ? `  ✔ ${check.name} (${took})` : `  ✖ ${check.name} (${took})\n${output.trimEnd()}\n`,
      );
    }
  };
  console.log('\nChecks');
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return tally;
}

/**
 * @param {string} command
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function run(command) {
  const PATH = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env['PATH']}`;
  return new Promise((resolve) => {
    const child = spawn(command, { cwd: root, shell: true, env: { ...process.env, PATH, NO_COLOR: '1' } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    }
    child.on('close', (code) => resolve({ code, output }));
  });
}
