import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
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
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { StreamEntry } from '../../core/redis/stream-entry.ts';
import type { Data } from '../../core/wire/event.ts';
import type { Format, FormatOptions, Input, Row } from '../../replayer/formats/support/format.ts';
import { valueOf } from '../../replayer/formats/support/json-text.ts';
import { formatOf, formats } from '../../replayer/reading/formats.ts';
import { interpret } from '../../replayer/reading/inference/inference.ts';
import { rowMapper } from '../../replayer/reading/parsing/row-mapper.ts';
import { fileInput } from '../../replayer/reading/source/input.ts';
import { textInput } from '../helpers/input.ts';

const folder = new URL('../fixtures/formats/', import.meta.url);

/**
 * What every fixture says. A format that can't say it in these members has its rows in `<format>.expected.json`. Nothing
 * here lists formats: a new file in `replayer/formats/` and its fixture are all that a format needs.
 */
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
const NO_OPTIONS: FormatOptions = { rename: new Map() };

async function collect(format: Format, input: Input, options = NO_OPTIONS): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const chunk of format.rows(input, options)) rows.push(...chunk);
  return rows;
}

function read(format: Format, pieces: string[], options = NO_OPTIONS): Promise<Row[]> {
  async function* text() {
    yield* pieces;
  }
  return collect(format, textInput(text), options);
}

function assertRows(rows: Row[]): void {
  for (const row of rows) {
    assert.ok(row.line >= 1);
    assert.equal(row.values === null, (row.problem ?? row.skipped) !== undefined);
    if (row.json) assert.deepEqual(valueOf(row.json), JSON.parse(JSON.stringify(row.values)));
    if (row.json) assert.ok(!row.json.includes('\n'), 'an event is a line');
  }
}

/** A fixture, and the facts about its format that it shows. */
interface Fixture {
  format: Format;
  path: string;
  bytes: Buffer;
  text: string;
  /** The values of its rows. */
  expected: Data[];
  /** A stream in Redis has no file: its fixture is a list of entries. */
  kind: 'text' | 'binary' | 'stream';
}

function fixtureOf(format: Format): Fixture | null {
  const file = readdirSync(folder).find(
    (name) => name.startsWith(`${format.name}.`) && !name.includes('.expected.'),
  );
  if (file === undefined) return null;
  const path = fileURLToPath(new URL(file, folder));
  const bytes = readFileSync(path);
  const own = new URL(`${format.name}.expected.json`, folder);
  const isText = isUtf8(bytes) && !bytes.includes(0);
  return {
    format,
    path,
    bytes,
    text: bytes.toString(),
    expected: existsSync(own) ? (JSON.parse(readFileSync(own, 'utf8')) as Data[]) : EXPECTED,
    kind: format.endings.length === 0 ? 'stream' : isText ? 'text' : 'binary',
  };
}

for (const format of formats) {
  describe(`format ${format.name}`, () => {
    const fixture = fixtureOf(format);
    it('has a fixture', () => {
      assert.ok(fixture, `test/fixtures/formats has no ${format.name}.*`);
    });
    if (!fixture) return;
    everyFormat(fixture);
    if (fixture.kind === 'text') textFormat(fixture);
    else if (fixture.kind === 'binary') binaryFormat(fixture);
    else streamFormat(fixture);
  });
}

/** The promises of all formats. */
function everyFormat(fixture: Fixture): void {
  const { format, path, text, expected, kind } = fixture;

  it('reads the values, JSON and lines of its fixture', async () => {
    const rows = await collect(format, inputOf(fixture));
    assert.deepEqual(
      rows.map((row) => row.values),
      expected,
    );
    assertRows(rows);
    if (kind !== 'text')
      assert.deepEqual(
        rows.map(({ line }) => line),
        expected.map((_, i) => i + 1),
      );
  });

  it('finds time, subject and place in its fixture', async () => {
    const rows = await collect(format, inputOf(fixture));
    const sample = rows.map((row) => row.values!);
    const hasOwnTime = rows.some(({ timeMs }) => timeMs !== undefined);
    const interpretation = interpret(basename(path), { sample, hasOwnTime, format }, {});
    const renamed = await collect(format, inputOf(fixture), { rename: interpretation.rename.value });
    const map = rowMapper(interpretation, 'nobody', null);
    // Some formats hold no positions, such as logs of a web server, and some hold one subject only.
    const isPlaced = expected.every((row) => 'latitude' in row);
    const namesSubjects = expected.every((row, i) => Object.values(row).includes(EXPECTED[i]!['vehicle_id']));
    renamed.forEach((row, i) => {
      const record = map(row);
      assert.ok(typeof record === 'object', JSON.stringify(record));
      const { timestamp, vehicle_id, latitude, longitude } = EXPECTED[i]!;
      assert.equal(Math.round(record.timeMs), Number(timestamp) * 1000);
      if (namesSubjects) assert.equal(record.subject, vehicle_id);
      if (!isPlaced) return;
      const datum = JSON.parse(record.data) as Data;
      // A binary format may hold degrees as floats of 32 bits.
      const tolerance = kind === 'binary' ? 2e-6 : 1e-7;
      assert.ok(Math.abs(Number(datum['latitude']) - Number(latitude)) < tolerance);
      assert.ok(Math.abs(Number(datum['longitude']) - Number(longitude)) < tolerance);
    });
    if (isPlaced) assert.equal(interpretation.channel.value, 'gps');
  });

  if (kind !== 'stream')
    it('is recognised by the file name, compressed or not, and by the beginning of the file', () => {
      assert.equal(formatOf(`x${format.endings[0]}`, '').name, format.name);
      assert.equal(formatOf(`x${format.endings[0]}.gz`, '').name, format.name);
      assert.equal(formatOf('unnamed', text).name, format.name);
    });

  it('renames members', async () => {
    const name = ['latitude', 'host'].find((member) => member in expected[0]!)!;
    const rows = await collect(format, inputOf(fixture), { rename: new Map([[name, 'renamed']]) });
    assert.deepEqual(rows[0]!.values!['renamed'], expected[0]![name]);
    assert.equal(name in rows[0]!.values!, false);
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
    const watched: { [each in Fixture['kind']]: () => Input } = {
      text: () => textInput(() => source(text)),
      binary: () => inputOf(fixture),
      stream: () => ({ ...inputOf(fixture), entries: () => source(entriesOf(path)) }),
    };
    for await (const _ of format.rows(watched[kind](), NO_OPTIONS)) break;
    if (kind === 'binary') assert.ok(!openFiles().includes(path), 'the file is still open');
    else assert.equal(closed, true);
  });
}

/** The further promises of formats that are text. */
function textFormat({ format, text, expected }: Fixture): void {
  it('tells the line in which each row begins', async () => {
    const rows = await read(format, [text]);
    const lines = text.split('\n').map((line) => `${line}\n`);
    // The text before a row's line holds all the rows before it, and nothing of this row.
    for (const [i, { line }] of rows.entries()) {
      const before = await read(format, [lines.slice(0, line - 1).join('')]);
      // A format that sees that a file was cut off says so in a row of its own.
      if (/^The file ends before/.test(before.at(-1)?.problem ?? '')) before.pop();
      const values = before.map((row) => row.values);
      assert.deepEqual(i === 0 ? values.filter(Boolean) : values, expected.slice(0, i), `line ${line}`);
    }
  });

  it('reads the same rows however the text is cut into pieces', async () => {
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

  it('survives any text: each row has values, or a problem and a line', async () => {
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

  it('survives a file that was partly overwritten', async () => {
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

  it('goes on after a line of 3 MB, without keeping it', async () => {
    const lines = text.split('\n').map((line) => `${line}\n`);
    const [first] = await read(format, [text]);
    const header = lines.slice(0, first!.line - 1).join('');
    // A letter or digit that begins a row makes the long line one: otherwise IGC would pass over it as a comment.
    const begin = /^\w/.exec(lines[first!.line - 1]!)?.[0] ?? '';
    const long = Array.from({ length: 12 }, () => 'x'.repeat(250_000));
    const rows = await read(format, [header, begin, ...long, '\n', text.slice(header.length)]);
    const bad = rows.filter((row) => row.problem);
    assert.ok(bad.length <= 1, JSON.stringify(bad.map(({ problem }) => problem)));
    for (const row of bad) assert.ok(row.text!.length <= 2_000);
    assert.deepEqual(
      rows.filter((row) => row.values).map((row) => row.values),
      expected,
    );
  });
}

/** The further promises of formats that are binary files. */
function binaryFormat({ format, bytes }: Fixture): void {
  const scratch = mkdtempSync(join(tmpdir(), 'reprise-formats-'));
  after(() => rmSync(scratch, { recursive: true }));

  it('survives a file that was partly overwritten or cut off', async () => {
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
          assertRows(await collect(format, fileInput(file)));
        },
      ),
      // A format may start a thread for each file, and wait for one that hangs.
      { numRuns: 25 },
    );
  }).timeout(180_000);
}

/** The further promises of formats that are streams in Redis. */
function streamFormat({ format, path }: Fixture): void {
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

function inputOf({ kind, path }: Fixture): Input {
  if (kind !== 'stream') return fileInput(path);
  return { ...textInput(() => once('')), entries: () => once(entriesOf(path)) };
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
