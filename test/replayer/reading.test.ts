import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import Papa from 'papaparse';
import type { Block } from '../../core/wire/block.ts';
import { BlockBuilder } from '../../core/wire/block.ts';
import type { TimedRecord } from '../../core/wire/event.ts';
import type { Format } from '../../replayer/formats/support/format.ts';
import { formats } from '../../replayer/reading/formats.ts';
import { reordered, sorted, type Disorder } from '../../replayer/reading/order/order.ts';
import {
  withoutOutliers,
  type NumberedRows,
  type OutlierPolicy,
} from '../../replayer/reading/order/outliers.ts';
import type { RefusedRow } from '../../replayer/reading/parsing/parser.ts';
import type { RefusedRecord } from '../../replayer/reading/open-options.ts';
import { TextRecording } from '../../replayer/reading/text-recording.ts';
import { textInput } from '../helpers/input.ts';
import { wholeRows } from '../../replayer/reading/source/input.ts';

async function* each<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

/** The fixture of a format for which there is no writer here. */
function fixtureOf({ name }: Format): Buffer {
  const folder = new URL('../fixtures/formats/', import.meta.url);
  const file = readdirSync(folder).find(
    (each) => each.startsWith(`${name}.`) && !each.endsWith('.expected.json'),
  );
  return readFileSync(new URL(file!, folder));
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
    it(`of ${format.name} are cut between rows, and none is lost`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(aField, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 40 }),
          fc.integer({ min: 1, max: 60 }),
          fc.integer({ min: 1, max: 90 }),
          async (rows, readBytes, pieceBytes) => {
            const bytes = Buffer.from(writers[format.name]?.(rows) ?? fixtureOf(format));
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
  const records = (times: number[]): TimedRecord[] =>
    times.map((timeMs, n) => ({ timeMs, subject: `s${n % 4}`, data: `{"n":${n}}` }));
  /** Records in blocks that share one list of names, as a file's do. */
  function* blocksOf(given: TimedRecord[], size: number): Generator<Block> {
    const builder = new BlockBuilder(16);
    for (let at = 0; at < given.length; at += size) {
      for (const { timeMs, subject, data } of given.slice(at, at + size)) builder.add(timeMs, subject, data);
      yield builder.take();
    }
  }
  const stable = (given: TimedRecord[]) => [...given].sort((a, b) => a.timeMs - b.timeMs);
  const stepsBack = (times: number[]) => times.filter((time, i) => i > 0 && time < times[i - 1]!).length;
  const someTimes = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 120 });
  const fresh = (): Disorder => ({ reordered: 0, late: 0, outliers: 0 });

  it('equals a stable sort for a file that fits into memory, however it is cut into blocks', async () => {
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

  it('equals a stable sort within the window; later rows count as late, and none is lost', async () => {
    await fc.assert(
      fc.asyncProperty(
        someTimes,
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom(900, 4_000, 20_000),
        async (steps, size, unitMs) => {
          // Rising overall, with steps back of up to 30 units.
          const times = steps.map((step, i) => i * unitMs - step * unitMs);
          const disorder = fresh();
          const blocks = await all(reordered(each(blocksOf(records(times), size)), 30_000, disorder));
          const played = blocks.flatMap((block) => block.records());
          const numbers = (of: TimedRecord[]) => of.map(({ data }) => data).sort();
          assert.deepEqual(numbers(played), numbers(records(times)));
          if (disorder.late === 0) assert.deepEqual(played, stable(records(times)));
          else assert.ok(unitMs > 900, 'steps back of less than 30 s are mended');
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('outliers', () => {
  const DAY_MS = 86_400_000;
  const START_MS = Date.UTC(2024, 0, 1);

  async function treat(times: number[], policy: OutlierPolicy, size = 50) {
    const told: RefusedRow[] = [];
    function* numbered(): Generator<NumberedRows> {
      const builder = new BlockBuilder(16);
      for (let at = 0; at < times.length; at += size) {
        const lines = times.slice(at, at + size).map((timeMs, i) => {
          builder.add(timeMs, 's', `{"n":${at + i}}`);
          return at + i + 2;
        });
        yield { block: builder.take(), lines: Uint32Array.from(lines) };
      }
    }
    const blocks = await all(withoutOutliers(each(numbered()), policy, (rows) => told.push(...rows)));
    const played = blocks.flatMap((block) => block.records());
    return { times: played.map(({ timeMs }) => timeMs), told, played };
  }

  it('are exactly the rows weeks away from those around them, however the file is cut into blocks', async () => {
    const wrong = fc.record({
      at: fc.integer({ min: 0, max: 99 }),
      count: fc.integer({ min: 1, max: 3 }),
      timeMs: fc.constantFrom(0, Date.UTC(2099, 0, 1), START_MS - 30 * DAY_MS, START_MS + 60 * DAY_MS),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(wrong, { maxLength: 2 }),
        fc.constantFrom(1, 2, 7, 50, 200),
        fc.integer({ min: 1, max: 1_000 }),
        async (wrongs, size, stepSeconds) => {
          const good = Array.from({ length: 120 }, (_, i) => START_MS + i * stepSeconds * 1000);
          const times = [...good];
          const places = new Set<number>();
          for (const { at, count, timeMs } of wrongs) {
            // When rows come one by one, the first is believed.
            const from = size < 50 ? Math.max(20, at) : at;
            for (let i = from; i < from + count; i++) {
              times[i] = timeMs;
              places.add(i);
            }
          }
          const { told, times: kept } = await treat(times, 'skip', size);
          assert.deepEqual(
            told.map(({ line }) => line - 2),
            [...places].sort((a, b) => a - b),
          );
          assert.deepEqual(
            kept,
            good.filter((_, i) => !places.has(i)),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('are clamped to the row before or kept, as asked, and reported with line and time', async () => {
    const times = Array.from({ length: 60 }, (_, i) => START_MS + i * 1000);
    times[30] = 0;
    const clamped = await treat(times, 'clamp');
    assert.equal(clamped.times[30], times[29]);
    assert.equal(clamped.told[0]!.line, 32);
    assert.match(clamped.told[0]!.reason, /^Its time, 1970-01-01T00:00:00.000Z, is 19,723 days away/);
    assert.equal(clamped.told[0]!.content, '{"n":30}');
    assert.deepEqual((await treat(times, 'keep')).times, times);
  });

  it('do not occur in recordings with long gaps, one row a year, or one device after the other', async () => {
    const gap = Array.from({ length: 100 }, (_, i) => START_MS + i * 1000 + (i > 40 ? 90 * DAY_MS : 0));
    const yearly = Array.from({ length: 60 }, (_, i) => Date.UTC(1900 + i, (i * 5) % 12));
    const devices = Array.from(
      { length: 400 },
      (_, i) => START_MS + (i % 5) * 60_000 + ((i * 7919) % 80) * 5 * DAY_MS * (Math.floor(i / 5) % 3),
    );
    for (const times of [gap, yearly, devices]) assert.deepEqual((await treat(times, 'skip')).times, times);
  });
});

describe('a recording read on several threads', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'reprise-reading-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('has all rows in order, and refuses rows with their right lines', async () => {
    const path = join(folder, 'large.csv');
    const rows = 120_000;
    const bad = new Set([7, 40_000, 119_999]);
    const lines = ['time,name,note'];
    for (let n = 0; n < rows; n++) {
      // Every tenth row is a second late; every hundredth takes two lines.
      const timeMs = 1_700_000_000_000 + (n % 10 === 9 ? n - 9 : n) * 100;
      const note = n % 100 === 0 ? `"two\nlines, ${n}"` : `note ${n} ${'x'.repeat(60)}`;
      lines.push(bad.has(n) ? `never,é${n},${note}` : `${timeMs},s${n % 30},${note}`);
    }
    writeFileSync(path, `${lines.join('\n')}\n`);
    const refusals: RefusedRecord[] = [];
    const recording = await TextRecording.open(path, { refuse: (more) => refusals.push(...more) });
    const played = (await all(recording.blocks())).flatMap((block) => block.records());
    assert.equal(played.length, rows - bad.size);
    assert.equal(recording.disorder.reordered, rows / 10 - 1);
    assert.ok(played.every(({ timeMs }, i) => i === 0 || played[i - 1]!.timeMs <= timeMs));
    assert.equal(
      new Set(played.map(({ data }) => (JSON.parse(data) as { note: string }).note)).size,
      rows - bad.size,
    );
    // Line 1 is the header, and every hundredth row before took two lines.
    assert.deepEqual(
      refusals.map(({ line }) => line).sort((a, b) => a - b),
      [...bad].map((n) => n + 2 + Math.ceil(n / 100)),
    );
  });
});
