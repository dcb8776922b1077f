import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../../core/runtime/root.mjs';

const MOST_BYTES = 300_000;
/** Libraries in chunks of their own, each with a text that occurs only in it. */
const LATE = {
  MapLibre: 'maplibregl-canvas',
  'deck.gl': 'ScatterplotLayer',
  uPlot: 'u-legend',
  MCAP: 'MessageIndex',
};

describe('the built page', () => {
  const page = join(root, 'dist', 'page');
  const read = (path: string) => readFileSync(join(page, path));
  /** The files of the first load: those that index.html names, and what they import. */
  const first = new Set<string>(['index.html']);

  before(() => {
    const named = read('index.html')
      .toString()
      .matchAll(/(?:src|href)="\.?\/(assets\/[^"]+\.(?:js|css))"/g);
    const pending = [...named].map(([, path]) => path!);
    for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
      if (first.has(path)) continue;
      first.add(path);
      if (path.endsWith('.css')) continue;
      const imports = read(path)
        .toString()
        .matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g);
      pending.push(...[...imports].map(([, name]) => `assets/${name!}`));
    }
  });

  it('loads less than 300 kB, compressed, before it shows something', () => {
    const bytes = [...first].reduce((sum, path) => sum + gzipSync(read(path)).length, 0);
    assert.ok(first.size >= 3, [...first].join());
    assert.ok(bytes < MOST_BYTES, `${bytes} bytes: ${[...first].join(', ')}`);
  });

  for (const [name, sign] of Object.entries(LATE)) {
    it(`loads ${name} only when it is needed`, () => {
      const holders = readdirSync(join(page, 'assets'))
        .filter((file) => file.endsWith('.js') && read(`assets/${file}`).includes(sign))
        .map((file) => `assets/${file}`);
      assert.ok(holders.length > 0, 'it is there');
      assert.deepEqual(
        holders.filter((path) => first.has(path)),
        [],
      );
    });
  }
});
