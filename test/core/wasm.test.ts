import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../core/runtime/root.mjs';

describe('WebAssembly', () => {
  for (const name of ['core/writing/framing', 'replayer/mcap/compression/unpack']) {
    it(`${name}.wasm is built from ${name}.as (npm run wasm)`, () => {
      const built = readFileSync(join(root, `${name}.wasm`));
      const hash = createHash('sha256').update(readFileSync(join(root, `${name}.as`)));
      // The last section holds its name and the hash.
      assert.equal(built.subarray(-38, -32).toString(), 'source');
      assert.equal(built.subarray(-32).toString('hex'), hash.digest('hex'));
    });
  }
});
