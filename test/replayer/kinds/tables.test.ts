import assert from 'node:assert/strict';
import fc from 'fast-check';
import csv from '../../../replayer/formats/csv.ts';
import type { FormatOptions, Row } from '../../../replayer/formats/support/format.ts';
import { wholeRows } from '../../../replayer/reading/source/input.ts';
import { textInput } from '../../helpers/input.ts';
import { played, recordedCase } from '../../helpers/played.ts';

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function rowsOf(pieces: readonly string[], options: Partial<FormatOptions> = {}): Promise<Row[]> {
  const rows: Row[] = [];
  const input = textInput(() => each(pieces));
  for await (const chunk of csv.rows(input, { rename: new Map(), ...options })) rows.push(...chunk);
  return rows;
}

const cutInto = (text: string, size: number) =>
  Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size));

describe('R9: line ends of any kind in one table', () => {
  const rows = [
    ['time', 'device', 'note'],
    ['2024-05-01T10:00:00Z', 'a', 'one'],
    ['2024-05-01T10:00:10Z', 'b', 'two\r\nlines\rand\nmore'],
    ['2024-05-01T10:00:20Z', 'a', 'three'],
  ];
  const line = (cells: string[]) => cells.map((cell) => (/[\r\n]/.test(cell) ? `"${cell}"` : cell)).join(',');
  const [names, ...data] = rows;
  const expected = data.map((cells) => Object.fromEntries(cells.map((cell, i) => [names![i], cell])));

  it('each line ends by its own end, however the text is cut, and quoted line ends stay as they are', async () => {
    const end = fc.constantFrom('\n', '\r\n', '\r');
    const cuts = fc.integer({ min: 1, max: 50 });
    await fc.assert(
      fc.asyncProperty(
        end,
        end,
        end,
        fc.constantFrom('', '\n', '\r\n', '\r'),
        cuts,
        async (a, b, c, d, size) => {
          const text = rows.map((cells, i) => line(cells) + [a, b, c, d][i]!).join('');
          const read = await rowsOf(cutInto(text, size));
          assert.deepEqual(
            read.map(({ values }) => values),
            expected,
          );
          assert.deepEqual(
            read.map(({ line }) => line),
            [2, 3, 7],
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  for (const name of ['crlf-first', 'lf-first', 'lf-first-notgps'])
    it(`mixed-eol-${name}.csv plays all rows, without a line end in a value`, async () => {
      const { records, refused } = await played(recordedCase(`mixed-eol-${name}.csv`));
      assert.equal(records.length, 3);
      assert.equal(refused.length, 0);
      assert.ok(records.every(({ json }) => !json.includes('\\r')));
    });
});

describe('R9: a table that is cut into runs of rows', () => {
  const aPart = fc.constantFrom(
    'a',
    'é',
    '1',
    '"',
    '""',
    ',',
    ';',
    ' ',
    '\t',
    '\n',
    '\r\n',
    '\r',
    '#',
    '"b"',
  );
  const someText = fc.array(aPart, { maxLength: 60 }).map((parts) => parts.join(''));
  const anOption = fc.record({
    delimiter: fc.constantFrom(',', ';', ' ', '\t', 'é'),
    comment: fc.constantFrom(undefined, '#'),
    header: fc.boolean(),
    skipLines: fc.constantFrom(undefined, 0, 2),
    units: fc.constantFrom(undefined, true),
  });
  const told = ({ line, values, problem, skipped }: Row) => [line, values ?? problem ?? skipped];
  const linesIn = (text: string) => text.split(/\r\n|\n|\r/).length - 1;

  it('has the same rows, refusals and lines as read in one go, also where quotes are broken', async () => {
    await fc.assert(
      fc.asyncProperty(
        someText,
        anOption,
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 40 }),
        async (text, given, readBytes, pieceBytes) => {
          const options = { rename: new Map<string, string>(), columns: ['x', 'y'], ...given };
          const bytes = Buffer.from(text);
          const reads = Array.from({ length: Math.ceil(bytes.length / readBytes) }, (_, i) =>
            bytes.subarray(i * readBytes, (i + 1) * readBytes),
          );
          const runs: string[] = [];
          const rowsEnd = (run: Buffer) => csv.cut.rowsEnd(run, options);
          let header: string | null = null;
          for await (const run of wholeRows(each(reads), rowsEnd, pieceBytes)) {
            header ??= run.subarray(0, csv.cut.rowsStart(run, options)).toString();
            runs.push(run.toString());
          }
          // A header that is longer than a run is outside of this: real runs have half a megabyte.
          fc.pre(runs.length < 2 || header !== '' || (!given.header && !given.skipLines && !given.units));
          const whole = (await rowsOf([text], options)).map(told);
          const parts: unknown[] = [];
          let before = 0;
          for (const [i, run] of runs.entries()) {
            const prefix = i === 0 ? '' : header!;
            const lead = linesIn(prefix);
            for (const row of await rowsOf([prefix, run], options))
              if (row.line > lead) parts.push(told({ ...row, line: row.line - lead + before }));
            before += linesIn(run);
          }
          assert.deepEqual(parts, whole);
        },
      ),
      { numRuns: 3_000 },
    );
  }).timeout(60_000);
});
