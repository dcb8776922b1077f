import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Row } from '../../../replayer/formats/support/format.ts';
import { rowsOf } from '../../helpers/rows.ts';

/** The rows as they are on the wire. */
const values = (rows: Row[]) =>
  rows.filter((row) => row.values).map((row) => JSON.parse(row.json!) as object);
const timeAt = (i: number) => new Date(1_714_557_600_000 + i * 1_000).toISOString();

/** Values that a member may have. Objects in arrays have no times, so that they are parts of their row. */
const scalar = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', '\n', 'a', '😀'),
    maxLength: 12,
  }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
const member = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('x', 'y', 'ü', '__proto__', 'a b'), scalar, { maxKeys: 3 }),
  fc.array(fc.record({ k: scalar }), { maxLength: 2 }),
);
const members = fc.record({ v: fc.integer(), note: member, 'näme "q"': scalar });
const rowList = (minLength: number) =>
  fc
    .array(members, { minLength, maxLength: 8 })
    .map((list) => list.map((each, i) => ({ time: timeAt(i), ...each })));

type Value = object;
/** The same as after a journey through JSON, which knows no prototypes. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Ways to write rows: the text, and what has to come out. */
const writers: { [name: string]: (rows: Value[], indent: number) => string } = {
  'an array': (rows, indent) => JSON.stringify(rows, null, indent),
  'an array in an object': (rows, indent) => JSON.stringify({ ok: true, data: rows, n: [1] }, null, indent),
  'an array deep in an object': (rows, indent) =>
    JSON.stringify({ a: { b: { rows } }, meta: { x: [{ y: 1 }] } }, null, indent),
  'two arrays': (rows, indent) =>
    JSON.stringify({ first: rows.slice(0, 2), x: 1, second: rows.slice(2) }, null, indent),
  'values one after the other': (rows, indent) =>
    rows.map((row) => JSON.stringify(row, null, indent)).join(''),
  'values with marks': (rows, indent) =>
    rows.map((row) => `\u001e${JSON.stringify(row, null, indent)}\n`).join(''),
  lines: (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
  'lines with CRLF': (rows) => rows.map((row) => `${JSON.stringify(row)}\r\n`).join(''),
  'an assignment': (rows, indent) => `var x = ${JSON.stringify(rows, null, indent)};`,
  'an array, a row a line': (rows) => `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`,
};
const written = (minRows: number) =>
  fc
    .record({
      how: fc.constantFrom(...Object.keys(writers)),
      rows: rowList(minRows),
      indent: fc.constantFrom(0, 1, 2),
      name: fc.constantFrom('x.json', 'x.ndjson', 'x'),
    })
    .map((all) => ({ ...all, text: writers[all.how]!(all.rows, all.indent) }));

describe('JSON of known content', () => {
  it('comes out as it went in, however it is written, named and cut into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(written(3), fc.nat(), async ({ rows, text, name }, at) => {
        const cut = at % text.length;
        const read = await rowsOf(name, text, {}, [text.slice(0, cut), text.slice(cut)]);
        assert.deepEqual(values(read), rows.map(plain));
        assert.ok(read.every(({ problem }) => problem === undefined));
        for (const { json } of read) assert.ok(!json?.includes('\n'));
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps all digits', async () => {
    const number = fc
      .tuple(
        fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
        fc.option(fc.nat()),
        fc.option(fc.integer({ min: -400, max: 400 })),
      )
      .map(
        ([whole, part, power]) =>
          `${whole}${part === null ? '' : `.${part}`}${power === null ? '' : `e${power}`}`,
      );
    await fc.assert(
      fc.asyncProperty(
        fc.array(number, { minLength: 2, maxLength: 6 }),
        fc.boolean(),
        async (numbers, isLines) => {
          const lines = numbers.map((digits, i) => `{"time":"${timeAt(i)}","id":${digits},"in":[${digits}]}`);
          const rows = await rowsOf('x.json', isLines ? lines.join('\n') : `{"data":[${lines.join(',')}]}`);
          assert.deepEqual(
            rows.map(({ json }) => json),
            lines,
          );
          for (const [i, { values }] of rows.entries()) {
            const isLong = /^-?\d+$/.test(numbers[i]!) && !Number.isSafeInteger(Number(numbers[i]));
            assert.deepEqual(values!['id'], isLong ? numbers[i] : JSON.parse(numbers[i]!));
          }
        },
      ),
    );
  });

  it('loses nothing but the end where it is cut off', async () => {
    await fc.assert(
      fc.asyncProperty(written(4), fc.nat(), async ({ rows, text, how, name }, at) => {
        const begun = text.slice(0, Math.floor(text.length / 2) + (at % Math.ceil(text.length / 2)));
        const read = await rowsOf(name, begun);
        // What was inside of the broken end may be left over; it has no time and is refused.
        const found = values(read).filter((row) => 'time' in row);
        const whole = rows.filter((row) => wholeIn(begun, row, how)).map(plain);
        assert.deepEqual(found.slice(0, whole.length), whole);
        assert.ok(found.length <= whole.length);
      }),
      { numRuns: 1_000 },
    );
  });

  const put = fc.constantFrom('"', '{', '}', '[', ']', ',', ':', 'x', '\n', '\\', '0', ' ');
  // Seeds that found rows which vanished are tried each time.
  for (const seed of [undefined, 1682777369, 1581427413]) {
    it(`counts all rows that are lost by one wrong character, and seldom loses others (seed ${seed ?? 'any'})`, async () => {
      let losses = 0;
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(written(5), fc.nat(), put, async ({ rows, text, name }, where, character) => {
          const begins = rows.map((_, i) => text.indexOf(JSON.stringify(timeAt(i))));
          const at = begins[1]! + (where % (begins.at(-1)! - begins[1]!));
          const touched = begins.findLastIndex((begin) => begin <= at);
          const read = await rowsOf(name, text.slice(0, at) + character + text.slice(at + 1));
          const found = values(read);
          const missing = rows.filter((row) => found.every((each) => lacking(each, row) > 1));
          const refused = read.filter(({ problem }) => problem !== undefined);
          const bytes = sum(refused.map((row) => Math.max(row.bytes ?? 0, Buffer.byteLength(row.text!))));
          assert.ok(
            missing.length <= refused.length ||
              bytes >= sum(missing.map((row) => Buffer.byteLength(JSON.stringify(row)))),
            `${missing.length} rows are missing, but ${refused.length} with ${bytes} bytes are refused`,
          );
          runs++;
          // Between two rows either may be touched.
          if (missing.some((row) => ![touched, touched + 1].includes(rows.indexOf(row)))) losses++;
        }),
        { numRuns: 1_000, ...(seed && { seed }) },
      );
      assert.ok(losses <= runs / 100, `in ${losses} of ${runs} texts rows are lost that are not touched`);
    });
  }

  const rowAt = (i: number) => `{"time":"${timeAt(i)}","v":${i}}`;
  const timed = (rows: Row[]) => rows.flatMap(({ values }) => (values ? [values['v']] : []));

  it('reads on where a bracket closes the array of the rows too early', async () => {
    for (const [first, last] of [
      ['{"ok":true,"data":[', '],"n":[1]}'],
      ['{"a":{"b":{"rows":[', ']}},"meta":{"x":[{"y":1}]}}'],
    ] as const) {
      for (const wrong of [']', '],', ',]', '\n]\n']) {
        const text = `${first}${rowAt(0)},${rowAt(1)}${wrong}\n${rowAt(2)},\n${rowAt(3)}${last}`;
        const rows = await rowsOf('x.json', text);
        assert.deepEqual(timed(rows), [0, 1, 2, 3], text);
        assert.ok(rows.some(({ problem, line }) => problem?.includes('closed before its end') && line > 1));
      }
    }
  });

  it('reads on behind the end of the document that a broken row seems to be', async () => {
    const count = 7_000;
    const before = Array.from({ length: count }, (_, i) => rowAt(i)).join(',\n');
    for (const behind of [[], [count + 1], [count + 1, count + 2]]) {
      const list = [before, `]"time":"x","v":9}`, ...behind.map(rowAt)].join(',\n');
      const rows = await rowsOf('x.json', `{"ok":true,"data":[\n${list}\n],"n":[1]}`);
      assert.deepEqual(timed(rows).slice(count - 1), [count - 1, ...behind]);
      const refused = rows.filter(({ problem }) => problem !== undefined);
      assert.ok(refused.length > 0 && refused.every(({ line }) => line > count));
      // A row that was found behind the end is at its own line.
      for (const { line, values } of rows) if (values) assert.equal(line, Number(values['v']) + 2);
    }
  });

  it('takes an object without members in a broken row for a part of that', async () => {
    const broken = `{\n "time": "${timeAt(1)}",\n "note": [\n  {\n   "k": 1\n{   }\n ],\n "v": 1\n}`;
    const text = `{"data":[\n${rowAt(0)},\n${broken},\n${rowAt(2)},\n${rowAt(3)}\n]}`;
    const rows = await rowsOf('x.json', text);
    assert.deepEqual(timed(rows), [0, 2, 3]);
    assert.equal(rows.filter(({ problem }) => problem !== undefined).length, 1);
  });

  it('reads documents one after the other that begin like their rows, also where the first one is long', async () => {
    const document = (from: number, count: number) => {
      const rows = Array.from({ length: count }, (_, i) => `{"v":${from + i},"time":"${timeAt(from + i)}"}`);
      return `{"v":-1,"data":[${rows.join(',')}]}`;
    };
    const rows = await rowsOf(
      'x.json',
      [document(0, 7_000), document(7_000, 2), document(7_002, 1)].join('\n'),
    );
    assert.deepEqual(
      timed(rows),
      Array.from({ length: 7_003 }, (_, i) => i),
    );
    assert.ok(rows.every(({ problem }) => problem === undefined));
  });
});

const sum = (numbers: number[]) => numbers.reduce((all, each) => all + each, 0);

/** How many members of a row that was written a row that was read does not have. One character can touch one. */
function lacking(found: object, row: Value): number {
  const own = new Map(Object.entries(found));
  return Object.entries(plain(row) as object).filter(
    ([name, value]) => JSON.stringify(own.get(name)) !== JSON.stringify(value),
  ).length;
}

/** Whether all of a row is in a text that was cut off. */
function wholeIn(text: string, row: Value, how: string): boolean {
  const indents = how.startsWith('lines') || how.endsWith('a line') ? [0] : [0, 1, 2];
  const bare = (json: string) => json.replace(/\n\s*/g, '');
  return indents.some((indent) => bare(text).includes(bare(JSON.stringify(row, null, indent))));
}
