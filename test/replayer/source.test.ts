import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { layoutOf } from '../../replayer/formats/support/table/table-layout.ts';
import { pipeSource } from '../../replayer/reading/source/pipe-source.ts';
import { compress, loadCompression } from '../../replayer/mcap/compression/compression.ts';
import csv from '../../replayer/formats/csv.ts';
import { textInput } from '../helpers/input.ts';

async function* pieces(bytes: Buffer, size = 1_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function textOf(source: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of source) text += piece;
  return text;
}

describe('a pipe', () => {
  const text = Array.from({ length: 5_000 }, (_, n) => `{"time":${1.6e12 + n},"name":"é${n}"}\n`).join('');
  before(() => loadCompression('zstd'));

  it('yields its text once, from the beginning, decompressed whatever its name', async () => {
    const plain = Buffer.from(text);
    for (const bytes of [plain, gzipSync(plain), compress(plain, 'zstd'), Buffer.from(`\ufeff${text}`)]) {
      const source = pipeSource('stdin', pieces(bytes));
      assert.ok(text.startsWith((await source.head()).toString().slice(0, 1_000)));
      assert.equal(await textOf(source.input().text()), text);
      await assert.rejects(textOf(source.input().text()), /stdin can be read once only/);
    }
  });

  it('fails with a message, and does not hang, when it is broken or cut off', async () => {
    for (const packed of [gzipSync(text), compress(Buffer.from(text), 'zstd')]) {
      await fc.assert(
        fc.asyncProperty(
          fc.nat({ max: packed.length - 1 }),
          fc.nat(255),
          fc.boolean(),
          async (at, byte, cut) => {
            const bytes = Buffer.from(cut ? packed.subarray(0, at) : packed);
            if (!cut) bytes[at] = byte;
            await textOf(pipeSource('stdin', pieces(bytes)).input().text()).catch((error: Error) =>
              assert.match(error.message, /stdin (is damaged|is cut off|was packed|is empty|is not text)/),
            );
          },
        ),
        { numRuns: 60 },
      );
    }
  }).timeout(30_000);
});

describe('a text table', () => {
  async function read(text: string, options: object) {
    const rows = [];
    const input = textInput(async function* () {
      yield* text;
    });
    for await (const chunk of csv.rows(input, { rename: new Map(), ...options })) rows.push(...chunk);
    return rows.map(({ line, values, problem }) => [line, values ?? problem]);
  }

  it('names its columns by number, or as given, where it has no header', async () => {
    const header = false;
    assert.deepEqual(await read('1\ta\n2\tb\n', { header }), [
      [1, { column_1: 1, column_2: 'a' }],
      [2, { column_1: 2, column_2: 'b' }],
    ]);
    assert.deepEqual(await read('1~a\n', { header, delimiter: '~', columns: ['n', 'text'] }), [
      [1, { n: 1, text: 'a' }],
    ]);
  });

  it('skips comments, but not inside quotes, and still counts their lines', async () => {
    const text = '# made, "by\n\na,b\n#1,2\n3,"four\n# five"\n# "six\n7,8,9\n';
    assert.deepEqual(await read(text, { comment: '#' }), [
      [5, { a: 3, b: 'four\n# five' }],
      [8, '3 cells where the header has 2.'],
    ]);
  });

  it('shows its delimiter and its header', () => {
    const found = (text: string) => {
      const { delimiter, header } = layoutOf(text, {});
      return [delimiter.value, header.value];
    };
    assert.deepEqual(found('time;name\n1;a\n'), [';', true]);
    assert.deepEqual(found('2020-01-01|a\n2020-01-02|b\n'), ['|', false]);
    assert.deepEqual(found('nl\teen\nnl\ttwee\nnl\tdrie\n'), ['\t', false]);
    assert.deepEqual(found('a,b\n1,2\na,b\n1,2\na,b\n'), [',', true], 'files put together');
  });
});
