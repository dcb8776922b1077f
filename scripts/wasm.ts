/**
 * Compiles each of SOURCES from AssemblyScript to WebAssembly beside it, and notes in it of which text it was made: a test
 * compares that. The compiler is fetched for it, in this version: it takes 100 MB, and is needed when such a file changes.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../core/runtime/root.mjs';

const SOURCES = ['core/writing/framing.as', 'replayer/mcap/unpacking/unpack.as'];
const COMPILER = 'assemblyscript@0.28.20';
/** Of plain WebAssembly 1.0, as any processor has it. */
const OPTIONS = ['-O3', '--noAssert', '--runtime', 'stub', '--disable', 'bulk-memory'];
const SECTION = 'source';

const folder = mkdtempSync(join(tmpdir(), 'reprise-wasm-'));
try {
  for (const name of SOURCES) {
    const source = join(root, name);
    // The compiler takes no other ending.
    copyFileSync(source, join(folder, 'source.ts'));
    const command = ['--yes', `--package=${COMPILER}`, 'asc', 'source.ts', '-o', 'built.wasm', ...OPTIONS];
    execFileSync('npx', command, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
    const hash = createHash('sha256').update(readFileSync(source)).digest();
    const content = Buffer.concat([Buffer.from([SECTION.length]), Buffer.from(SECTION), hash]);
    // A custom section: its kind 0, its length, its name and what it holds.
    const section = Buffer.concat([Buffer.from([0, content.length]), content]);
    const built = readFileSync(join(folder, 'built.wasm'));
    writeFileSync(source.replace(/\.as$/, '.wasm'), Buffer.concat([built, section]));
  }
} finally {
  rmSync(folder, { recursive: true });
}
