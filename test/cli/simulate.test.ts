import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { LineString } from 'geojson';
import { SPEED_LIMIT_MPS, buildCity, type StreetKind } from '../../cli/simulate/city/city.ts';
import { simulateFleet, type FleetOptions } from '../../cli/simulate/fleet/fleet.ts';
import { simulate } from '../../cli/simulate/simulate.ts';
import { busLines } from '../../cli/simulate/fleet/itinerary.ts';
import { CITY_CENTRE } from '../../cli/simulate/city/city-plan.ts';
import { Plane, type Place, type Point } from '../../cli/simulate/support/plane.ts';
import { simulatePosts } from '../../cli/simulate/posts/posts.ts';
import { quake } from '../../cli/simulate/quakes.ts';
import { Random } from '../../cli/simulate/support/random.ts';
import { Router } from '../../cli/simulate/city/route.ts';
import type { Fix } from '../../cli/simulate/fleet/track.ts';
import { ABILITIES, Vehicle } from '../../cli/simulate/fleet/vehicle.ts';
import { explain, validator } from '../../schemas/index.ts';

const plane = new Plane(CITY_CENTRE);
const small: FleetOptions = { seed: 7, vehicles: 6, durationSeconds: 1200 };

describe('simulate', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'reprise-simulate-'))));
  after(() => rm(folder, { recursive: true, force: true }));
  const read = (name: string) => readFile(join(folder, name), 'utf8');

  for (const kind of ['fleet', 'posts'] as const)
    it(`${kind}: the same seed gives the same bytes, another seed others`, async () => {
      const make = (name: string, seed: number) =>
        simulate(kind, { out: join(folder, name), seed, vehicles: 4, durationSeconds: 300 });
      const made = await make('a.ndjson', 1);
      await make('b.ndjson', 1);
      await make('c.ndjson', 2);
      assert.equal((await read('a.ndjson')).trim().split('\n').length, made.records);
      assert.equal(await read('a.ndjson'), await read('b.ndjson'));
      assert.equal(await read('a.truth.json'), await read('b.truth.json'));
      assert.notEqual(await read('a.ndjson'), await read('c.ndjson'));
    });

  it('writes CSV and gzip with the same rows', async () => {
    const options = { seed: 3, vehicles: 3, durationSeconds: 30 };
    const { files } = await simulate('fleet', { out: join(folder, 'd.ndjson'), ...options });
    assert.deepEqual(
      files.map((file) => file.slice(folder.length + 1)),
      ['d.ndjson', 'd.truth.json', 'd.streets.geojson'],
    );
    await simulate('fleet', { out: join(folder, 'e.csv.gz'), ...options });
    const [header, ...lines] = gunzipSync(await readFile(join(folder, 'e.csv.gz')))
      .toString()
      .trim()
      .split('\n');
    const rows = (await read('d.ndjson'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    assert.equal(header, Object.keys(rows[0] as object).join(','));
    assert.deepEqual(
      lines,
      rows.map((row) => Object.values(row).join(',')),
    );
  });

  it('publishes no recording without its truth, and leaves no partial file behind', async () => {
    const own = join(folder, 'refused');
    await mkdir(join(own, 'x.truth.json', 'occupied'), { recursive: true });
    const making = simulate('posts', { out: join(own, 'x.ndjson'), durationSeconds: 60 });
    await assert.rejects(making, { kind: 'failure', code: 'simulation_not_written' });
    assert.deepEqual(await readdir(own), ['x.truth.json']);
  });

  it('refuses what it can not make, and says what it can', async () => {
    const out = join(folder, 'never.ndjson');
    await assert.rejects(simulate('fleet', { out: join(folder, 'never.mcap') }), { hint: /\.ndjson/ });
    await assert.rejects(simulate('boats' as 'fleet', { out }), { hint: /fleet, posts, quakes/ });
    await assert.rejects(simulate('fleet', { out, vehicles: 0 }), { code: 'simulation_option' });
    await assert.rejects(simulate('fleet', { out, intervalSeconds: 0 }), { code: 'simulation_option' });
    await assert.rejects(simulate('posts', { out, start: 'noon' }), { code: 'simulation_option' });
    assert.ok(!(await readdir(folder)).some((name) => name.startsWith('never')));
  });
});

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

describe('simulate posts', () => {
  const made = simulatePosts({ seed: 7 });
  const posts = [...made.posts];
  const truth = made.truth();

  it('gives valid posts in time order, with ids of their own', () => {
    const valid = validator('channels/posts');
    for (const post of posts)
      assert.ok(
        valid(post) && !/[{}]|undefined/.test(post.text),
        `${post.text}: ${explain(valid.errors, post)}`,
      );
    for (let i = 1; i < posts.length; i++) assert.ok(posts[i]!.created_at >= posts[i - 1]!.created_at);
    assert.equal(new Set(posts.map(({ id }) => id)).size, posts.length);
  });

  it('counts in the truth what is in the data: in all, and in each phase', () => {
    assert.equal(truth.records, posts.length);
    assert.deepEqual(truth.languages, tally(posts.map(({ lang }) => lang)));
    assert.deepEqual(truth.sentiments, tally(posts.map(({ true_sentiment }) => true_sentiment)));
    for (const { start, end, counts, posts: count } of truth.phases) {
      const own = posts.filter(({ created_at }) => created_at >= start && created_at < end);
      assert.equal(own.length, count);
      assert.deepEqual(counts.languages, tally(own.map(({ lang }) => lang)));
      assert.deepEqual(counts.sentiments, tally(own.map(({ true_sentiment }) => true_sentiment)));
    }
  });

  it('has a burst, shifts of language and mood, and English in the majority', () => {
    const perSecond = ({ start, end, posts: count }: { start: string; end: string; posts: number }) =>
      count / ((Date.parse(end) - Date.parse(start)) / 1000);
    const usual = truth.phases.find(({ name }) => name === 'morning')!;
    assert.ok(perSecond(truth.bursts[0]!) > 4 * perSecond(usual));
    const changed = new Set(truth.change_points.map(({ of }) => of));
    assert.deepEqual([...changed].sort(), ['languages', 'pace', 'sentiments', 'topics']);
    const english = truth.languages.en! / truth.records;
    assert.ok(english > 0.55 && english < 0.65, `${english} English`);
  });

  it('hardly repeats itself', () => {
    for (const lang of ['en', 'es', 'fr', 'de', 'it', 'pt']) {
      const texts = posts.filter((post) => post.lang === lang).map(({ text }) => text);
      assert.ok(
        new Set(texts).size > 0.9 * texts.length,
        `${new Set(texts).size} of ${texts.length} in ${lang}`,
      );
    }
  });
});

describe('simulate quakes', () => {
  it('gives the week in time order, and counts what it left out', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'reprise-simulate-'));
    try {
      const { records } = await simulate('quakes', { out: join(folder, 'q.ndjson') });
      const lines = (await readFile(join(folder, 'q.ndjson'), 'utf8')).trim().split('\n');
      const rows = lines.map(
        (line) => JSON.parse(line) as { time: string; magnitude: number; region: string },
      );
      const truth = JSON.parse(await readFile(join(folder, 'q.truth.json'), 'utf8')) as {
        records: number;
        dropped: number;
      };
      assert.equal(rows.length, records);
      assert.equal(truth.records + truth.dropped, 1707);
      for (let i = 1; i < rows.length; i++) assert.ok(rows[i]!.time >= rows[i - 1]!.time);
      assert.ok(rows.every(({ magnitude }) => Number.isFinite(magnitude)));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('names the region, and drops what has no place or magnitude', () => {
    const properties = {
      mag: 2,
      place: '4km W of Castaic, CA',
      time: 1517966773840,
      net: 'ci',
      type: 'earthquake',
    };
    const geometry = { coordinates: [-118.6, 34.4, 26.4] };
    assert.equal(quake({ id: 'a', properties, geometry })?.region, 'California');
    assert.equal(
      quake({ id: 'a', properties: { ...properties, place: 'Banda Sea' }, geometry })?.region,
      'Banda Sea',
    );
    assert.equal(quake({ id: 'a', properties: { ...properties, mag: null }, geometry }), null);
    assert.equal(quake({ id: 'a', properties, geometry: { coordinates: [null, 34.4, 1] } }), null);
    assert.equal(quake({ id: 'a', properties, geometry: null }), null);
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

function tally(values: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
