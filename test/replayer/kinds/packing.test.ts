import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { recover } from '../../../replayer/files/recover.ts';
import { pipeSource } from '../../../replayer/reading/source/pipe-source.ts';
import { readBytes } from '../../../replayer/reading/source/input.ts';
import { newUnpacking } from '../../../replayer/reading/source/unpacked.ts';
import { played, recordedCase } from '../../helpers/played.ts';

const packed = (name: string) => fileURLToPath(new URL(`../../fixtures/packed/${name}`, import.meta.url));
const fleet = readFileSync(packed('fleet.csv'));
const FILES = [
  'fleet.csv.gz',
  'members.csv.gz',
  'fleet.csv.zst',
  'frames.csv.zst',
  'fleet.csv.xz',
  'streams.csv.xz',
  'fleet.csv.bz2',
  'streams.csv.bz2',
];

async function* pieces(bytes: Buffer, size = 700): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function unpack(bytes: Buffer, size?: number): Promise<Buffer> {
  const found: Buffer[] = [];
  for await (const piece of pipeSource('x', pieces(bytes, size)).input().bytes()) found.push(piece);
  return Buffer.concat(found);
}

describe('R24, R29: packed files', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'reprise-packing-'))));
  after(() => rmSync(folder, { recursive: true }));
  const written = (name: string, bytes: Uint8Array) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };

  for (const name of FILES) {
    it(`${name} is unpacked by its first bytes, whatever its name and the size of the pieces`, async () => {
      const bytes = readFileSync(packed(name));
      for (const size of [1, 7, 100_000]) assert.deepEqual(await unpack(bytes, size), fleet);
      const { records, refused } = await played(written('renamed.csv', bytes));
      assert.deepEqual([records.length, refused.length], [400, 0]);
      assert.equal(records[7]!.data['name'], 'Käthe 7');
    });

    it(`${name} with any bit flipped gives the same rows, or says that it is damaged`, async () => {
      const bytes = readFileSync(packed(name));
      await fc.assert(
        fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
          const flipped = Buffer.from(bytes);
          flipped[bit >> 3]! ^= 1 << (bit & 7);
          const path = written(name, flipped);
          await played(path).then(
            async ({ records }) => {
              const intact = await played(packed(name));
              assert.deepEqual(
                records.map(({ json }) => json),
                intact.records.map(({ json }) => json),
              );
            },
            (error: Error & { code: string }) => {
              assert.equal(error.code, 'recording_unreadable');
              assert.match(
                error.message,
                new RegExp(`^${name} (is damaged|is cut off|was packed|is not text)`),
              );
              assert.ok(!error.message.includes(folder), 'a folder of the server');
            },
          );
        }),
        { numRuns: 120 },
      );
    }).timeout(60_000);

    it(`${name} that is cut off anywhere says so and how far it goes; recover saves the rows before`, async () => {
      const bytes = readFileSync(packed(name));
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 20, max: bytes.length - 1 }), async (length) => {
          const path = written(name, bytes.subarray(0, length));
          const state = newUnpacking();
          const found: Buffer[] = [];
          const error = await (async () => {
            for await (const piece of readBytes(path, { state })) found.push(piece);
            return null;
          })().catch((error: unknown) => error as Error);
          const whole = Buffer.concat(found);
          assert.ok(fleet.subarray(0, whole.length).equals(whole));
          // A cut between two streams leaves a file of one stream.
          if (!error) return assert.ok(whole.length > 8_000);
          assert.match(
            error.message,
            new RegExp(`cut off: its \\w+ data end after ${state.unpacked.toLocaleString('en')} `),
          );
          assert.equal(state.unpacked, whole.length);
          const lines = whole.toString('latin1').split('\n').length - 1;
          if (lines < 1) return;
          const report = await recover(path, join(folder, 'out.csv'));
          assert.deepEqual([report.recovered, report.lost], [lines, true]);
        }),
        { numRuns: 30 },
      );
    }).timeout(60_000);
  }

  it('a file that is packed twice is unpacked twice', async () => {
    const { gzipSync } = await import('node:zlib');
    assert.deepEqual(await unpack(gzipSync(readFileSync(packed('fleet.csv.zst')))), fleet);
  });

  it('a .gz that a browser has unpacked already is played', async () => {
    assert.equal((await played(written('plain.csv.gz', fleet))).records.length, 400);
  });

  it('a cut .gz is refused by its name alone, with the place', async () => {
    await assert.rejects(played(recordedCase('trunc3.ndjson.gz')), {
      code: 'recording_unreadable',
      message: /^trunc3\.ndjson\.gz is cut off: its gzip data end after [\d,]+ unpacked bytes\.$/,
    });
  });

  it('kinds of files that can not be unpacked are named', async () => {
    const foreign: [string, string][] = [
      ['377abcaf271c0004', 'a 7-Zip archive'],
      ['526172211a0701', 'a RAR archive'],
      ['04224d186440a7', 'packed with lz4'],
    ];
    for (const [hex, name] of foreign)
      await assert.rejects(played(written('x.csv', Buffer.from(hex, 'hex'))), {
        message: `x.csv is not text: it is ${name}.`,
      });
  });

  it('zstd without a checksum is noted', async () => {
    const { compress, loadCompression } = await import('../../../replayer/mcap/compression/compression.ts');
    await loadCompression('zstd');
    const { recording } = await played(written('n.csv', compress(fleet, 'zstd')));
    assert.deepEqual('notes' in recording ? recording.notes : null, [
      'n.csv is zstd without a checksum: damage inside it may stay unnoticed.',
    ]);
  });
});
