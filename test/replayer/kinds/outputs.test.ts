import { strict as assert } from 'node:assert';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { convert } from '../../../replayer/files/convert.ts';
import type { OpenOptions } from '../../../replayer/reading/open-options.ts';
import { played, recordedCase } from '../../helpers/played.ts';

const OUTPUTS = ['ndjson', 'csv', 'csv.gz', 'geojson', 'mcap', 'parquet'];

describe('Outputs of convert, merge and cut', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outputs-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** What would be played: time, subject, channel and data. */
  async function rowsOf(path: string, options: OpenOptions = {}) {
    const { records } = await played(path, options);
    return records.map(({ timeMs, subject, channel, data }) => ({ timeMs, subject, channel, data }));
  }

  const cases: [name: string, options: OpenOptions][] = [
    ['tz-start.csv', { tz: 'America/New_York' }],
    ['two-times.csv', { time: 'gps_time' }],
    ['hex-ids.csv', {}],
    ['null-words.csv', {}],
    ['cap-header.csv', { channel: 'things' }],
    ['before1970.csv', { outliers: 'keep' }],
  ];
  for (const [name, options] of cases)
    for (const output of OUTPUTS)
      it(`R8: ${name} with ${JSON.stringify(options)} as .${output}`, async () => {
        const input = recordedCase(name);
        const out = join(folder, `out.${output}`);
        const report = await convert({ inputs: [input], out, options });
        const expected = await rowsOf(input, options);
        assert.equal(report.read, report.messages + report.refused + sum(Object.values(report.skipped)));
        const kept =
          output === 'mcap' && report.refused > 0 ? expected.filter(({ timeMs }) => timeMs >= 0) : expected;
        assert.deepEqual(await rowsOf(out), kept);
      });

  it('R8: a merge of files with other zones, day orders and units of time', async () => {
    const files: [string, string][] = [
      [
        'zoned.csv',
        'time,vehicle_id,latitude,longitude\n2024-06-01T12:00:00-04:00,a,1,2\n2024-06-01T12:00:10-04:00,a,1,2\n',
      ],
      ['epoch.csv', 'time,vehicle_id,latitude,longitude\n1717257605,b,1,2\n1717257615,b,1,2\n'],
      [
        'days.csv',
        'time,vehicle_id,latitude,longitude\n31/05/2024 10:00:00,c,1,2\n31/05/2024 10:00:30,c,1,2\n',
      ],
      [
        'months.csv',
        'time,vehicle_id,latitude,longitude\n05/31/2024 10:00:10,d,1,2\n05/31/2024 10:00:40,d,1,2\n',
      ],
    ];
    const inputs = files.map(([name]) => join(folder, name));
    for (const [name, text] of files) await writeFile(join(folder, name), text);
    const expected = (await Promise.all(inputs.map((input) => rowsOf(input)))).flat();
    expected.sort((a, b) => a.timeMs - b.timeMs);
    for (const output of OUTPUTS) {
      const out = join(folder, `merged.${output}`);
      await convert({ inputs, out, options: {} });
      assert.deepEqual(await rowsOf(out), expected, output);
    }
  });

  it('Parquet has the types of its values, and DuckDB reads them', async () => {
    const input = join(folder, 'typed.ndjson');
    const rows = [0, 1, 2].map((n) =>
      JSON.stringify({
        ...{
          time: `2024-05-01T00:00:0${n}.000123Z`,
          vehicle_id: `v${n % 2}`,
          latitude: 50.5,
          longitude: 8 + n,
        },
        ...{ elevation: 100, count: n, share: n / 2, isOn: n === 1, tags: ['a'], code: '007' },
      }),
    );
    await writeFile(input, rows.join('\n'));
    const out = join(folder, 'typed.parquet');
    await convert({ inputs: [input], out, options: {} });
    const connection = await (await DuckDBInstance.create()).connect();
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM '${out}'`);
    const types = new Map(described.getRows().map(([name, type]) => [String(name), String(type)]));
    assert.match(types.get('@time')!, /^TIMESTAMP WITH TIME ZONE$/);
    assert.match(types.get('geometry')!, /^GEOMETRY/);
    const wanted = { count: 'BIGINT', share: 'DOUBLE', isOn: 'BOOLEAN', tags: 'JSON', code: 'VARCHAR' };
    for (const [column, type] of Object.entries(wanted)) assert.equal(types.get(column), type, column);
    const found = await connection.runAndReadAll(
      `SELECT epoch_us("@time")::VARCHAR, "@subject", code, count::INT FROM '${out}' ORDER BY 1`,
    );
    assert.deepEqual(found.getRows()[1], ['1714521601000123', 'v1', '007', 1]);
    connection.closeSync();
  });

  it('GPX and KML refuse rows without coordinates, and count them', async () => {
    const input = join(folder, 'mixed.ndjson');
    const event = (n: number, data: object) =>
      JSON.stringify({
        specversion: '1.0',
        type: 'things',
        subject: 's',
        time: `2024-05-01T00:00:0${n}Z`,
        data,
      });
    await writeFile(input, [event(0, { latitude: 1, longitude: 2 }), event(1, { n: 1 })].join('\n'));
    for (const output of ['gpx', 'kml']) {
      const out = join(folder, `mixed.${output}`);
      const { read, messages, refused, refusals } = await convert({ inputs: [input], out, options: {} });
      assert.deepEqual([read, messages, refused], [2, 1, 1]);
      assert.match(refusals[0]!.reason, /no coordinates/);
      assert.match(await readFile(out, 'utf8'), /2024-05-01T00:00:00.000Z/);
    }
  });

  it('a subject with many points has several tracks in KML', async () => {
    const input = join(folder, 'long.csv');
    const rows = Array.from({ length: 6_000 }, (_, n) => `${1_714_500_000 + n},v1,50,${n / 1000}`);
    await writeFile(input, `time,vehicle_id,latitude,longitude\n${rows.join('\n')}\n`);
    const out = join(folder, 'long.kml');
    await convert({ inputs: [input], out, options: {} });
    assert.ok((await readFile(out, 'utf8')).match(/<gx:Track>/g)!.length > 1);
    assert.deepEqual(await rowsOf(out), await rowsOf(input));
  });

  it('R22: the message for an output without rows names the reason and the counts', async () => {
    const input = join(folder, 'placeless.ndjson');
    const line = (n: number) => JSON.stringify({ time: `2024-05-01T00:00:0${n}Z`, n });
    await writeFile(input, [0, 1, 2].map(line).join('\n'));
    const to = (name: string, range = {}) =>
      convert({ inputs: [input], out: join(folder, name), options: {}, ...range });
    await assert.rejects(to('none.gpx'), {
      code: 'recording_unplayable',
      message: /3 rows refused.*no coordinates/,
    });
    for (const output of OUTPUTS)
      await assert.rejects(to(`none.${output}`, { start: '1h' }), {
        code: 'range_empty',
        message: /3 rows are outside/,
      });
  });

  it('the counts of a cut add up', async () => {
    const input = join(folder, 'whole.csv');
    const rows = Array.from(
      { length: 10 },
      (_, n) => `2024-05-01T00:00:0${n}Z,v${n % 2},${n === 4 ? 'x' : 50},8`,
    );
    await writeFile(input, `time,vehicle_id,latitude,longitude\n${rows.join('\n')}\n`);
    for (const output of OUTPUTS) {
      const request = {
        inputs: [input],
        out: join(folder, `cut.${output}`),
        start: '2s',
        end: '6s',
        options: {},
      };
      const { read, messages, refused, skipped } = await convert(request);
      assert.deepEqual(
        { read, messages, refused, skipped },
        { read: 10, messages: 4, refused: 1, skipped: { 'outside the range': 5 } },
        output,
      );
    }
  });
});

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);
