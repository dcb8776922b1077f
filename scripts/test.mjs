/** `npm test`: the checks, then all tests. Closes with one line, `N passed, N failed`; exit code 1 if one failed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../core/runtime/root.mjs';
import { runChecks } from './checks.mjs';

/** Files that run at a time, each with a Redis of its own: as many as the least machine has cores. */
const JOBS = 2;
/** Mocha's exit code is the number of failures, up to here. */
const MOST_EXIT_CODE = 255;

const checks = await runChecks();
const tests = await runMocha(process.argv.slice(2));
const passed = checks.passed + tests.passed;
const failed = checks.failed + tests.failed;
console.log(`${passed} passed, ${failed} failed${tests.skipped > 0 ? `, ${tests.skipped} skipped` : ''}`);
process.exit(failed > 0 ? 1 : 0);

/**
 * Runs mocha, in a process of its own; arguments are handed on to it. A run that breaks off, or that does not end,
 * counts as one failure more.
 * @param {string[]} args
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>}
 */
async function runMocha(args) {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-test-'));
  const file = join(folder, 'tally.json');
  const mocha = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const child = spawn(
    process.execPath,
    [mocha, '--parallel', `--jobs=${JOBS}`, '--reporter-option', `tally=${file}`, ...args],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const [code, signal] = await once(child, 'exit');
  try {
    const tally = JSON.parse(readFileSync(file, 'utf8'));
    const endedWell = code === Math.min(tally.failed, MOST_EXIT_CODE);
    return endedWell ? tally : { ...tally, failed: tally.failed + 1 };
  } catch {
    console.error(`The tests broke off (${signal ?? `exit code ${code}`}).`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
