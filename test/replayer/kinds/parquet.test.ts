import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { Row } from '../../../replayer/formats/support/format.ts';
import parquet from '../../../replayer/formats/parquet.ts';
import { fileInput } from '../../../replayer/reading/source/input.ts';

describe('Parquet: what columns mean', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-parquet-'));
  after(() => rmSync(folder, { recursive: true }));

  async function read(options: Parameters<typeof parquetWriteBuffer>[0]): Promise<Row[]> {
    const path = join(folder, 'x.parquet');
    writeFileSync(path, Buffer.from(parquetWriteBuffer(options)));
    const rows: Row[] = [];
    for await (const chunk of parquet.rows(fileInput(path), { rename: new Map() })) rows.push(...chunk);
    return rows;
  }

  it('keeps digits, has no zone where there is none, and leaves out NaN', async () => {
    const rows = await read({
      columnData: [
        { name: 'local', data: [1_714_557_600_000n] },
        { name: 'utc', data: [1_714_557_600_000n] },
        { name: 'day', data: [19_844] },
        { name: 'price', data: [12_345.6789] },
        { name: 'id', data: [9_007_199_254_740_993n] },
        { name: 'v', data: [NaN] },
      ],
      schema: [
        { name: 'root', num_children: 6 },
        {
          name: 'local',
          type: 'INT64',
          repetition_type: 'REQUIRED',
          logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MILLIS' },
        },
        {
          name: 'utc',
          type: 'INT64',
          repetition_type: 'REQUIRED',
          logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
        },
        { name: 'day', type: 'INT32', repetition_type: 'REQUIRED', converted_type: 'DATE' },
        {
          name: 'price',
          type: 'INT32',
          repetition_type: 'REQUIRED',
          converted_type: 'DECIMAL',
          scale: 4,
          precision: 9,
        },
        { name: 'id', type: 'INT64', repetition_type: 'REQUIRED' },
        { name: 'v', type: 'DOUBLE', repetition_type: 'REQUIRED' },
      ],
    });
    const { values, absent } = rows[0]!;
    assert.equal(
      JSON.stringify(values),
      '{"local":"2024-05-01T10:00:00.000","utc":"2024-05-01T10:00:00.000Z","day":"2024-05-01","price":12345.6789,' +
        '"id":"9007199254740993"}',
    );
    assert.equal(absent, 1);
  });

  it('has the places of points, and other geometries as GeoJSON', async () => {
    const line = { type: 'LineString' as const, coordinates: [[1, 2], [3, 4]] }; // prettier-ignore
    const data = [{ type: 'Point' as const, coordinates: [11.5, 48.1] }, line];
    const rows = await read({ columnData: [{ name: 'geometry', data, type: 'GEOMETRY' }] });
    assert.deepEqual(
      rows.map(({ values }) => values),
      [{ longitude: 11.5, latitude: 48.1 }, { geometry: line }],
    );
  });
});
