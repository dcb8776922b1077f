import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

describe('a thread pool', () => {
  it('lets the process end, also when a thread comes up after the work is done', () => {
    const at = (path: string) => new URL(`../../replayer/${path}`, import.meta.url).href;
    const folder = mkdtempSync(join(tmpdir(), 'reprise-threads-'));
    const program = join(folder, 'program.mjs');
    writeFileSync(
      program,
      `const { ThreadPool } = await import('${at('reading/parsing/thread-pool.ts')}');
      new ThreadPool(new URL('${at('mcap/compression/unpack-thread.mjs')}'), 1).start();
      setTimeout(() => {}, 2_000);`,
    );
    const { status, signal } = spawnSync(process.execPath, ['--import=tsx', program], { timeout: 10_000 });
    rmSync(folder, { recursive: true });
    assert.deepEqual([status, signal], [0, null]);
  });
});
