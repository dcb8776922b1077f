/** `npm test`: the checks, then all tests. Closes with one line, `N passed, N failed`; exit code 1 if one failed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../core/runtime/root.mjs';
import { runChecks } from './checks.mjs';

/** Test files that run at a time, each with its own Redis: the number of cores of the smallest machine. */
const JOBS = 2;
/** Mocha's exit code is the number of failures, up to this. */
const MOST_EXIT_CODE = 255;

const checks = await runChecks();
const tests = await runMocha(process.argv.slice(2));
const passed = checks.passed + tests.passed;
const failed = checks.failed + tests.failed;
console.log(`${passed} passed, ${failed} failed${tests.skipped > 0 ? `, ${tests.skipped} skipped` : ''}`);
process.exit(failed > 0 ? 1 : 0);

/**
 * Runs mocha with these arguments in a process of its own. A run that breaks off or does not end counts as one more
 * failure.
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
    console.error(`The test run broke off (${signal ?? `exit code ${code}`}).`);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
