import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Replay } from '../../schemas/types.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

const bin = fileURLToPath(new URL('../../bin/reprise.js', import.meta.url));
const data = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const table = readFileSync(new URL('../../docs/real-recordings.md', import.meta.url), 'utf8');

/** The table of docs/real-recordings.md. */
const CASES: [file: string, args: string[], published: number, reordered: number, refused: number][] = [
  ['capmetro_buses_2017-03-16.csv', [], 36271, 857, 0],
  ['ce290i_gps_2019-12-24.csv', [], 1316, 0, 0],
  ['evergiven_ais_2021-03.csv', [], 22287, 188, 0],
  ['liverpool_bus_route14_2026-01-26.csv', [], 1533, 7, 0],
  ['noaa_storms_1975-2024.csv', [], 20778, 304, 0],
  ['wikipedia_edits_2015-09-12.ndjson.gz', ['--channel', 'edits'], 39244, 0, 0],
  ['social_multilang_dev.ndjson', [], 1400, 0, 0],
  ['social_multilang_dev.truth.json', ['--channel', 'phases'], 3, 0, 0],
  ['langid_tweets_6lang.tsv', ['--columns', 'lang,text', '--every', '100ms'], 9066, 0, 0],
  ['vader_tweets_groundtruth.tsv', ['--columns', 'id,score,text', '--every', '100ms'], 4200, 0, 0],
  ['Friday-Evening-Run.gpx', [], 17, 0, 0],
  ['korita-zbevnica.gpx', [], 513, 0, 358],
  ['multitrackgpx.gpx', [], 117, 0, 0],
  ['stoplight_ride_hr.gpx', [], 850, 0, 0],
  ['Clement-Latour.igc', [], 15576, 0, 0],
  ['Damien-de-Baenst.igc', [], 3307, 0, 0],
  ['Sylvain-Dhonneur.igc', [], 16365, 0, 0],
  ['Tom-Payne.igc', [], 9863, 0, 0],
  ['Ulrich-Prinz.igc', [], 4596, 0, 0],
  ['TravelTime_387.csv', [], 2500, 0, 0],
  ['TravelTime_451.csv', [], 2162, 0, 0],
  ['Twitter_volume_AAPL.csv', [], 15902, 0, 0],
  ['machine_temperature_system_failure.csv', [], 22695, 1, 0],
  ['nyc_taxi.csv', [], 10320, 0, 0],
  ['occupancy_6005.csv', [], 2380, 0, 0],
  ['occupancy_t4013.csv', [], 2500, 0, 0],
  ['speed_6005.csv', [], 2500, 0, 0],
  ['speed_7578.csv', [], 1127, 0, 0],
  ['speed_t4013.csv', [], 2495, 0, 0],
];

describe('real recordings', () => {
  let server: TestRedis;
  const files = existsSync(data)
    ? new Map(
        readdirSync(data, { recursive: true, encoding: 'utf8' }).map((path) => [
          path.replace(/^.*\//, ''),
          path,
        ]),
      )
    : new Map<string, string>();
  before(async () => {
    server = await startRedis();
  });
  after(() => server.stop());

  function play(file: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const flags = ['--rate', 'max', '--redis', server.url, '--json'];
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [bin, 'play', join(data, file), ...args, ...flags],
        (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });
  }

  for (const [file, args, published, reordered, refused] of CASES) {
    it(`plays ${[file, ...args].join(' ')}, as documented`, async function () {
      assert.ok(
        table.includes(`\`reprise play ${[file, ...args].join(' ')}\``),
        'no such command in the table',
      );
      const path = files.get(file);
      // Not every machine has these recordings.
      if (path === undefined) return this.skip();
      const { code, stdout, stderr } = await play(path, ...args);
      assert.equal(code, refused > 0 ? 3 : 0, stderr);
      const { counts } = JSON.parse(stdout) as Replay;
      assert.deepEqual(
        [counts.published, counts.reordered, counts.refused, counts.late],
        [published, reordered, refused, 0],
      );
    }).timeout(30_000);
  }

  for (const file of ['geofences.geojson', 'combined_windows.json', 'langid_tweets_6lang.tsv']) {
    it(`says which option is missing for ${file}`, async function () {
      const path = files.get(file);
      if (path === undefined) return this.skip();
      const { code, stderr } = await play(path);
      assert.equal(code, 1);
      assert.match(stderr, /holds a time that can be read.*The columns are: .*--time COLUMN.*--every/);
    }).timeout(30_000);
  }
});
