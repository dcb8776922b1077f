import assert from 'node:assert/strict';
import fc from 'fast-check';
import stops from '../../../../backend/analysis/services/stops.ts';
import trips from '../../../../backend/analysis/services/trips.ts';
import { timeMsOf } from '../../../../core/wire/event.ts';
import { fixes, NORTH_M, recorded, type Row } from '../../../helpers/fixes.ts';
import { derived, START_MS } from '../../../helpers/services.ts';

/** Fixes one minute apart, each this many metres north of the previous one. */
function way(steps: number[]): Row[] {
  let north = 0;
  return [0, ...steps].map((step, i): Row => [60 * i, 50 + (north += step) * NORTH_M, 8]);
}

const STAND = Array<number>(6).fill(0);
const NO_LIMITS = { max_speed_mps: 1e6, gap_seconds: 1e9 };

describe('trips', () => {
  it('lie between stops', () => {
    const outputs = derived(trips, fixes(way([...STAND, 600, 600, 0, 1200, ...STAND, 900, 900])));
    assert.equal(outputs.length, 2);
    const [there, on] = outputs.map(({ data }) => data);
    assert.deepEqual(
      { ...there, from: null, to: null },
      {
        begin: '2026-01-01T00:06:00.000Z',
        end: '2026-01-01T00:10:00.000Z',
        from: null,
        to: null,
        distance_m: 2400,
        duration_seconds: 240,
        moving_seconds: 180,
        average_speed_mps: 10,
        max_speed_mps: 20,
        open: false,
      },
    );
    assert.deepEqual(there!['from'], { latitude: 50, longitude: 8 });
    assert.deepEqual(there!['to'], on!['from']);
    assert.deepEqual([on!['distance_m'], on!['open']], [1800, true]);
    assert.equal(outputs[0]!.timeMs, START_MS + 15 * 60_000, 'when the stop is known to be one');
  });

  it('end before a gap, found by the next fix or by the watermark', () => {
    const rows = way([600, 600]);
    const later: Row[] = [
      [4000, 52, 8],
      [4060, 52.01, 8],
    ];
    const ends = (other: string) =>
      derived(trips, [...fixes(rows), ...fixes(later, other)])
        .filter(({ subject }) => subject === 'a')
        .map(({ timeMs, data }) => [timeMs, data['end'], data['distance_m']]);
    const [begun] = ends('b');
    assert.deepEqual(begun, [START_MS + 1_020_000, '2026-01-01T00:02:00.000Z', 1200]);
    assert.deepEqual(ends('a')[0], begun);
    assert.equal(ends('a').length, 2);
  });

  it('leave out jumps, and do not occur while a standing subject only wanders', () => {
    const [a, b, ...rest] = way([600, 600, 600]);
    const [trip] = derived(trips, fixes([a!, b!, [90, 0, 0], [100, 10, 10], ...rest]));
    assert.deepEqual([trip!.data['distance_m'], trip!.data['max_speed_mps']], [1800, 10]);
    assert.deepEqual(derived(trips, fixes(way([...STAND, 30, -30, 20, -20]))), []);
  });

  it('and stops fill the time of a subject, and its way, whatever it does', () => {
    const aWay = fc.array(fc.constantFrom(0, 0, 0, 10, -40, 150, -300, 600), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(aWay, (steps) => {
        const events = fixes(way(steps));
        const params = { ...NO_LIMITS, minimum_m: 0 };
        const spans = derived(trips, events, params).map(({ data }) => [data['begin'], data['end']]);
        const stays = derived(stops, events, NO_LIMITS)
          .filter(({ data }) => data['event'] === 'left')
          .map(({ data }) => [data['arrived'], data['left']]);
        const all = [...spans, ...stays].sort((a, b) =>
          String(a[0]) + String(a[1]) < String(b[0]) + String(b[1]) ? -1 : 1,
        );
        all.forEach(([begin], i) => {
          if (i > 0) assert.equal(begin, all[i - 1]![1]);
        });
        assert.equal(all[0]![0], events[0]!.time);
        assert.equal(all.at(-1)![1], events.at(-1)!.time);
      }),
      { numRuns: 200 },
    );
  });

  it('of the buses of Austin are plausible', async function () {
    const outputs = derived(trips, await recorded(this, 'capmetro_buses_2017-03-16.csv'), {}, 10_000);
    assert.ok(outputs.length > 300);
    for (const { data } of outputs) {
      assert.ok((data['max_speed_mps'] as number) < 36);
      assert.ok((data['distance_m'] as number) < 500_000);
      assert.ok((data['moving_seconds'] as number) <= (data['duration_seconds'] as number));
      assert.ok(timeMsOf(data['begin'] as string) < timeMsOf(data['end'] as string));
    }
  });
});
