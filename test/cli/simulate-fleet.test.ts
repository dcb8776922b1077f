import assert from 'node:assert/strict';
import type { LineString } from 'geojson';
import { SPEED_LIMIT_MPS, buildCity, type StreetKind } from '../../cli/simulate/city/city.ts';
import { simulateFleet, type FleetOptions } from '../../cli/simulate/fleet/fleet.ts';
import { busLines } from '../../cli/simulate/fleet/itinerary.ts';
import { CITY_CENTRE } from '../../cli/simulate/city/city-plan.ts';
import { Plane, type Place, type Point } from '../../cli/simulate/support/plane.ts';
import { Random } from '../../cli/simulate/support/random.ts';
import { Router } from '../../cli/simulate/city/route.ts';
import type { Fix } from '../../cli/simulate/fleet/track.ts';
import { ABILITIES, Vehicle } from '../../cli/simulate/fleet/vehicle.ts';
import { explain, validator } from '../../schemas/index.ts';

const plane = new Plane(CITY_CENTRE);
const small: FleetOptions = { seed: 7, vehicles: 6, durationSeconds: 1200 };

describe('simulate fleet', () => {
  const fleet = simulateFleet(small);
  const fixes = [...fleet.fixes];
  const truth = fleet.truth();
  const of = (id: string) => fixes.filter((fix) => fix.vehicle_id === id);

  it('gives a valid gps datum with all the columns of a logger as numbers', () => {
    const valid = validator('channels/gps');
    for (const fix of fixes) assert.ok(valid(fix), explain(valid.errors, fix));
    const { vehicle_id: _subject, ...numbers } = fixes[0] as Fix;
    for (const [column, value] of Object.entries(numbers)) assert.equal(typeof value, 'number', column);
    assert.deepEqual(
      Object.keys(numbers).join(),
      'timestamp,latitude,longitude,elevation,accuracy,bearing,speed_meters_per_second,satellites,hdop,vdop,pdop,' +
        'distance_meters,elapsed_time_seconds',
    );
  });

  it('is in time order, and regular for each vehicle', () => {
    for (let i = 1; i < fixes.length; i++)
      assert.ok(fixes[i]!.timestamp >= fixes[i - 1]!.timestamp, `row ${i}`);
    assert.equal(fixes.length, 6 * 1200);
    assert.equal(truth.records, fixes.length);
    for (const { vehicle_id } of truth.vehicles)
      for (const fix of of(vehicle_id).slice(1)) assert.equal(fix.elapsed_time_seconds, 1);
  });

  it("a vehicle's drive depends on neither the others nor the interval", () => {
    const more = simulateFleet({ ...small, vehicles: 9 });
    assert.deepEqual(
      [...more.fixes].filter((fix) => fix.vehicle_id === 'bus-1'),
      of('bus-1'),
    );
    const sparse = simulateFleet({ ...small, intervalSeconds: 5 });
    void [...sparse.fixes];
    const stops = (from: typeof truth) => from.vehicles[0]!.stops.slice(1, -1);
    assert.deepEqual(stops(sparse.truth()), stops(truth));
  });

  it('stays on the streets, and within their speed limits', () => {
    const streets = streetSegments(fleet.streets.features);
    for (const fix of fixes) {
      const near = streets.filter((street) => offStreet(street, plane.point(fix)) < 25);
      assert.ok(near.length > 0, `${fix.vehicle_id} is off the streets at ${fix.timestamp}`);
      const limit = Math.max(...near.map((street) => SPEED_LIMIT_MPS[street.kind]));
      assert.ok(fix.speed_meters_per_second < limit + 0.7, `${fix.vehicle_id} speeds at ${fix.timestamp}`);
    }
  });

  it('accelerates and brakes as its vehicles can, and never jumps', () => {
    const city = buildCity();
    const router = new Router(city);
    const streets = { city, router, lines: busLines(city, router) };
    for (const kind of ['van', 'bus', 'truck'] as const) {
      const vehicle = new Vehicle(kind, kind, streets, new Random(5, kind));
      const { accelerationMps2, brakingMps2 } = ABILITIES[kind];
      const step = 0.1;
      let last = vehicle.at(0);
      for (let time = step; time < 1800; time += step) {
        const now = vehicle.at(time);
        const change = (now.speedMps - last.speedMps) / step;
        assert.ok(
          change < accelerationMps2 + 1e-6 && change > -brakingMps2 - 1e-6,
          `${kind}: ${change} at ${time}`,
        );
        const driven = now.distanceMetres - last.distanceMetres;
        assert.ok(Math.hypot(now.x - last.x, now.y - last.y) < driven + 1e-6, `${kind} jumps at ${time}`);
        assert.ok(driven <= step * Math.max(now.speedMps, last.speedMps, 17) + 1e-6);
        last = now;
      }
      assert.ok(last.distanceMetres > 3000, `${kind} got about`);
    }
  });

  it('stands where and when the truth says, and moves elsewhere', () => {
    for (const { vehicle_id, stops } of truth.vehicles) {
      const own = of(vehicle_id);
      let standing = 0;
      for (const stop of stops) {
        const [from, to] = [Date.parse(stop.start), Date.parse(stop.end)];
        for (const fix of own.filter(({ timestamp }) => timestamp * 1000 >= from && timestamp * 1000 < to)) {
          assert.ok(fix.speed_meters_per_second < 0.15, `${vehicle_id} moves in its ${stop.reason} stop`);
          assert.ok(metresApart(fix, stop) < 20, `${vehicle_id} is not at its ${stop.reason} stop`);
          standing++;
        }
      }
      const slow = own.filter((fix) => fix.speed_meters_per_second < 0.15).length;
      assert.ok(
        slow - standing < 0.02 * own.length,
        `${vehicle_id}: ${slow} slow fixes, ${standing} in stops`,
      );
    }
    const reasons = new Set(truth.vehicles.flatMap(({ stops }) => stops.map(({ reason }) => reason)));
    for (const reason of ['delivery', 'bus_stop', 'traffic_light'] as const)
      assert.ok(reasons.has(reason), reason);
  });

  it('measures true distances that the fixes agree with', () => {
    for (const vehicle of truth.vehicles) {
      const moving = of(vehicle.vehicle_id).filter((fix) => fix.speed_meters_per_second > 0.2);
      const measured = moving.reduce((sum, fix) => sum + fix.distance_meters, 0);
      const off = Math.abs(measured / vehicle.distance_m - 1);
      assert.ok(
        off < 0.03,
        `${vehicle.vehicle_id}: ${measured} m by fixes, ${vehicle.distance_m} m in truth`,
      );
      const stopSeconds =
        vehicle.stops.reduce((sum, { start, end }) => sum + Date.parse(end) - Date.parse(start), 0) / 1000;
      assert.ok(Math.abs(stopSeconds - vehicle.standing_seconds) < 0.1, vehicle.vehicle_id);
    }
  });

  it('draws closed areas counter-clockwise, and depots on the map', () => {
    for (const { geometry, properties } of fleet.streets.features)
      if (geometry.type === 'Polygon') {
        const ring = geometry.coordinates[0]!.map(
          ([longitude, latitude]) => [longitude, latitude] as [number, number],
        );
        assert.deepEqual(ring[0], ring.at(-1));
        const area = ring.slice(1).reduce((sum, [x, y], i) => sum + ring[i]![0] * y - x * ring[i]![1], 0);
        assert.ok(area > 0, properties.name);
      }
    const kinds = new Set(fleet.streets.features.map(({ properties }) => properties.kind));
    assert.deepEqual([...kinds].sort(), [
      'avenue',
      'boulevard',
      'bridge',
      'depot',
      'park',
      'street',
      'water',
    ]);
  });
});

interface StreetSegment {
  kind: StreetKind;
  from: Point;
  to: Point;
}

function streetSegments(features: ReturnType<typeof simulateFleet>['streets']['features']): StreetSegment[] {
  return features
    .filter(({ geometry }) => geometry.type === 'LineString')
    .flatMap(({ geometry, properties }) => {
      const points = (geometry as LineString).coordinates.map(([longitude, latitude]) =>
        plane.point({ longitude: longitude as number, latitude: latitude as number }),
      );
      return points
        .slice(1)
        .map((to, i) => ({ kind: properties.kind as StreetKind, from: points[i] as Point, to }));
    });
}

function offStreet({ from, to }: StreetSegment, { x, y }: Point): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const along = Math.max(0, Math.min(1, ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(x - from.x - along * dx, y - from.y - along * dy);
}

function metresApart(a: Place, b: Place): number {
  const [p, q] = [plane.point(a), plane.point(b)];
  return Math.hypot(p.x - q.x, p.y - q.y);
}
