import assert from 'node:assert/strict';
import fc from 'fast-check';
import { numberIn } from '../../replayer/formats/support/cells.ts';
import csv from '../../replayer/formats/csv.ts';
import gpx from '../../replayer/formats/gpx.ts';
import ndjson from '../../replayer/formats/ndjson.ts';
import { textInput } from '../helpers/input.ts';
import type { Format, Row } from '../../replayer/formats/support/format.ts';

async function read(format: Format, ...pieces: string[]): Promise<Row[]> {
  async function* text() {
    yield* pieces;
  }
  const rows: Row[] = [];
  for await (const chunk of format.rows(textInput(text), { rename: new Map() })) rows.push(...chunk);
  return rows;
}

const values = (rows: Row[]) => rows.map((row) => row.values);

describe('CSV', () => {
  it('keeps the digits of numbers, and reads ids that look like numbers as text', async () => {
    const [row] = await read(csv, 'a,b,c,d,e,f\n4.0,007,12345678901234567890,-0.5e-3,Inf,1577218887.999\n');
    assert.equal(
      row!.json,
      '{"a":4.0,"b":"007","c":"12345678901234567890","d":-0.5e-3,"e":"Inf","f":1577218887.999}',
    );
    assert.deepEqual(row!.values, {
      a: 4,
      b: '007',
      c: '12345678901234567890',
      d: -0.0005,
      e: 'Inf',
      f: 1577218887.999,
    });
  });

  it('takes exactly those cells for numbers that JSON would, with the same value', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789.-eE+ ,'), maxLength: 24 });
    const written = fc.oneof(fc.double(), fc.integer(), fc.float()).map(String);
    const long = fc.tuple(fc.bigInt(), fc.nat()).map(([whole, part]) => `${whole}.${part}`);
    fc.assert(
      fc.property(fc.oneof(digits, written, long), (cell) => {
        const isNumber = /^-?(?:0|[1-9]\d{0,14})(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/.test(cell);
        assert.ok(Object.is(numberIn(cell), isNumber ? JSON.parse(cell) : NaN), cell);
      }),
      { numRuns: 20_000 },
    );
  });

  it('leaves out empty cells, and refuses rows of another length with their line', async () => {
    const rows = await read(csv, 'a,b\n1,\n\n1\n1,2,3\n4,5');
    assert.deepEqual(
      rows.map(({ line, values, problem }) => [line, values ?? problem]),
      [
        [2, { a: 1 }],
        [4, '1 cells where the header has 2.'],
        [5, '3 cells where the header has 2.'],
        [6, { a: 4, b: 5 }],
      ],
    );
  });

  it('recognises semicolons, tabs and bars', async () => {
    for (const delimiter of [';', '\t', '|'])
      assert.deepEqual(values(await read(csv, `a${delimiter}b\n1${delimiter}2,5\n`)), [{ a: 1, b: '2,5' }]);
  });

  it('refuses only the line in which a quote is never closed', async () => {
    const rows = await read(csv, 'a,b\n1,2\n3,"open\n4,5\n6,"7"\n');
    assert.deepEqual(
      rows.map(({ line, values, problem }) => [line, values ?? problem]),
      [
        [2, { a: 1, b: 2 }],
        [3, 'A quote is never closed.'],
        [4, { a: 4, b: 5 }],
        [5, { a: 6, b: 7 }],
      ],
    );
  });
});

describe('GPX', () => {
  it('goes on after a comment of 3 MB that is never closed', async () => {
    const header = '<gpx><trk><trkseg>\n';
    const point = '<trkpt lat="1" lon="2"></trkpt>\n';
    const comment = Array.from({ length: 12 }, () => 'x'.repeat(250_000));
    const rows = await read(gpx, header, point, '<!--', ...comment, '\n', point, '</trkseg></trk></gpx>');
    const found = { latitude: 1, longitude: 2 };
    assert.deepEqual(values(rows), [found, null, found]);
    assert.match(rows[1]!.problem!, /A comment is longer than 1,000,000 characters; is it never closed/);
  });
});

describe('NDJSON', () => {
  it('refuses lines that are not objects, with line and reason, and reads the others', async () => {
    const rows = await read(ndjson, '{"a":1}\nnope\n[1]\n\n"x"\r\n{"a":NaN}\n{"a":2}\r\n');
    assert.deepEqual(
      rows.map((row) => [row.line, row.values !== null]),
      [
        [1, true],
        [2, false],
        [3, false],
        [5, false],
        [6, true],
        [7, true],
      ],
    );
    assert.match(rows[1]!.problem!, /^Not JSON: .*nope|Not JSON/);
    assert.match(rows[2]!.problem!, /an array/);
  });
});
