import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import Papa from 'papaparse';
import type { Block } from '../../core/block.ts';
import { BlockBuilder } from '../../core/block.ts';
import type { Record } from '../../core/event.ts';
import { formats } from '../../replayer/formats/index.ts';
import { reordered, sorted, type Disorder } from '../../replayer/order.ts';
import { Recording, type Refusal } from '../../replayer/recording.ts';
import { textInput } from '../helpers/input.ts';
import { wholeRows } from '../../replayer/source.ts';

async function* each<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('whole rows', () => {
  const aField = fc.string({
    unit: fc.constantFrom('a', 'é', '"', '""', ',', '\n', '\r\n', ';', ' ', '1'),
    maxLength: 12,
  });
  const writers: { [format: string]: (rows: string[][]) => string } = {
    csv: (rows) => Papa.unparse([['a', 'b', 'c'], ...rows], { newline: '\n' }),
    ndjson: (rows) => rows.map((row) => JSON.stringify({ row })).join('\n'),
  };
  for (const format of formats.filter(({ cut }) => cut)) {
    it(`of ${format.name} are cut where none is broken, and nothing is left out`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(aField, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 40 }),
          fc.integer({ min: 1, max: 60 }),
          fc.integer({ min: 1, max: 90 }),
          async (rows, readBytes, pieceBytes) => {
            const bytes = Buffer.from(writers[format.name]!(rows));
            const reads = [];
            for (let at = 0; at < bytes.length; at += readBytes)
              reads.push(bytes.subarray(at, at + readBytes));
            const options = { rename: new Map() };
            const rowsEnd = (piece: Buffer) => format.cut!.rowsEnd(piece, options);
            const pieces = await all(wholeRows(each(reads), rowsEnd, pieceBytes));
            assert.deepEqual(Buffer.concat(pieces), bytes);
            const header = bytes.subarray(0, format.cut!.rowsStart?.(bytes, options) ?? 0).toString();
            const read = async (text: string) =>
              (
                await all(
                  format.rows(
                    textInput(() => each([text])),
                    options,
                  ),
                )
              )
                .flat()
                .map(({ values }) => values);
            const parts = await Promise.all(
              pieces.map((piece, i) => read((i === 0 ? '' : header) + piece.toString())),
            );
            assert.deepEqual(parts.flat(), await read(bytes.toString()));
          },
        ),
        { numRuns: 400 },
      );
    });
  }
});

describe('time order', () => {
  const records = (times: number[]): Record[] =>
    times.map((timeMs, n) => ({ timeMs, subject: `s${n % 4}`, data: `{"n":${n}}` }));
  /** In blocks of one list of names, as a file gives them. */
  function* blocksOf(given: Record[], size: number): Generator<Block> {
    const builder = new BlockBuilder(16);
    for (let at = 0; at < given.length; at += size) {
      for (const { timeMs, subject, data } of given.slice(at, at + size)) builder.add(timeMs, subject, data);
      yield builder.take();
    }
  }
  const stable = (given: Record[]) => [...given].sort((a, b) => a.timeMs - b.timeMs);
  const stepsBack = (times: number[]) => times.filter((time, i) => i > 0 && time < times[i - 1]!).length;
  const someTimes = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 120 });
  const fresh = (): Disorder => ({ reordered: 0, late: 0 });

  it('of a file that fits is that of a stable sort, whatever the blocks', async () => {
    await fc.assert(
      fc.asyncProperty(someTimes, fc.integer({ min: 1, max: 20 }), async (times, size) => {
        const disorder = fresh();
        const blocks = await sorted(each(blocksOf(records(times), size)), disorder, () => true);
        assert.deepEqual(
          blocks!.flatMap((block) => block.records()),
          stable(records(times)),
        );
        assert.equal(disorder.reordered, stepsBack(times));
      }),
      { numRuns: 500 },
    );
  });

  it('within the window is that of a stable sort; what comes later is late, and nothing is lost', async () => {
    await fc.assert(
      fc.asyncProperty(
        someTimes,
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom(900, 4_000, 20_000),
        async (steps, size, unitMs) => {
          // Rising by and large, with steps back of up to 30 units.
          const times = steps.map((step, i) => i * unitMs - step * unitMs);
          const disorder = fresh();
          const blocks = await all(reordered(each(blocksOf(records(times), size)), disorder));
          const played = blocks.flatMap((block) => block.records());
          const numbers = (of: Record[]) => of.map(({ data }) => data).sort();
          assert.deepEqual(numbers(played), numbers(records(times)));
          if (disorder.late === 0) assert.deepEqual(played, stable(records(times)));
          else assert.ok(unitMs > 900, 'steps back of less than 30 s are mended');
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('a recording read on several threads', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'reprise-reading-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('has all rows in order, and blames the right lines', async () => {
    const path = join(folder, 'large.csv');
    const rows = 120_000;
    const bad = new Set([7, 40_000, 119_999]);
    const lines = ['time,name,note'];
    for (let n = 0; n < rows; n++) {
      // Every tenth is a second late, every hundredth stands on two lines.
      const timeMs = 1_700_000_000_000 + (n % 10 === 9 ? n - 9 : n) * 100;
      const note = n % 100 === 0 ? `"two\nlines, ${n}"` : `note ${n} ${'x'.repeat(60)}`;
      lines.push(bad.has(n) ? `never,é${n},${note}` : `${timeMs},s${n % 30},${note}`);
    }
    writeFileSync(path, `${lines.join('\n')}\n`);
    const refusals: Refusal[] = [];
    const recording = await Recording.open(path, { refuse: (more) => refusals.push(...more) });
    const played = (await all(recording.blocks())).flatMap((block) => block.records());
    assert.equal(played.length, rows - bad.size);
    assert.equal(recording.disorder.reordered, rows / 10 - 1);
    assert.ok(played.every(({ timeMs }, i) => i === 0 || played[i - 1]!.timeMs <= timeMs));
    assert.equal(
      new Set(played.map(({ data }) => (JSON.parse(data) as { note: string }).note)).size,
      rows - bad.size,
    );
    // Line 1 is the header, and every hundredth row before took one line more.
    assert.deepEqual(
      refusals.map(({ line }) => line).sort((a, b) => a - b),
      [...bad].map((n) => n + 2 + Math.ceil(n / 100)),
    );
  });
});
