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

const NO_OPTIONS: FormatOptions = { rename: new Map() };

async function rowsOf(pieces: readonly string[], options: Partial<FormatOptions> = {}): Promise<Row[]> {
  const rows: Row[] = [];
  const input = textInput(() => each(pieces));
  for await (const chunk of csv.rows(input, { rename: new Map(), ...options })) rows.push(...chunk);
  return rows;
}

/** What a table plays as: its rows, read with the layout that is inferred from it. */
async function tableOf(
  text: string,
  given: Omit<FormatOptions, 'rename'> = {},
  pieces: readonly string[] = [],
) {
  const layout = csv.layout(text, { rename: new Map(), ...given }, pieces);
  const inferred = Object.entries(layout).map(([option, { value }]) => [option, value] as const);
  const rows = await rowsOf([text], { ...Object.fromEntries(inferred), ...given });
  return { layout, rows, values: rows.map(({ values, problem, skipped }) => values ?? problem ?? skipped) };
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

describe('R16, R17, R26: the dialect of a table is told by its rows', () => {
  const START_MS = Date.UTC(2024, 4, 1);
  const aRow = fc.record({
    device: fc.constantFrom('a', 'b7', 'bus 12', '4840e5', '007'),
    speed: fc.option(fc.integer({ min: -9_999, max: 99_999 }).map((tenths) => tenths / 100)),
    count: fc.integer({ min: 0, max: 500 }),
    note: fc.constantFrom(
      '',
      'on time',
      'late, again',
      'a; b',
      'bar | bar',
      'say "hi"',
      'two\nlines',
      ' wide ',
    ),
  });
  const aStyle = fc.record({
    delimiter: fc.constantFrom(',', ';', '\t', '|', '^'),
    end: fc.constantFrom('\n', '\r\n', '\r'),
    header: fc.boolean(),
    decimal: fc.constantFrom('.' as const, ',' as const),
    quoteAll: fc.boolean(),
    padding: fc.constantFrom('', ' '),
    lead: fc.constantFrom('', '# made by hand, "so\n', 'Report of May\n\n'),
  });

  it('tables of known content read as what they hold, in any dialect', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aRow, { minLength: 6, maxLength: 30 }), aStyle, async (given, style) => {
        const { delimiter, decimal, end } = style;
        const number = (value: number) => value.toFixed(2).replace('.', decimal);
        const quoted = (cell: string) =>
          style.quoteAll || cell.includes(delimiter) || /["\r\n]|^ | $/.test(cell)
            ? `"${cell.replaceAll('"', '""')}"`
            : cell;
        const names = style.header
          ? ['time', 'device', 'speed', 'count', 'note']
          : ['column_1', 'column_2', 'column_3', 'column_4', 'column_5'];
        // One text and one decimal, so that a sample of any size shows what the columns hold.
        const rows = [{ device: 'x', speed: 0.25, count: 1, note: 'first' }, ...given];
        const cells = rows.map(({ device, speed, count, note }, i) => [
          new Date(START_MS + i * 1000).toISOString(),
          device,
          speed === null ? '' : number(speed),
          String(count),
          note,
        ]);
        const table = [...(style.header ? [names] : []), ...cells];
        const text = table.map((row) => row.map(quoted).join(delimiter + style.padding) + end).join('');
        const { layout, rows: read } = await tableOf(style.lead.replaceAll('\n', end) + text);
        assert.equal(layout.delimiter?.value, delimiter);
        assert.equal(layout.header?.value, style.header);
        const expected = rows.map(({ device, speed, count, note }, i) => {
          const all = [cells[i]![0], device, speed, count, note];
          return Object.fromEntries(all.flatMap((v, c) => (v === null || v === '' ? [] : [[names[c]!, v]])));
        });
        assert.deepEqual(
          read.map(({ values, problem }) => values ?? problem),
          expected,
        );
      }),
      { numRuns: 500 },
    );
  }).timeout(60_000);

  it('blanks between columns, titles, comments, a header written as a comment, and a row of units', async () => {
    const blanks = await tableOf('37.75 -122.39 0 1211033530\n37.76  -122.40 1\t1211033590\n');
    assert.deepEqual(blanks.values[1], {
      column_1: 37.76,
      column_2: -122.4,
      column_3: 1,
      column_4: 1211033590,
    });
    assert.deepEqual(blanks.layout.columns?.value, ['column_1', 'column_2', 'column_3', 'column_4']);
    const data = '2024-05-01,a,48.1\n2024-05-02,b,48.2\n2024-05-03,a,48.3\n';
    const first = { time: '2024-05-01', name: 'a', lat: 48.1 };
    for (const head of [
      'time,name,lat\n',
      '# time,name,lat\n',
      '# a file\n# time,name,lat\n',
      '// a file\n\ntime,name,lat\n',
      'A title\nDevice,7\ntime,name,lat\n',
      'time,name,lat\nUTC,,deg\n',
    ]) {
      const { values } = await tableOf(head + data);
      assert.deepEqual(values[0], first, head);
      assert.equal(values.length, 3, head);
    }
  });

  it('a delimiter that fits no better than another is a guess, with the other as its runner-up', () => {
    const { delimiter } = csv.layout('1|2;3\n4|5;6\n7|8;9\n', NO_OPTIONS, []);
    assert.equal(delimiter?.certainty, 'guess');
    assert.deepEqual([delimiter?.value, delimiter?.instead?.value].sort(), [';', '|']);
    const { decimal } = csv.layout('t;lat;lon\n1;48,137;11,575\n2;48,138;11,576\n', NO_OPTIONS, []);
    assert.deepEqual([decimal?.value, decimal?.certainty, decimal?.instead?.value], [',', 'guess', '.']);
  });

  it('commas and points as thousands', async () => {
    const { values } = await tableOf('t;v;w\n1;1.234,5;1.000.000,25\n2;1.000;-0,5\n');
    assert.deepEqual(values, [
      { t: 1, v: 1234.5, w: 1000000.25 },
      { t: 2, v: 1000, w: -0.5 },
    ]);
  });

  it('space-after-comma.csv and decimal-comma.csv play', async () => {
    const spaced = await played(recordedCase('space-after-comma.csv'));
    assert.deepEqual(spaced.records[1]!.data, {
      time: '2024-05-01T10:00:10Z',
      vehicle: 'a',
      latitude: 48.2,
      longitude: 11.6,
    });
    const commas = await played(recordedCase('decimal-comma.csv'));
    assert.equal(commas.refused.length, 0);
    assert.deepEqual(
      commas.records.map(({ data }) => data['speed']),
      [12.5, 13.1, 0.4],
    );
  });
});

describe('R13: words that mean none', () => {
  it('are absent and counted in columns of numbers, and stay in columns of text', async () => {
    const words = ['NaN', 'null', 'NA', 'N/A', '\\N', 'None', 'nil', '-', '--', '?', '#N/A', 'missing'];
    const lines = words.map((word, i) => `${i},${word},${word}`);
    const { rows } = await tableOf(['n,v,w', '90,1.5,some', ...lines].join('\n'));
    assert.deepEqual(rows[0]!.values, { n: 90, v: 1.5, w: 'some' });
    for (const [i, word] of words.entries()) {
      const isAbsent = word === '\\N';
      assert.deepEqual(rows[i + 1]!.values, { n: i, ...(!isAbsent && { w: word }) });
      assert.equal(rows[i + 1]!.absent, isAbsent ? 2 : 1);
    }
  });

  it('null-words.csv plays all its fixes', async () => {
    const { records, refused } = await played(recordedCase('null-words.csv'));
    assert.equal(refused.length, 0);
    assert.deepEqual(
      records.map(({ data }) => data['elevation']),
      [500, undefined, undefined, undefined, undefined],
    );
  });
});

describe('Ragged rows', () => {
  it('delimiters at the end are tolerated; a cell too many or too few refuses the row; a header again is passed over', async () => {
    const { values } = await tableOf('a,b\n1,2,\n3,4,,\n5\n6,7,8\na,b\n,\n9,10\n');
    assert.deepEqual(values, [
      { a: 1, b: 2 },
      { a: 3, b: 4 },
      '1 cells where the header has 2.',
      '3 cells where the header has 2.',
      'the header again',
      'an empty row',
      { a: 9, b: 10 },
    ]);
  });

  it('columns of one name both stay', async () => {
    assert.deepEqual((await tableOf('t,v,v\n1,2,3\n')).values, [{ t: 1, v: 2, v_2: 3 }]);
  });
});
