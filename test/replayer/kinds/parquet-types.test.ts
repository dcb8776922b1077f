import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { parquetMetadata } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { Row } from '../../../replayer/formats/support/format.ts';
import parquet from '../../../replayer/formats/parquet.ts';
import { fileInput } from '../../../replayer/reading/source/input.ts';

describe('Parquet: values of all types', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-parquet-'));
  const path = join(folder, 'x.parquet');
  let duck: DuckDBConnection;
  before(async () => {
    duck = await (await DuckDBInstance.create()).connect();
  });
  after(() => {
    duck.closeSync();
    rmSync(folder, { recursive: true });
  });

  async function read(): Promise<Row[]> {
    const rows: Row[] = [];
    for await (const chunk of parquet.rows(fileInput(path), { rename: new Map() })) rows.push(...chunk);
    return rows;
  }

  /** The values of the rows that a query of DuckDB gives. */
  async function rowsOf(query: string) {
    await duck.run(`COPY (${query}) TO '${path}' (FORMAT parquet)`);
    return (await read()).map(({ values, problem }) => values ?? problem);
  }

  it('keeps the digits of decimals of any width, in structs, lists and maps too', async () => {
    const wide = '12345678901234567890.123456789';
    const decimal = (text: string, type: string) => `CAST('${text}' AS DECIMAL(${type}))`;
    const query =
      `SELECT ${decimal('-0.05', '4,2')} AS a, ${decimal('1234567.89', '9,2')} AS b, ` +
      `${decimal('-' + wide, '38,9')} AS c, ${decimal('1.5', '38,9')} AS d, ` +
      `{'x': ${decimal(wide, '38,9')}} AS s, [${decimal(wide, '38,9')}] AS l, MAP {'k': ${decimal('0.1', '38,9')}} AS m`;
    assert.deepEqual(await rowsOf(query), [
      { a: -0.05, b: 1234567.89, c: `-${wide}`, d: 1.5, s: { x: wide }, l: [wide], m: { k: 0.1 } },
    ]);
  });

  it('makes a map an object, or pairs where its keys are not plain', async () => {
    const query = `SELECT MAP {'a': 1, '__proto__': 2} AS t, MAP {7: 'x'} AS i, MAP {{'k': 1}: 'y'} AS s,
      MAP {} AS e, [MAP {'a': 1}] AS l, CAST(NULL AS MAP(VARCHAR, INTEGER)) AS n`;
    const [row] = await rowsOf(query);
    assert.equal(
      JSON.stringify(row),
      '{"t":{"a":1,"__proto__":2},"i":{"7":"x"},"s":[{"key":{"k":1},"value":"y"}],"e":{},"l":[{"a":1}]}',
    );
  });

  it('has no zone where there is none, at any depth', async () => {
    const [local, utc] = [`TIMESTAMP '2024-05-01 10:00:00'`, `TIMESTAMPTZ '2024-05-01 10:00:00+00'`];
    const query = `SELECT {'at': ${local}, 'utc': ${utc}} AS s, [${local}] AS l, MAP {${local}: 1} AS m`;
    assert.deepEqual(await rowsOf(query), [
      {
        s: { at: '2024-05-01T10:00:00.000', utc: '2024-05-01T10:00:00.000Z' },
        l: ['2024-05-01T10:00:00.000'],
        m: { '2024-05-01T10:00:00.000': 1 },
      },
    ]);
  });

  it('reads unsigned integers, bytes, text of old writers, and intervals', async () => {
    const query = `SELECT 255::UTINYINT AS a, 65535::USMALLINT AS b, 4294967295::UINTEGER AS c,
      18446744073709551615::UBIGINT AS d, '\\xFF\\x00'::BLOB AS e, INTERVAL '14 months 3 days 1.5 seconds' AS f`;
    assert.deepEqual(await rowsOf(query), [
      { a: 255, b: 65535, c: 4294967295, d: '18446744073709551615', e: '/wA=', f: 'P14M3DT1.5S' },
    ]);
    const bytes = parquetWriteBuffer({
      columnData: [{ name: 'old', data: [Buffer.from('Zürich'), Buffer.from([0xff])] }],
      schema: [
        { name: 'root', num_children: 1 },
        { name: 'old', type: 'BYTE_ARRAY', repetition_type: 'REQUIRED' },
      ],
    });
    writeFileSync(path, Buffer.from(bytes));
    assert.deepEqual(
      (await read()).map(({ values }) => values),
      [{ old: 'Zürich' }, { old: '/w==' }],
    );
  });

  it('reads INT96 as the times that they are', async () => {
    const day = Buffer.alloc(12);
    day.writeBigUInt64LE(36_000_123_456_789n, 0); // nanoseconds of the day
    day.writeUInt32LE(2_440_588 + 19_844, 8); // Julian day
    const file = Buffer.from(
      parquetWriteBuffer({
        codec: 'UNCOMPRESSED',
        statistics: false,
        columnData: [{ name: 'at', data: [day] }],
        schema: [
          { name: 'root', num_children: 1 },
          { name: 'at', type: 'FIXED_LEN_BYTE_ARRAY', type_length: 12, repetition_type: 'REQUIRED' },
        ],
      }),
    );
    // The writer has no INT96, which has the same bytes: the type is changed in the schema and in the column (Thrift).
    for (const behind of [[0x15, 0x18], [0x19]]) {
      const at = file.lastIndexOf(Buffer.from([0x15, 0x0e, ...behind]));
      assert.notEqual(at, -1);
      file[at + 1] = 0x06;
    }
    writeFileSync(path, file);
    assert.deepEqual((await read())[0], {
      line: 1,
      values: { at: '2024-05-01T10:00:00.123456789Z' },
      json: null,
    });
  });

  it('counts the rows of a broken group, and reads those of the others', async () => {
    const order = `(FORMAT parquet, ROW_GROUP_SIZE 2048, COMPRESSION snappy)`;
    await duck.run(`COPY (SELECT i::INTEGER AS i FROM range(6144) t(i)) TO '${path}' ${order}`);
    const file = readFileSync(path);
    const { row_groups } = parquetMetadata(new Uint8Array(file).buffer);
    assert.equal(row_groups.length, 3);
    const { data_page_offset, dictionary_page_offset, total_compressed_size } =
      row_groups[1]!.columns[0]!.meta_data!;
    const from = Number(dictionary_page_offset ?? data_page_offset);
    file.fill(0xff, from, from + Number(total_compressed_size));
    writeFileSync(path, file);
    const rows = await read();
    assert.equal(rows.length, 6144);
    const bad = rows.filter(({ problem }) => problem !== undefined);
    assert.deepEqual([bad.length, bad[0]!.line, bad.at(-1)!.line], [2048, 2049, 4096]);
    assert.match(bad[0]!.problem!, /^Rows 2049 to 4096 can't be read: /);
    const whole = rows.filter(({ problem }) => problem === undefined);
    assert.ok(whole.every(({ line, values }) => values!['i'] === line - 1));
  });

  it('comes back as DuckDB wrote it', async function () {
    this.timeout(60_000);
    const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    const record = fc.record({
      whole: fc.option(integer),
      unscaled: fc.option(fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n })),
      double: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
      text: fc.option(fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'))),
      list: fc.option(fc.array(fc.option(fc.integer()), { maxLength: 4 })),
    });
    const sql = (value: number | null) => String(value ?? 'NULL');
    const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
    const number = (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : String(value));
    const scaled = (value: bigint) => {
      const digits = String(value < 0n ? -value : value).padStart(10, '0');
      const text = `${value < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`;
      return { text, value: digits.replace(/^0+/, '').length <= 15 ? Number(text) : text };
    };
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 20, maxLength: 60 }), async (records) => {
        const selects = records.map(({ whole, unscaled, double, text, list }) =>
          [
            `SELECT CAST(${whole === null ? 'NULL' : `'${whole}'`} AS BIGINT) AS whole`,
            `CAST(${unscaled === null ? 'NULL' : `'${scaled(unscaled).text}'`} AS DECIMAL(38,9)) AS unscaled`,
            `CAST(${double === null ? 'NULL' : `'${Object.is(double, -0) ? '-0' : double}'`} AS DOUBLE) AS double`,
            `CAST(${text === null ? 'NULL' : quoted(text)} AS VARCHAR) AS text`,
            `CAST(${list === null ? 'NULL' : `[${list.map(sql).join(',')}]`} AS INTEGER[]) AS list`,
          ].join(', '),
        );
        const expected = records.map(({ whole, unscaled, double, text, list }) => ({
          ...(whole !== null && { whole: number(whole) }),
          ...(unscaled !== null && { unscaled: scaled(unscaled).value }),
          ...(double !== null && { double }),
          ...(text !== null && { text }),
          ...(list !== null && { list }),
        }));
        assert.deepEqual(await rowsOf(selects.join(' UNION ALL ')), expected);
      }),
      // Each run starts a thread and writes a file, so there are few runs with many rows.
      { numRuns: 5, endOnFailure: true },
    );
  });
});
