import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { simulate } from '../../cli/simulate/simulate.ts';
import { quake } from '../../cli/simulate/quakes.ts';

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
