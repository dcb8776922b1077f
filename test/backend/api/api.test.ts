import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { keys } from '../../../core/wire/keys.ts';
import { openEpoch } from '../../helpers/redis.ts';
import { records, ApiWorld } from '../../helpers/api-world.ts';

describe('API: channels, state, history, ingest', function () {
  this.timeout(30_000);
  let world: ApiWorld;
  before(async () => {
    world = await ApiWorld.start();
    await openEpoch(world.redis, 'gps');
  });
  after(() => world.stop());

  const rows = [{ latitude: 1, longitude: 2, speed_meters_per_second: 3 }];

  it('lists the declared channels and those that have been written to', async () => {
    await world.writer('found').emit(records(2));
    const { status, body } = await world.get('/channels');
    assert.equal(status, 200);
    const names = body.items.map(({ name }: { name: string }) => name);
    assert.ok(names.includes('gps') && names.includes('found'));
    const { body: one } = await world.get('/channels/found');
    assert.deepEqual([one.epoch, one.offset, one.subjects, one.lastEvent.offset], [1, 2, 2, 2]);
  });

  it('returns the state with its position, and 304 while the position is unchanged', async () => {
    const first = await world.get('/channels/found/state');
    assert.deepEqual([first.body.epoch, first.body.offset, first.body.items.length], [1, 2, 2]);
    const etag = first.headers.get('etag')!;
    assert.match(etag, /^"1-2-\w+"$/);
    const again = await world.get('/channels/found/state', { 'if-none-match': etag });
    assert.deepEqual([again.status, again.text], [304, '']);
    await world.writer('found').emit(records(1));
    const changed = await world.get('/channels/found/state', { 'if-none-match': etag });
    assert.equal(changed.status, 200);
    assert.match(changed.headers.get('etag')!, /^"1-3-\w+"$/);
  });

  it('selects members and a bounding box, also across the antimeridian', async () => {
    const place = (n: number) => ({ latitude: 0, longitude: [179, -179, 0][n]!, extra: n });
    await world.writer('isles').emit(records(3, ['east', 'west', 'zero'], place));
    const { body } = await world.get('/channels/isles/state?bbox=170,-10,-170,10&fields=longitude,none');
    const found = body.items.map((event: { subject: string; data: object }) => [event.subject, event.data]);
    assert.deepEqual(found.sort(), [
      ['east', { longitude: 179 }],
      ['west', { longitude: -179 }],
    ]);
    const { body: one } = await world.get('/channels/isles/state/zero?fields=extra');
    assert.deepEqual(one.data, { extra: 2 });
    for (const bbox of ['1,2,3', '1,2,3,x', '0,50,10,40', '200,0,210,1', '']) {
      assert.equal((await world.get(`/channels/isles/state?bbox=${bbox}`)).status, 422, bbox);
    }
    assert.equal((await world.get('/channels/isles/state/nobody')).body.code, 'subject_unknown');
  });

  it('returns the history page by page, newest first, and filters it', async () => {
    await world.writer('past').emit(records(25, ['x', 'y']));
    const first = (await world.get('/channels/past/history?limit=10')).body;
    const second = (await world.get(`/channels/past/history?limit=20&cursor=${first.cursor}`)).body;
    const offsets = [...first.items, ...second.items].map(({ offset }: { offset: number }) => offset);
    assert.deepEqual(
      offsets,
      Array.from({ length: 25 }, (_, i) => 25 - i),
    );
    assert.equal(second.cursor, null);
    const since = first.items[5].time;
    const late = (await world.get(`/channels/past/history?since=${since}&subject=x`)).body.items;
    assert.ok(
      late.length === 3 &&
        late.every(
          ({ subject, time }: { subject: string; time: string }) => subject === 'x' && time >= since,
        ),
    );
    for (const query of [
      'limit=0',
      'limit=x',
      'limit=10001',
      'since=yesterday',
      'cursor=abc',
      'limti=5',
      'limit=1&limit=2',
    ]) {
      const { status, body } = await world.get(`/channels/past/history?${query}`);
      assert.deepEqual([status, body.code], [422, 'request_invalid'], query);
      assert.ok(body.errors[0].pointer.startsWith('?'));
    }
  });

  it('accepts plain data and CloudEvents, and returns the new position of the channel', async () => {
    const bare = await world.post('/channels/gps/events?subject=bus', rows[0]);
    assert.deepEqual(
      [bare.status, bare.body],
      [200, { accepted: 1, refused: [], position: { epoch: 1, offset: 1 } }],
    );
    const cloud = {
      specversion: '1.0',
      id: '1',
      source: '/me',
      type: 'x',
      subject: 'tram',
      time: '2020-02-03T04:05:06.789012Z',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00',
      data: rows[0],
    };
    const batch = await world.post('/channels/gps/events', [cloud, ...rows]);
    assert.deepEqual(batch.body.position, { epoch: 1, offset: 3 });
    const { body } = await world.get('/channels/gps/history');
    assert.deepEqual(
      body.items.map(({ subject }: { subject: string }) => subject),
      ['unknown', 'tram', 'bus'],
    );
    assert.deepEqual(
      [body.items[1].time, body.items[1].traceparent, body.items[1].source],
      [cloud.time, cloud.traceparent, '/ingest'],
    );
    const lines = `${JSON.stringify(rows[0])}\n\n{broken\n${JSON.stringify(cloud)}\n`;
    const nd = await world.post('/channels/gps/events', lines, { 'content-type': 'application/x-ndjson' });
    assert.deepEqual([nd.status, nd.body.accepted, nd.body.refused[0].index], [207, 2, 1]);
  });

  it('returns refused rows with reasons, and keeps them as dead letters', async () => {
    const bad = [
      { latitude: 91, longitude: 0 },
      { latitude: 1 },
      5,
      null,
      'text',
      [],
      { specversion: '1.0' },
      { specversion: '2.0', data: rows[0] },
      { specversion: '1.0', time: 'yesterday', data: rows[0] },
      { specversion: '1.0', time: '2020-13-45T00:00:00Z', data: rows[0] },
      { specversion: '1.0', subject: 5, data: rows[0] },
    ];
    const some = await world.post('/channels/gps/events', [...rows, ...bad]);
    assert.deepEqual([some.status, some.body.accepted], [207, 1]);
    assert.deepEqual(
      some.body.refused.map(({ index }: { index: number }) => index),
      bad.map((_, i) => i + 1),
    );
    const none = await world.post('/channels/gps/events', bad);
    assert.deepEqual([none.status, none.body.code, none.body.accepted], [422, 'events_refused', 0]);
    assert.equal(none.headers.get('content-type'), 'application/problem+json; charset=utf-8');
    const { body } = await world.get('/deadletters?limit=5');
    assert.deepEqual([body.items.length, body.items[0].channel, body.items[0].source], [5, 'gps', '/ingest']);
    const next = (await world.get(`/deadletters?limit=1000&cursor=${body.cursor}`)).body;
    assert.equal(next.items.length, 2 * bad.length + 1 - 5);
    assert.deepEqual((await world.post('/channels/gps/events', [])).body.accepted, 0);
  });

  it('shares a channel with another writer without a missing offset', async () => {
    const writer = world.writer('shared');
    await writer.emit(records(1));
    const posts = Promise.all(
      Array.from({ length: 20 }, () => world.post('/channels/shared/events', [{ a: 1 }, { a: 2 }])),
    );
    for (let i = 0; i < 20; i++) await writer.emit(records(3));
    await posts;
    const { body } = await world.get('/channels/shared/history?limit=1000');
    assert.deepEqual(
      body.items.map(({ offset }: { offset: number }) => offset),
      Array.from({ length: 101 }, (_, i) => 101 - i),
    );
  });

  it('removes a replay whose replayer is gone, and reports a replayer that does not respond', async () => {
    const dead = {
      id: 'dead',
      instance: 'replayer-gone-1',
      recordings: ['x.csv'],
      channels: ['gps'],
      state: 'playing',
    };
    await world.redis.hset(keys.replays, 'dead', JSON.stringify(dead));
    assert.deepEqual(
      (await world.get('/replays')).body.items.map(({ id }: { id: string }) => id),
      ['dead'],
    );
    assert.equal((await world.get('/replays/dead')).body.state, 'playing');
    assert.equal((await world.call('DELETE', '/api/v1/replays/dead')).status, 204);
    assert.equal((await world.get('/replays/dead')).body.code, 'replay_unknown');
  });

  it('returns figures of Redis', async () => {
    const { status, body } = await world.get('/redis');
    assert.equal(status, 200, JSON.stringify(body));
    assert.match(body.version, /\d+\.\d+/);
    assert.ok(body.memoryBytes > 0 && body.memoryPeakBytes >= body.memoryBytes, JSON.stringify(body));
    assert.ok(body.clients >= 2 && body.keys > 0, JSON.stringify(body));
    assert.ok(['log', 'snapshots', 'nothing'].includes(body.keeps));
    await world.redis.config('SET', 'maxmemory', '1gb');
    assert.equal((await world.get('/redis')).body.memoryMaxBytes, 2 ** 30);
    await world.redis.config('SET', 'maxmemory', '0');
  });

  it('counts its own requests as metrics', async () => {
    await delay(10);
    const { text } = await world.call('GET', '/metrics');
    assert.match(text, /reprise_channel_offset\{channel="gps"\} \d+/);
    assert.match(
      text,
      /reprise_http_request_seconds_count\{method="GET",route="\/api\/v1\/channels\/:channel\/state",status="200"\}/,
    );
    assert.match(text, /reprise_gateway_clients 0/);
  });
});
