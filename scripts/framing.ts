/**
 * Compiles core/framing.as to core/framing.wasm, and notes in it of which text it was made: a test compares that. The
 * compiler is fetched for it, in this version: it is 100 MB, and needed when that file changes.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMPILER = 'assemblyscript@0.28.20';
/** Of plain WebAssembly 1.0, as any processor has it. */
const OPTIONS = ['-O3', '--noAssert', '--runtime', 'stub', '--disable', 'bulk-memory'];
const source = fileURLToPath(new URL('../core/framing.as', import.meta.url));
const target = fileURLToPath(new URL('../core/framing.wasm', import.meta.url));
const SECTION = 'source';

const folder = mkdtempSync(join(tmpdir(), 'reprise-framing-'));
try {
  copyFileSync(source, join(folder, 'framing.ts'));
  const command = ['--yes', `--package=${COMPILER}`, 'asc', 'framing.ts', '-o', 'framing.wasm', ...OPTIONS];
  execFileSync('npx', command, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
  const hash = createHash('sha256').update(readFileSync(source)).digest();
  const content = Buffer.concat([Buffer.from([SECTION.length]), Buffer.from(SECTION), hash]);
  // A custom section: its kind 0, its length, its name and what it holds.
  const section = Buffer.concat([Buffer.from([0, content.length]), content]);
  writeFileSync(target, Buffer.concat([readFileSync(join(folder, 'framing.wasm')), section]));
} finally {
  rmSync(folder, { recursive: true });
}
