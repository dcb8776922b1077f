/**
 * Compiles each of SOURCES from AssemblyScript to a WebAssembly file beside it, which holds the hash of its source: a test
 * compares the two. It fetches the compiler in this version, because 100 MB are too much for a dependency.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../core/runtime/root.mjs';

const SOURCES = ['core/writing/framing.as', 'replayer/mcap/compression/unpack.as'];
const COMPILER = 'assemblyscript@0.28.20';
/** Only features of WebAssembly 1.0, which every runtime has. */
const OPTIONS = ['-O3', '--noAssert', '--runtime', 'stub', '--disable', 'bulk-memory'];
const SECTION = 'source';

const folder = mkdtempSync(join(tmpdir(), 'reprise-wasm-'));
try {
  for (const name of SOURCES) {
    const source = join(root, name);
    // The compiler accepts no other ending.
    copyFileSync(source, join(folder, 'source.ts'));
    const command = ['--yes', `--package=${COMPILER}`, 'asc', 'source.ts', '-o', 'built.wasm', ...OPTIONS];
    execFileSync('npx', command, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
    const hash = createHash('sha256').update(readFileSync(source)).digest();
    const content = Buffer.concat([Buffer.from([SECTION.length]), Buffer.from(SECTION), hash]);
    // A custom section: kind 0, length, name, contents.
    const section = Buffer.concat([Buffer.from([0, content.length]), content]);
    const built = readFileSync(join(folder, 'built.wasm'));
    writeFileSync(source.replace(/\.as$/, '.wasm'), Buffer.concat([built, section]));
  }
} finally {
  rmSync(folder, { recursive: true });
}
