import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { StreamEntry } from '../../core/redis/stream-entry.ts';
import type { Data } from '../../core/wire/event.ts';
import type { Format, FormatOptions, Input, Row } from '../../replayer/formats/support/format.ts';
import { formatOf, formats } from '../../replayer/reading/formats.ts';
import { interpret } from '../../replayer/reading/inference.ts';
import { rowMapper } from '../../replayer/reading/row-mapper.ts';
import { fileInput } from '../../replayer/reading/input.ts';
import { textInput } from '../helpers/input.ts';

const folder = new URL('../fixtures/formats/', import.meta.url);

/** What every fixture says; one that has to say it in words of its own has them in `<format>.expected.json`. */
const EXPECTED: Data[] = [
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
/** What a recording in the format has one subject of. */
const ONE_SUBJECT = ['igc'];
/** Where the names of columns, or what all rows share, end in the fixture. */
const HEADERS: { [format: string]: RegExp } = {
  csv: /^.*\n/,
  json: /^\[\n/,
  geojson: /^.*\n/,
  igc: /^(?:[AHI].*\n)*/,
  gpx: /^[^]*?<trkseg>\n/,
};
const NOTHING: FormatOptions = { rename: new Map() };

async function collect(format: Format, input: Input, options = NOTHING): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const chunk of format.rows(input, options)) rows.push(...chunk);
  return rows;
}

function read(format: Format, pieces: string[], options = NOTHING): Promise<Row[]> {
  async function* text() {
    yield* pieces;
  }
  return collect(format, textInput(text), options);
}

function assertRows(rows: Row[]): void {
  for (const row of rows) {
    assert.ok(row.line >= 1);
    assert.equal(row.values === null, row.problem !== undefined);
    if (row.json) assert.deepEqual(JSON.parse(row.json), JSON.parse(JSON.stringify(row.values)));
    if (row.json) assert.ok(!row.json.includes('\n'), 'an event is a line');
  }
}

for (const format of formats) {
  const fixture = readdirSync(folder).find(
    (file) => file.startsWith(`${format.name}.`) && !file.includes('.expected.'),
  )!;
  const isText = !['parquet', 'redis'].includes(format.name);
  const path = fixture && fileURLToPath(new URL(fixture, folder));
  const own = new URL(`${format.name}.expected.json`, folder);
  const expected = existsSync(own) ? (JSON.parse(readFileSync(own, 'utf8')) as Data[]) : EXPECTED;

  describe(`format ${format.name}`, () => {
    let text = '';
    let input: Input;
    before(() => {
      assert.ok(fixture, `test/fixtures/formats has no ${format.name}.*`);
      text = readFileSync(path, 'utf8');
      input = inputOf(format, path);
    });

    it('reads its fixture: values, JSON and lines', async () => {
      const rows = await collect(format, input);
      assert.deepEqual(
        rows.map((row) => row.values),
        expected,
      );
      assertRows(rows);
      const lines = text.split('\n');
      const marks = format.name === 'igc' ? ['B202127', 'B202128', 'B202129'] : ['27.', '28.', '29.'];
      rows.forEach((row, i) => {
        if (!isText) assert.equal(row.line, i + 1);
        else assert.match(lines[row.line - 1]!, new RegExp(`${marks[i]}|157721888[789]`), `line ${row.line}`);
      });
    });

    it('says when, who and where, as all fixtures do', async () => {
      const rows = await collect(format, input);
      const sample = rows.map((row) => row.values!);
      const hasOwnTime = rows.some(({ timeMs }) => timeMs !== undefined);
      const reading = interpret(fixture, { sample, hasOwnTime, format }, {});
      const renamed = await collect(format, inputOf(format, path), { rename: reading.rename.value });
      const map = rowMapper(reading, 'nobody', null);
      renamed.forEach((row, i) => {
        const record = map(row);
        assert.ok(typeof record === 'object', JSON.stringify(record));
        const { timestamp, vehicle_id, latitude, longitude } = EXPECTED[i]!;
        assert.equal(Math.round(record.timeMs), Number(timestamp) * 1000);
        if (!ONE_SUBJECT.includes(format.name)) assert.equal(record.subject, vehicle_id);
        const datum = JSON.parse(record.data) as Data;
        assert.ok(Math.abs(Number(datum['latitude']) - Number(latitude)) < 1e-7);
        assert.ok(Math.abs(Number(datum['longitude']) - Number(longitude)) < 1e-7);
      });
      assert.equal(reading.channel.value, 'gps');
    });

    // A stream in Redis is no file.
    if (format.endings.length > 0) {
      it('is found by name, compressed too, and by its look', () => {
        assert.equal(formatOf(`x${format.endings[0]}`, '').name, format.name);
        assert.equal(formatOf(`x${format.endings[0]}.gz`, '').name, format.name);
        assert.equal(formatOf('unnamed', text).name, format.name);
      });
    }

    it('renames as it is told', async () => {
      const rows = await collect(format, input, { rename: new Map([['latitude', 'lat']]) });
      assert.equal(rows[0]!.values!['lat'], 52.5);
      assert.equal('latitude' in rows[0]!.values!, false);
      assertRows(rows);
    });

    it('closes its source when the loop is left', async () => {
      let closed = false;
      async function* source<T>(item: T) {
        try {
          yield item;
          yield item;
        } finally {
          closed = true;
        }
      }
      const entries = () => source(format.name === 'redis' ? entriesOf(path) : []);
      const watched: Input = isText
        ? textInput(() => source(text))
        : { ...input, ...(input.entries && { entries }) };
      for await (const _ of format.rows(watched, NOTHING)) break;
      if (input.path === null || isText) assert.equal(closed, true);
      else assert.ok(!openFiles().includes(path), 'the file is still open');
    });

    if (isText) textContract(format, path, expected);
    else rubbishContract(format, path);
  });
}

/** What holds for a format that is text. */
function textContract(format: Format, path: string, expected: Data[]): void {
  const text = readFileSync(path, 'utf8');

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

  it('survives any text: a row has values or a problem with its line', async () => {
    const marks = [
      '"',
      ',',
      '\n',
      '\r',
      '{',
      '}',
      ':',
      '1',
      'a',
      '[',
      ']',
      ';',
      '\\',
      '<',
      '>',
      '/',
      '!--',
      '&',
      '#',
      'B',
      '<trkpt>',
    ];
    const rubbish = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: fc.constantFrom(...marks), maxLength: 200 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(rubbish, { maxLength: 4 }), fc.boolean(), async (pieces, begins) => {
        const rows = await read(format, begins ? [text, ...pieces] : pieces);
        assertRows(rows);
        if (begins)
          assert.deepEqual(
            rows.slice(0, 2).map((row) => row.values),
            expected.slice(0, 2),
          );
      }),
      { numRuns: 300 },
    );
  });

  it('survives a file in which anything was overwritten, and reads the rows before', async () => {
    const at = fc.nat({ max: text.length });
    const instead = fc.string({
      unit: fc.constantFrom('"', '{', '}', '<', '>', '\n', ',', 'x', '\u0000'),
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(at, instead, async (from, put) => {
        const rows = await read(format, [text.slice(0, from) + put + text.slice(from + put.length)]);
        assertRows(rows);
        assert.ok(rows.length <= expected.length + 20);
      }),
      { numRuns: 300 },
    );
  });

  it('goes on after a line of 3 MB, which it refuses without keeping it', async () => {
    const header = HEADERS[format.name]?.exec(text)?.[0] ?? '';
    const long = Array.from({ length: 12 }, () => 'x'.repeat(250_000));
    const begin = format.name === 'gpx' ? '<!--' : format.name === 'igc' ? 'B' : '';
    const rows = await read(format, [header, begin, ...long, '\n', text.slice(header.length)]);
    const bad = rows.filter((row) => row.problem);
    assert.equal(bad.length, 1);
    assert.match(bad[0]!.problem!, /longer than 1,000,000|Not a B record|no object/);
    assert.ok(bad[0]!.text!.length <= 2_000);
    assert.deepEqual(
      rows.filter((row) => row.values).map((row) => row.values),
      expected,
    );
  });
}

/** What holds for a format that is no text. */
function rubbishContract(format: Format, path: string): void {
  const scratch = mkdtempSync(join(tmpdir(), 'reprise-formats-'));
  after(() => rmSync(scratch, { recursive: true }));

  it('survives a file in which anything was overwritten or cut off', async () => {
    const bytes = readFileSync(path);
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: bytes.length }),
        fc.uint8Array({ maxLength: 6 }),
        fc.boolean(),
        async (at, put, cut) => {
          const broken = Buffer.from(cut ? bytes.subarray(0, at) : bytes);
          if (!cut) broken.set(put.subarray(0, broken.length - at), at);
          const file = join(scratch, `broken-${format.name}`);
          writeFileSync(file, broken);
          if (format.name === 'redis') return;
          assertRows(await collect(format, fileInput(file)));
        },
      ),
      // Each run starts a thread, and one that hangs is waited for.
      { numRuns: format.name === 'redis' ? 1 : 25 },
    );
  }).timeout(180_000);

  if (format.name !== 'redis') return;
  it('survives any entry', async () => {
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.json());
    const fields = fc
      .array(fc.tuple(anything, anything), { minLength: 1, maxLength: 3 })
      .map((pairs) => pairs.flat());
    await fc.assert(
      fc.asyncProperty(fc.array(fields), async (all) => {
        const entries = all.map((each, i): StreamEntry => [`${i}-0`, each]);
        const rows = await collect(format, { ...fileInput(path), entries: () => once(entries) });
        assert.equal(rows.length, entries.length);
        for (const row of rows) assert.ok(row.values !== null && row.timeMs !== undefined);
      }),
    );
  });
}

function inputOf(format: Format, path: string): Input {
  return format.name === 'redis'
    ? { ...textInput(() => once('')), entries: () => once(entriesOf(path)) }
    : fileInput(path);
}

const entriesOf = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as StreamEntry[];

async function* once<T>(item: T): AsyncGenerator<T> {
  yield item;
}

function openFiles(): string[] {
  return readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
}
