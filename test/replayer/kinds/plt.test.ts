import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { played } from '../../helpers/played.ts';

const scratch = mkdtempSync(join(tmpdir(), 'reprise-plt-'));
after(() => rmSync(scratch, { recursive: true }));

const GEOLIFE = [
  'Geolife trajectory',
  'WGS 84',
  'Altitude is in Feet',
  'Reserved 3',
  '0,2,255,My Track,0,0,2,8421376',
  '0',
];
const DAY_0_MS = Date.UTC(1899, 11, 30);

function file(lines: string[], lineEnd = '\r\n'): string {
  const path = join(scratch, 'trip.plt');
  writeFileSync(path, lines.map((line) => line + lineEnd).join(''));
  return path;
}

const dayOf = (timeMs: number) => ((timeMs - DAY_0_MS) / 86_400_000).toFixed(10);
const clockOf = (timeMs: number) => new Date(timeMs).toISOString().slice(0, 19).replace('T', ',');

describe('GeoLife and OziExplorer tracks (.plt)', () => {
  it('plays what was written: places, metres, times to the second, and no altitude where there is none', async () => {
    const fix = fc.record({
      latitude: fc.integer({ min: -90_000_000, max: 90_000_000 }).map((micro) => micro / 1e6),
      longitude: fc.integer({ min: -180_000_000, max: 180_000_000 }).map((micro) => micro / 1e6),
      feet: fc.option(fc.integer({ min: -500, max: 30_000 }), { nil: -777 }),
      afterMs: fc.integer({ min: 1, max: 300 }).map((seconds) => seconds * 1_000),
    });
    const startMs = fc
      .integer({ min: Date.UTC(2000, 0) / 1000, max: Date.UTC(2030, 0) / 1000 })
      .map((s) => s * 1000);
    await fc.assert(
      fc.asyncProperty(
        startMs,
        fc.array(fix, { minLength: 1, maxLength: 6 }),
        fc.constantFrom('\n', '\r\n'),
        async (start, fixes, lineEnd) => {
          let timeMs = start;
          const expected = fixes.map(({ latitude, longitude, feet, afterMs }) => {
            timeMs += afterMs;
            return { timeMs, latitude, longitude, feet };
          });
          const rows = expected.map(
            (row) =>
              `${row.latitude},${row.longitude},0,${row.feet},${dayOf(row.timeMs)},${clockOf(row.timeMs)}`,
          );
          const { records, refused } = await played(file([...GEOLIFE, ...rows], lineEnd));
          assert.deepEqual(refused, []);
          assert.deepEqual(
            records.map(({ timeMs: time, channel, subject, data }) => ({
              time,
              channel,
              subject,
              latitude: data['latitude'],
              longitude: data['longitude'],
              elevation: data['elevation'],
            })),
            expected.map(({ timeMs: time, latitude, longitude, feet }) => ({
              time,
              channel: 'gps',
              subject: 'trip',
              latitude,
              longitude,
              elevation: feet === -777 ? undefined : Number((feet * 0.3048).toFixed(3)),
            })),
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  it('reads the tracks of OziExplorer: segments, a name, another datum, and times by day number alone', async () => {
    const header = [
      'OziExplorer Track Point File Version 2.1',
      'Tokyo',
      'Altitude is in Feet',
      'Reserved 3',
      '0,2,255,Morning ride,0,0,2,8421376',
      '2',
    ];
    const startMs = Date.UTC(2024, 4, 1, 10);
    const row = (i: number, begins: number) =>
      `   35.5,139.${i},${begins},${i * 10}.0,${dayOf(startMs + i * 1_500)},01-May-24,10:00:00 AM`;
    const { records } = await played(file([...header, row(1, 1), row(2, 0), row(3, 1)]));
    assert.deepEqual(
      records.map(({ timeMs, subject, data }) => [timeMs - startMs, subject, data['segment'], data['datum']]),
      [
        [1_500, 'Morning ride', undefined, 'Tokyo'],
        [3_000, 'Morning ride', undefined, 'Tokyo'],
        [4_500, 'Morning ride', 2, 'Tokyo'],
      ],
    );
  });

  it('refuses lines that are not fixes, with their numbers, and plays the others', async () => {
    const good = (second: string) => `40,116,0,100,,2008-10-23,02:53:${second}`;
    const lines = [
      ...GEOLIFE,
      good('04'),
      '40,116',
      good('05'),
      '40,x,0,1,39744,2008-10-23,02:53:06',
      '40,116,0,1,,,',
      '400.1,116,0,1,,2008-10-23,02:53:07',
    ];
    const { records, refused } = await played(file(lines));
    assert.equal(records.length, 2);
    assert.deepEqual(
      refused.map(({ line }) => line),
      [8, 10, 11, 12],
    );
  });
});
