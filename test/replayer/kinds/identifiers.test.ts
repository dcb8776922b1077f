import assert from 'node:assert/strict';
import fc from 'fast-check';
import csv from '../../../replayer/formats/csv.ts';
import type { FormatOptions, Row } from '../../../replayer/formats/support/format.ts';
import { textInput } from '../../helpers/input.ts';
import { played, recordedCase } from '../../helpers/played.ts';

async function read(text: string, pieces: readonly string[] = [], given: Omit<FormatOptions, 'rename'> = {}) {
  const layout = csv.layout(text, { rename: new Map(), ...given }, pieces);
  const inferred = Object.entries(layout).map(([option, { value }]) => [option, value] as const);
  const rows: Row[] = [];
  const input = textInput(async function* () {
    yield text;
  });
  const options = { rename: new Map<string, string>(), ...Object.fromEntries(inferred), ...given };
  for await (const chunk of csv.rows(input, options)) rows.push(...chunk);
  return { layout, rows };
}

const tableOf = (ids: readonly string[]) =>
  ['time,id', ...ids.map((id, i) => `${1_700_000_000 + i},${id}`)].join('\n');

describe('R4: identifiers that look like numbers', () => {
  it('stay text, digit for digit, in a column that is not numbers throughout', async () => {
    const anId = fc.oneof(
      fc.stringMatching(/^[0-9a-f]{6}$/),
      fc.stringMatching(/^[0-9]{4}e[0-9]$/),
      fc.stringMatching(/^0[0-9]{2,4}$/),
      fc.stringMatching(/^[1-9][0-9]{16,19}$/),
      fc.stringMatching(/^[1-9][0-9]{0,5}$/),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(anId, { minLength: 1, maxLength: 40 }),
        fc.constantFrom('3c6dd1', '007', '12345678901234567', '4840e5'),
        async (some, witness) => {
          const ids = [...some, '12', witness];
          const { rows } = await read(tableOf(ids));
          assert.deepEqual(
            rows.map(({ values }) => values!['id']),
            ids,
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  it('are told with their evidence', async () => {
    const { layout } = await read(tableOf(['4840e5', '48400e4', '484000']));
    assert.deepEqual(layout.text?.value, ['id']);
    assert.match(layout.text?.because ?? '', /4840e5/);
  });

  it('are found in the middle of a file, too', async () => {
    const { rows } = await read(tableOf(['12', '13']), ['1700000009,3c6dd1\n1700000010,5\n']);
    assert.deepEqual(
      rows.map(({ values }) => values!['id']),
      ['12', '13'],
    );
  });

  it('numbers stay numbers, also in scientific notation, and later words stay in their cell', async () => {
    for (const numbers of [
      ['1.5e-3', '2'],
      ['1.7156919E+12', '1.7156920E+12'],
      ['1e5', '1.5'],
      ['4.0', '.5'],
      ['1', '2'],
    ])
      assert.deepEqual(
        (await read(tableOf(numbers))).rows.map(({ values }) => values!['id']),
        numbers.map(Number),
      );
    const { rows } = await read(tableOf(['1', 'ERR', '3']), [], { text: [] });
    assert.deepEqual(
      rows.map(({ values }) => values!['id']),
      [1, 'ERR', 3],
    );
  });

  it('the text of a subject that is a number stays as it stands', async () => {
    const { rows } = await read(tableOf(['1.0', '1.00', '1']), [], { subject: 'id' });
    assert.deepEqual(
      rows.map(({ subjectText }) => subjectText),
      ['1.0', '1.00', '1'],
    );
  });

  it('quoted numbers are text where other numbers are not quoted', async () => {
    const { rows } = await read('time,id\n1700000000,"12"\n1700000001,"13"\n');
    assert.deepEqual(
      rows.map(({ values }) => values!['id']),
      ['12', '13'],
    );
  });

  it('hex-ids.csv has three aircraft', async () => {
    const { records } = await played(recordedCase('hex-ids.csv'));
    assert.deepEqual(
      records.map(({ subject }) => subject),
      ['4840e5', '48400e4', '3c6dd1', '4840e5'],
    );
  });
});

describe('R20: texts that are numbers', () => {
  it('a cell of a column that is text stays text', async () => {
    const { records, refused } = await played(recordedCase('numeric_text.csv'));
    assert.equal(refused.length, 0);
    assert.deepEqual(
      records.map(({ data }) => data['text']),
      ['hello', '9', 'bye'],
    );
  });
});
