import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../../core/settings/settings.ts';
import type { System } from '../../../schemas/types.ts';
import { eventually } from '../../helpers/wait.ts';
import { ApiWorld } from '../../helpers/api-world.ts';

const serve = async (main: string, settings: Settings) => {
  const role = (await import(new URL(`../../../${main}/main.ts`, import.meta.url).href)) as {
    serve(given: Settings): Promise<{ close(): Promise<void> }>;
  };
  return role.serve(settings);
};

const STARTED_MS = Date.parse('2026-05-04T07:00:00Z');
const SECONDS = 600;
const square = {
  type: 'FeatureCollection',
  features: [
    {
      type: 'Feature',
      id: 'yard',
      properties: {},
      geometry: {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            [1, 0],
            [1, 1],
            [0, 1],
            [0, 0],
          ],
        ],
      },
    },
  ],
};

describe('the system as one document', function () {
  this.timeout(40_000);
  let world: ApiWorld;
  let roles: { close(): Promise<void> }[] = [];

  before(async () => {
    world = await ApiWorld.start({
      channels: { gps: { log: 5_000 } },
      services: { movement: { use: 'movement', input: 'gps' } },
      analytics: {},
      pipelines: {},
      endpoints: [{ method: 'GET', path: '/fixed', action: 'respond', answer: 1 }],
    });
    mkdirSync(world.settings.recordings, { recursive: true });
    const rows = Array.from({ length: SECONDS }, (_, i) =>
      JSON.stringify({
        time: new Date(STARTED_MS + i * 1_000).toISOString(),
        id: 'bus',
        latitude: i / 1e4,
        longitude: 0,
      }),
    );
    writeFileSync(join(world.settings.recordings, 'gps.ndjson'), rows.join('\n'));
    writeFileSync(join(world.settings.recordings, 'more.ndjson'), rows.join('\n'));
    roles = [await serve('backend/analysis', world.settings), await serve('replayer', world.settings)];
    const put = async (path: string, body: object) => {
      const answer = await world.call('PUT', `/api/v1/${path}`, { body });
      assert.ok([200, 201].includes(answer.status), answer.text);
    };
    await put('services/yard', {
      use: 'fences',
      input: 'gps',
      output: 'gps.yard',
      params: { fences: square },
    });
    await put('services/movement', { use: 'movement', input: 'gps', state: 'stopped' });
    await put('analytics/pace', {
      from: 'gps.movement',
      window: { kind: 'tumbling', size: '1m' },
      select: { n: 'count()' },
    });
    await put('pipelines/echo', { steps: [{ service: 'copy' }] });
    for (const [id, recording] of [
      ['still', 'gps.ndjson'],
      ['moving', 'more.ndjson'],
    ]) {
      const recordings = [{ id: recording, channel: id === 'still' ? 'gps' : 'more' }];
      const made = await world.post('/replays', { id, recordings, rate: 2, paused: true });
      assert.equal(made.status, 201, made.text);
    }
    await world.call('PATCH', '/api/v1/replays/still', { body: { position: '300s' } });
    await world.call('PATCH', '/api/v1/replays/moving', { body: { position: '60s', state: 'playing' } });
  });
  after(async () => {
    for (const role of roles) await role.close();
    await world.stop();
  });

  const saved = async () => (await world.get('/system')).body as Required<System>;
  const put = (body: object, query = '') => world.call('PUT', `/api/v1/system${query}`, { body });
  const at = ({ replays }: System, id: string) => Date.parse(replays![id]!.position) - STARTED_MS;
  /** The document without the members that change with time alone. */
  const still = ({ replays, ...rest }: Required<System>) => ({
    ...rest,
    replays: { ...replays, moving: { ...replays['moving'], position: '' } },
  });

  it('contains the whole set-up', async () => {
    const document = await saved();
    assert.deepEqual(Object.keys(document.services), ['movement', 'yard']);
    assert.equal(document.services['movement']!.state, 'stopped');
    assert.deepEqual(document.services['yard']!.params, { fences: square });
    assert.deepEqual(Object.keys({ ...document.analytics, ...document.pipelines }), ['pace', 'echo']);
    assert.deepEqual(document.channels, { gps: { log: 5_000 } });
    assert.deepEqual(document.endpoints, [{ method: 'GET', path: '/fixed', action: 'respond', answer: 1 }]);
    assert.deepEqual(document.replays['still'], {
      request: { recordings: [{ id: 'gps.ndjson', channel: 'gps' }], rate: 2 },
      state: 'paused',
      position: '2026-05-04T07:05:00.000Z',
    });
    assert.equal(document.replays['moving']!.state, 'playing');
    assert.deepEqual(document.problems, []);
  });

  it('shows with dry-run what another document would change', async () => {
    const document = await saved();
    const wanted = {
      channels: {},
      services: {
        ...document.services,
        yard: { ...document.services['yard'], output: 'yard' },
        second: { use: 'stops' },
      },
      endpoints: [{ method: 'GET', path: '/fixed', action: 'respond', answer: 2 }],
      replays: { still: { ...document.replays['still'], state: 'playing' } },
    };
    const { status, body } = await put(wanted, '?dry-run=true');
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(body.changes, [
      { section: 'channels', name: 'gps', change: 'removed' },
      { section: 'endpoints', name: 'GET /fixed', change: 'changed', at: ['/answer'] },
      { section: 'services', name: 'second', change: 'added' },
      { section: 'services', name: 'yard', change: 'changed', at: ['/output'] },
      { section: 'replays', name: 'moving', change: 'removed' },
      { section: 'replays', name: 'still', change: 'changed', at: ['/state'] },
    ]);
    assert.deepEqual(still(await saved()), still(document));
  });

  it('is refused if it cannot run', async () => {
    const refused = async (body: object, words: RegExp, status = 422) => {
      const answer = await put(body);
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.text, words);
    };
    const before = await saved();
    await refused({ services: { x: { use: 'nothing' } } }, /"nothing.*The kinds are/);
    await refused({ endpoints: [{ method: 'GET', path: '/x', action: 'state' }] }, /lacks \\"channel\\"/);
    await refused({ endpoint: [] }, /endpoint is not known/);
    await refused({ channels: { 'a b': {} } }, /channels/);
    await refused({ services: { pace: { use: 'copy', output: 'b' } } }, /pace/, 409);
    assert.deepEqual(still(await saved()), still(before));
  });

  it('restores a flushed Redis: the same document, and replays at their positions', async () => {
    const document = await saved();
    await world.redis.flushall();
    const answer = await put(document);
    assert.deepEqual([answer.status, answer.body.failed], [200, []], answer.text);
    const restored = await saved();
    assert.deepEqual(still(restored), still(document));
    assert.ok(at(restored, 'moving') >= at(document, 'moving'));
    await eventually('it to play on', async () => at(await saved(), 'moving') > at(restored, 'moving'));
    assert.equal((await world.call('GET', '/fixed')).body, 1);
    await eventually('the pipeline to run', async () => {
      const { status, body } = await world.post('/pipelines/echo/events?wait=1', { text: 'here' });
      return status === 200 && body.results[0].data.text === 'here';
    });
  });

  it('restores another Redis whose processes started with another configuration', async () => {
    const document = await saved();
    for (const role of roles) await role.close();
    await world.stopApi();
    await world.redis.flushall();
    Object.assign(world.settings, { services: { odd: { use: 'stops' } }, endpoints: [], channels: {} });
    await world.startApi();
    roles = [await serve('backend/analysis', world.settings), await serve('replayer', world.settings)];
    assert.deepEqual(Object.keys((await saved()).services), ['odd']);
    const answer = await put(document);
    assert.deepEqual([answer.status, answer.body.failed], [200, []], answer.text);
    const restored = await saved();
    assert.deepEqual(still(restored), still(document));
    assert.ok(Math.abs(at(restored, 'moving') - at(document, 'moving')) < 20_000);
    await eventually('its endpoint to answer', async () => (await world.call('GET', '/fixed')).body === 1);
    await eventually('its channel to be declared', () => world.settings.channels['gps']?.log === 5_000);
  });

  it('names replays that cannot be resumed, and restores everything else', async () => {
    const document = await saved();
    const gone = { request: { recordings: ['gone.csv'] }, state: 'paused', position: '2026-05-04T07:00:00Z' };
    const answer = await put({ ...document, replays: { ...document.replays, gone } });
    assert.equal(answer.status, 200);
    assert.equal(answer.body.failed.length, 1);
    assert.match(answer.body.failed[0].reason, /gone\.csv/);
    assert.deepEqual(Object.keys((await saved()).replays), ['moving', 'still']);
  });
});
