import assert from 'node:assert/strict';
import fc from 'fast-check';
import movement from '../../../../backend/analysis/services/movement.ts';
import { timeMsOf, type CloudEvent } from '../../../../core/wire/event.ts';
import { distanceM, type GeoPoint } from '../../../../core/wire/geo.ts';
import { fixes, NORTH_M, recorded, type Row } from '../../../helpers/fixes.ts';
import { derived } from '../../../helpers/services.ts';

/** A subject that drives north at 10 m/s, a fix a second. */
function drive(seconds: number, from = 0): Row[] {
  return Array.from({ length: seconds }, (_, i) => [from + i, 50 + (from + i) * 10 * NORTH_M, 8]);
}

describe('movement', () => {
  const flags = (events: CloudEvent[], params = {}) =>
    derived(movement, events, params).map(({ data }) => (data['outlier_reason'] ?? '') as string);

  it('is derived unchanged for fixes without outliers', () => {
    const [first, second, third] = derived(movement, fixes([...drive(2), [1, 50 + 10 * NORTH_M, 8]]));
    assert.deepEqual(first!.data, {
      latitude: 50,
      longitude: 8,
      elapsed_seconds: 0,
      distance_m: 0,
      cumulative_distance_m: 0,
      speed_mps: 0,
      heading_degrees: null,
      state: 'stopped',
    });
    assert.equal(second!.data['speed_mps'], 10);
    assert.equal(second!.data['heading_degrees'], 0);
    assert.equal(third!.data['speed_mps'], 10, 'two fixes of one instant say nothing about speed');
  });

  it('flags null island, impossible places and jumps, and otherwise ignores them', () => {
    const rows = drive(12);
    rows[3] = [3, 0, 0];
    rows[5] = [5, 51, 8];
    rows[6] = [6, 91, 8];
    rows[8] = [8, 50, -181];
    rows[9] = [9, 10, 10];
    rows[10] = [10, -10, 10];
    const outputs = derived(movement, fixes(rows));
    assert.deepEqual(
      outputs.map(({ data }) => data['outlier_reason'] ?? ''),
      ['', '', '', 'null_island', '', 'jump', 'invalid', '', 'invalid', 'jump', 'jump', ''],
    );
    const last = outputs.at(-1)!.data;
    assert.equal(last['cumulative_distance_m'], 110);
    assert.equal(last['elapsed_seconds'], 4);
    for (const { data } of outputs.slice(1)) {
      assert.equal(data['speed_mps'], 10);
      if (data['outlier']) assert.equal(data['distance_m'], 0);
    }
  });

  it('accepts a jump once three fixes agree on the new place', () => {
    const elsewhere = drive(5, 5).map(([seconds, latitude]): Row => [seconds, latitude - 20, 30]);
    const outputs = derived(movement, fixes([...drive(5), ...elsewhere]));
    assert.deepEqual(
      outputs.slice(5).map(({ data }) => data['outlier_reason'] ?? ''),
      ['jump', 'jump', '', '', ''],
    );
    assert.equal(outputs.at(-1)!.data['cumulative_distance_m'], 70);
    assert.ok(outputs.every(({ data }) => (data['speed_mps'] as number) <= 10));
  });

  it('flags a reported speed that the positions contradict, but not a device that reports another unit', () => {
    const reporting = (rows: Row[], speed: (i: number) => number) =>
      fixes(
        rows.map(([seconds, latitude, longitude], i) => [
          seconds,
          latitude,
          longitude,
          { speed_meters_per_second: speed(i) },
        ]),
      );
    const sentinel = flags(reporting(drive(12), (i) => (i === 7 ? 113.9952 : 10)));
    assert.deepEqual([sentinel[7], new Set(sentinel).size], ['speed', 2]);
    assert.equal(flags(reporting(drive(12), () => -1)).join(''), '');
    assert.equal(flags(reporting(drive(12), () => 100)).join(','), ',speed,speed,,,,,,,,,');
  });

  it('derives nothing from late fixes and sends what has no coordinates to the dead letters', () => {
    assert.equal(derived(movement, fixes([...drive(3), [1, 50, 8], [2.5, 50, 8]])).length, 4);
    assert.equal(derived(movement, fixes([[0, '1' as unknown as number, 8]])).length, 0);
  });

  it('never reports more than the distance between reachable places', () => {
    const aRow = fc.tuple(
      fc.nat(5),
      fc.oneof(fc.double({ min: -91, max: 91, noNaN: true }), fc.constantFrom(0, 50)),
      fc.oneof(fc.double({ min: -181, max: 181, noNaN: true }), fc.constantFrom(0, 8)),
    );
    fc.assert(
      fc.property(fc.array(aRow, { maxLength: 30 }), (rows) => {
        const outputs = derived(movement, fixes(rows), { max_speed_mps: 50_000 });
        let sumM = 0;
        for (const { data } of outputs) {
          sumM += data['distance_m'] as number;
          assert.ok((data['speed_mps'] as number) <= 50_000);
          assert.ok(Math.abs(sumM - (data['cumulative_distance_m'] as number)) < 0.001 * outputs.length);
        }
      }),
    );
  });

  it('stays plausible for the buses of Austin, with sentinel speeds and (0, 0)', async function () {
    const events = await recorded(this, 'capmetro_buses_2017-03-16.csv');
    const outputs = derived(movement, events, {}, 10_000);
    assert.equal(outputs.length, events.length);
    const flagged = events.filter((_, i) => outputs[i]!.data['outlier']);
    const odd = ({ data }: CloudEvent) => data['speed'] === 113.9952 || data['latitude'] === 0;
    assert.equal(flagged.length, 10);
    assert.deepEqual(flagged, events.filter(odd));
    const reasons = outputs.flatMap(({ data }) => data['outlier_reason'] ?? []);
    assert.equal(reasons.filter((reason) => reason === 'null_island').length, 2);
    // The same distances as from a file that never had those rows.
    const cleaned = derived(
      movement,
      events.filter((event) => !odd(event)),
      {},
      10_000,
    );
    assert.deepEqual(
      outputs.filter(({ data }) => !data['outlier']).map(({ data }) => data),
      cleaned.map(({ data }) => data),
    );
    assert.ok(cleaned.every(({ data }) => (data['speed_mps'] as number) < 36));
  });

  it('of a real bus adds up to the way through its fixes', async function () {
    const events = (await recorded(this, 'capmetro_buses_2017-03-16.csv')).filter(
      ({ subject }) => subject === '2628',
    );
    const places = events.map(({ data }) => data as unknown as GeoPoint);
    const sumM = places.reduce((sum, place, i) => (i > 0 ? sum + distanceM(places[i - 1]!, place) : 0), 0);
    const last = derived(movement, events).at(-1)!;
    assert.ok(Math.abs((last.data['cumulative_distance_m'] as number) - sumM) < 0.01);
    assert.equal(last.timeMs, timeMsOf(events.at(-1)!.time));
  });
});
