import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Fix } from '../../../../backend/analysis/gps/track.ts';
import stops from '../../../../backend/analysis/services/stops.ts';
import { timeMsOf, type CloudEvent } from '../../../../core/wire/event.ts';
import { distanceM } from '../../../../core/wire/geo.ts';
import { fixes, NORTH_M, recorded, type Row } from '../../../helpers/fixes.ts';
import { derived, START_MS } from '../../../helpers/services.ts';

interface StayPoint {
  latitude: number;
  longitude: number;
  arrivedMs: number;
  leftMs: number;
  fixes: number;
  /** The end of the track. */
  open: boolean;
}

/** Definition 3 of Li et al. 2008, word for word: all fixes within the radius of the first, for the minimum time or longer. */
function stayPoints(track: Fix[], radiusM: number, minimumMs: number): StayPoint[] {
  const found: StayPoint[] = [];
  for (let m = 0, n: number; m < track.length; m = n + 1) {
    for (n = m; n + 1 < track.length && distanceM(track[m]!, track[n + 1]!) <= radiusM;) n++;
    const [arrivedMs, leftMs] = [track[m]!.timeMs, track[n]!.timeMs];
    if (leftMs - arrivedMs < minimumMs) continue;
    const inside = track.slice(m, n + 1);
    const distinct = inside.filter((fix, i) => i === 0 || distanceM(fix, inside[i - 1]!) > 0);
    const mean = (value: (fix: Fix) => number) =>
      distinct.reduce((sum, fix) => sum + value(fix), 0) / distinct.length;
    const isWest = track[m]!.longitude < 0;
    // Expresses all longitudes on the side of the earth on which the first lies.
    const longitude = mean((fix) =>
      Math.abs(fix.longitude - track[m]!.longitude) > 180
        ? fix.longitude + (isWest ? -360 : 360)
        : fix.longitude,
    );
    found.push({
      latitude: mean((fix) => fix.latitude),
      longitude: longitude > 180 ? longitude - 360 : longitude < -180 ? longitude + 360 : longitude,
      arrivedMs,
      leftMs,
      fixes: inside.length,
      open: n === track.length - 1,
    });
  }
  return found;
}

function agrees(
  events: CloudEvent[],
  params: { radius_m: number; minimum_seconds: number },
  restartEvery = 1,
) {
  const outputs = derived(stops, events, { ...params, gap_seconds: 1e9, max_speed_mps: 1e6 }, restartEvery);
  const track = events.map(({ time, data }) => ({
    timeMs: timeMsOf(time),
    latitude: data['latitude'] as number,
    longitude: data['longitude'] as number,
  }));
  const expected = stayPoints(track, params.radius_m, params.minimum_seconds * 1000);
  const left = outputs.filter(({ data }) => data['event'] === 'left').map(({ data }) => data);
  assert.equal(left.length, expected.length);
  left.forEach((stop, i) => {
    const point = expected[i]!;
    assert.equal(timeMsOf(stop['arrived'] as string), point.arrivedMs);
    assert.equal(timeMsOf(stop['left'] as string), point.leftMs);
    assert.equal(stop['fixes'], point.fixes);
    const offM = distanceM(point, {
      latitude: stop['latitude'] as number,
      longitude: stop['longitude'] as number,
    });
    assert.ok(offM < 0.02, `${offM} m away`);
    assert.equal(stop['open'], point.open);
  });
  assert.equal(outputs.length, 2 * expected.length, 'one arrival for each');
  return expected.length;
}

/** A subject that comes, stands around for ten minutes and leaves. */
const VISIT: Row[] = [
  [0, 50, 8],
  ...Array.from({ length: 11 }, (_, i): Row => [100 + 60 * i, 50.1 + (i % 2) * 20 * NORTH_M, 8]),
  [800, 50.2, 8],
];

describe('stops', () => {
  const told = (rows: Row[], params = {}) =>
    derived(stops, fixes(rows), params).map(({ timeMs, data }) => [
      (timeMs - START_MS) / 1000,
      data['event'],
      data['duration_seconds'],
      data['fixes'],
      data['open'],
    ]);

  it('are told once they have lasted, and when they are over', () => {
    assert.deepEqual(told(VISIT), [
      [400, 'arrived', 300, 6, undefined],
      [800, 'left', 600, 11, false],
    ]);
    const [, left] = derived(stops, fixes(VISIT));
    assert.equal(left!.data['arrived'], '2026-01-01T00:01:40.000Z');
    assert.equal(left!.data['left'], '2026-01-01T00:11:40.000Z');
  });

  it('that the recording ends in, or a long silence, are closed as open', () => {
    assert.deepEqual(told(VISIT.slice(0, -1)).at(-1), [700, 'left', 600, 11, true]);
    assert.deepEqual(told([...VISIT.slice(0, -1), [1500, 50.1, 8]], { gap_seconds: 600 }), [
      [400, 'arrived', 300, 6, undefined],
      [1300, 'left', 600, 11, true],
    ]);
    const other = fixes([[0, 1, 1]], 'b').map((event) => ({ ...event, time: '2026-01-01T02:00:00Z' }));
    const silent = derived(stops, [...fixes(VISIT.slice(0, -1)), ...other], { gap_seconds: 600 });
    assert.equal(silent.at(-1)!.timeMs, START_MS + 1_300_000, 'another subject shows that time has passed');
  });

  it('are not ended by null island or a jump, nor by late fixes', () => {
    const rows = VISIT.toSpliced(7, 0, [401, 0, 0], [402, 60, 8], [30, 51, 8]);
    assert.deepEqual(told(rows), told(VISIT));
  });

  it('have a centroid that repeated fixes do not weight, also across the antimeridian', () => {
    const rows = [0, 100, 200, 300, 400].map((s): Row => [s, 10, 179.9999]);
    const [, left] = derived(stops, fixes([...rows, [500, 10.0002, -179.9997]]));
    assert.deepEqual([left!.data['latitude'], left!.data['longitude']], [10.0001, -179.9999]);
    assert.equal(left!.data['fixes'], 6);
  });

  it('begin at the place before a seek, which does not count as a new fix', () => {
    const [before, ...after] = fixes(VISIT.slice(1));
    const [arrived] = derived(stops, [{ ...before!, restored: true }, ...after]);
    assert.deepEqual([arrived!.data['fixes'], arrived!.data['duration_seconds']], [5, 300]);
  });

  it('are the stay points of the published definition, on any track', () => {
    const aStep = fc.record({
      seconds: fc.constantFrom(0, 1, 30, 60, 200),
      north: fc.constantFrom(0, 0, 5, -20, 60, -60, 300),
      east: fc.constantFrom(0, 0, 10, -30, 80, -150),
    });
    const aLongitude = fc.constantFrom(8, 179.9995, -179.9995);
    fc.assert(
      fc.property(fc.array(aStep, { maxLength: 60 }), aLongitude, (steps, longitude) => {
        let [seconds, north, east] = [0, 0, 0];
        const rows = steps.map((step): Row => {
          [seconds, north, east] = [seconds + step.seconds, north + step.north, east + step.east];
          const lon = longitude + east * NORTH_M;
          return [seconds, north * NORTH_M, lon > 180 ? lon - 360 : lon < -180 ? lon + 360 : lon];
        });
        agrees(fixes(rows), { radius_m: 100, minimum_seconds: 120 });
      }),
      { numRuns: 300 },
    );
  });

  it('are those of the published definition for each bus of Austin, and for a car', async function () {
    const buses = new Map<string, CloudEvent[]>();
    for (const event of await recorded(this, 'capmetro_buses_2017-03-16.csv')) {
      // The service takes this fix for an outlier.
      if (event.data['speed'] === 113.9952) continue;
      const bus = buses.get(event.subject);
      if (bus) bus.push(event);
      else buses.set(event.subject, [event]);
    }
    let count = 0;
    for (const bus of buses.values()) count += agrees(bus, { radius_m: 100, minimum_seconds: 300 }, 50);
    assert.ok(count > 500, `${count} stops`);
    const car = await recorded(this, 'ce290i_gps_2019-12-24.csv');
    assert.ok(agrees(car, { radius_m: 10, minimum_seconds: 10 }, 50) > 0);
  });
});
