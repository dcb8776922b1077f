import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import type { Format, Row } from '../../replayer/formats/format.ts';
import { textInput } from '../helpers/input.ts';
import { formatOf, formats } from '../../replayer/formats/index.ts';

const folder = new URL('../fixtures/formats/', import.meta.url);

/** What every fixture says, in the words of its format. */
const EXPECTED = [
  {
    timestamp: 1577218887.999,
    vehicle_id: 'truck-7',
    latitude: 52.5,
    longitude: 13.4,
    note: 'first, "quoted"\r\nover two lines',
  },
  {
    timestamp: 1577218888.5,
    vehicle_id: 'truck-8',
    latitude: -27.71784157287977,
    longitude: -51.0988658712078,
  },
  { timestamp: 1577218889.25, vehicle_id: 'truck-7', latitude: 4, longitude: 13.5, note: 'café' },
];

async function read(format: Format, pieces: string[], rename = new Map<string, string>()): Promise<Row[]> {
  async function* text() {
    yield* pieces;
  }
  const rows: Row[] = [];
  for await (const chunk of format.rows(textInput(text), { rename })) rows.push(...chunk);
  return rows;
}

for (const format of formats) {
  describe(`format ${format.name}`, () => {
    const fixture = readdirSync(folder).find((file) => file.startsWith(`${format.name}.`));
    let text = '';
    before(async () => {
      assert.ok(fixture, `test/fixtures/formats has no ${format.name}.*`);
      text = await readFile(new URL(fixture, folder), 'utf8');
    });

    it('reads its fixture: values, JSON and lines', async () => {
      const rows = await read(format, [text]);
      assert.deepEqual(
        rows.map((row) => row.values),
        EXPECTED,
      );
      for (const row of rows) if (row.json) assert.deepEqual(JSON.parse(row.json), row.values);
      const lines = text.split('\n');
      for (const row of rows)
        assert.ok(lines[row.line - 1]!.includes(String(row.values!['timestamp'])), `line ${row.line}`);
    });

    it('is found by name, compressed too, and by its look', () => {
      assert.equal(formatOf(`x${format.endings[0]}`, '').name, format.name);
      assert.equal(formatOf(`x${format.endings[0]}.gz`, '').name, format.name);
      assert.equal(formatOf('unnamed', text).name, format.name);
    });

    it('reads the same however the text is cut into pieces', async () => {
      const whole = await read(format, [text]);
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 12 }),
          async (cuts) => {
            const at = [0, ...cuts.sort((a, b) => a - b), text.length];
            const pieces = at.slice(1).map((end, i) => text.slice(at[i], end));
            assert.deepEqual(await read(format, pieces), whole);
          },
        ),
        { numRuns: 200 },
      );
    });

    it('renames as it is told', async () => {
      const rows = await read(format, [text], new Map([['latitude', 'lat']]));
      assert.equal(rows[0]!.values!['lat'], 52.5);
      assert.equal('latitude' in rows[0]!.values!, false);
      if (rows[0]!.json) assert.deepEqual(JSON.parse(rows[0]!.json), rows[0]!.values);
    });

    it('closes its source when the loop is left', async () => {
      let closed = false;
      async function* source() {
        try {
          yield text;
          yield text;
        } finally {
          closed = true;
        }
      }
      for await (const _ of format.rows(textInput(source), { rename: new Map() })) break;
      assert.equal(closed, true);
    });

    it('survives any text: a row has values or a problem with its line', async () => {
      const rubbish = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.string({
          unit: fc.constantFrom('"', ',', '\n', '\r', '{', '}', ':', '1', 'a', '[', ']', ';'),
          maxLength: 200,
        }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(rubbish, { maxLength: 4 }), fc.boolean(), async (pieces, begins) => {
          const rows = await read(format, begins ? [text, ...pieces] : pieces);
          for (const row of rows) {
            assert.ok(row.line >= 1);
            assert.equal(row.values === null, row.problem !== undefined);
          }
          if (begins)
            assert.deepEqual(
              rows.slice(0, 2).map((row) => row.values),
              EXPECTED.slice(0, 2),
            );
        }),
        { numRuns: 300 },
      );
    });

    it('goes on after a line of 3 MB, which it refuses without keeping it', async () => {
      const head = text.slice(0, text.indexOf('\n') + 1);
      const header = format.name === 'csv' ? head : '';
      const tail = text.slice(head.length);
      const rows = await read(format, [
        header,
        ...Array.from({ length: 12 }, () => 'x'.repeat(250_000)),
        '\n',
        format.name === 'csv' ? tail : text,
      ]);
      const bad = rows.filter((row) => row.problem);
      assert.equal(bad.length, 1);
      assert.match(bad[0]!.problem!, /longer than 1,000,000/);
      assert.ok(bad[0]!.text!.length <= 2_000);
      assert.deepEqual(
        rows.filter((row) => row.values).map((row) => row.values),
        EXPECTED,
      );
    });
  });
}
