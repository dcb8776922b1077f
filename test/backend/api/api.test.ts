import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { keys } from '../../../core/wire/keys.ts';
import { records, ApiWorld } from '../../helpers/api-world.ts';

describe('API: channels, state, history, ingest', function () {
  this.timeout(30_000);
  let world: ApiWorld;
  before(async () => (world = await ApiWorld.start()));
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
    assert.equal(etag, '"1-2"');
    const again = await world.get('/channels/found/state', { 'if-none-match': etag });
    assert.deepEqual([again.status, again.text], [304, '']);
    await world.writer('found').emit(records(1));
    const changed = await world.get('/channels/found/state', { 'if-none-match': etag });
    assert.deepEqual([changed.status, changed.headers.get('etag')], [200, '"1-3"']);
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

  it('reports the errors of the nearest alternative of a schema', async () => {
    for (const [body, detail] of [
      [{ recordings: ['a.csv'], rate: 'fast' }, '#/rate must be number, or must be "max"'],
      [{ recordings: [{ id: 'a.csv', channel: 'a b' }] }, '#/recordings/0/channel must match pattern'],
    ] as const) {
      const { status, body: problem } = await world.post('/replays', body);
      assert.equal(status, 422);
      assert.ok(problem.detail.includes(`: ${detail}`), problem.detail);
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
      traceparent: 'tp',
      data: rows[0],
    };
    const batch = await world.post('/channels/gps/events', [cloud, ...rows], {
      'content-type': 'application/cloudevents-batch+json',
    });
    assert.deepEqual(batch.body.position, { epoch: 1, offset: 3 });
    const { body } = await world.get('/channels/gps/history');
    assert.deepEqual(
      body.items.map(({ subject }: { subject: string }) => subject),
      ['unknown', 'tram', 'bus'],
    );
    assert.deepEqual(
      [body.items[1].time, body.items[1].traceparent, body.items[1].source],
      [cloud.time, 'tp', '/ingest'],
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
      { ...rows[0], deep: JSON.parse('['.repeat(200) + ']'.repeat(200)) as unknown },
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

  it('answers malformed requests with problems, and stays up', async () => {
    const events = '/api/v1/channels/gps/events';
    const json = { 'content-type': 'application/json' };
    const cases: [
      string,
      string,
      { body?: unknown; headers?: { [name: string]: string } },
      number,
      string,
    ][] = [
      ['GET', '/api/v1/nothing', {}, 404, 'route_unknown'],
      ['GET', '/nothing', {}, 404, 'route_unknown'],
      ['GET', '/api/v1/channels/nobody', {}, 404, 'channel_unknown'],
      ['GET', '/api/v1/channels/__proto__', {}, 404, 'channel_unknown'],
      ['GET', '/api/v1/channels/constructor/state', {}, 404, 'channel_unknown'],
      ['GET', `/api/v1/channels/${'x'.repeat(3_000)}/history`, {}, 404, 'channel_unknown'],
      ['GET', '/api/v1/channels/%E0%A4%A/state', {}, 400, 'url_malformed'],
      ['PUT', events, {}, 405, 'method_not_allowed'],
      ['DELETE', '/api/v1/services', {}, 405, 'method_not_allowed'],
      ['POST', '/gps_state', {}, 405, 'method_not_allowed'],
      ['POST', events, { body: '{"latitude":', headers: json }, 400, 'body_malformed'],
      ['POST', events, { body: '', headers: json }, 400, 'body_missing'],
      ['POST', events, {}, 400, 'body_missing'],
      ['POST', events, { body: '5', headers: json }, 422, 'request_invalid'],
      ['POST', events, { body: '"a"', headers: json }, 422, 'request_invalid'],
      ['POST', events, { body: 'a=1', headers: { 'content-type': 'text/plain' } }, 415, 'body_type'],
      ['POST', events, { body: '{}', headers: { ...json, 'content-encoding': 'what' } }, 415, 'body_type'],
      [
        'POST',
        events,
        { body: '{}', headers: { 'content-type': 'application/json; charset=klingon' } },
        415,
        'body_type',
      ],
      ['POST', events, { body: `["${'x'.repeat(5_000_000)}"]`, headers: json }, 413, 'body_too_large'],
      ['POST', events, { body: Array(10_001).fill(0) }, 422, 'request_invalid'],
      ['POST', events, { body: '['.repeat(1_000_000), headers: json }, 400, 'body_malformed'],
      [
        'POST',
        events,
        { body: `[{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}]`, headers: json },
        422,
        'events_refused',
      ],
      ['POST', '/api/v1/channels/nobody/events', { body: {} }, 404, 'channel_unknown'],
      ['POST', '/api/v1/replays', { body: {} }, 422, 'request_invalid'],
      ['POST', '/api/v1/replays', { body: { recordings: [], rate: 'fast' } }, 422, 'request_invalid'],
      ['POST', '/api/v1/replays', { body: { recordings: ['x'] } }, 503, 'no_answer'],
      ['PATCH', '/api/v1/replays/nobody', { body: { rate: 2 } }, 404, 'replay_unknown'],
      ['PATCH', '/api/v1/replays/nobody', { body: { rate: 0 } }, 422, 'request_invalid'],
      ['DELETE', '/api/v1/replays/nobody', {}, 404, 'replay_unknown'],
      ['GET', '/api/v1/tasks/nobody', {}, 404, 'task_unknown'],
      ['GET', '/api/v1/schemas/..%2f..%2fpackage.json', {}, 404, 'schema_unknown'],
    ];
    for (const [method, path, options, status, code] of cases) {
      const answer = await world.call(method, path, options);
      const what = `${method} ${path.slice(0, 60)} ${String(JSON.stringify(options)).slice(0, 80)}`;
      assert.deepEqual(
        [answer.status, answer.body.code],
        [status, code],
        `${what}: ${answer.text.slice(0, 200)}`,
      );
      assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8', what);
      assert.ok(
        answer.body.title && answer.body.detail && answer.body.type === `/docs/problems#${code}`,
        what,
      );
      if (status === 405) assert.ok(answer.headers.get('allow'), what);
    }
    assert.equal((await world.call('GET', '/healthz')).status, 200);
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

  it('allows other origins to read responses only if they are configured', async () => {
    const foreign = { origin: 'https://evil.example' };
    const read = await world.get('/channels', foreign);
    assert.equal(read.headers.get('access-control-allow-origin'), null);
    const write = await world.call('POST', '/api/v1/recordings?name=x.csv', { body: 'a', headers: foreign });
    assert.deepEqual([write.status, write.body.code], [403, 'origin_refused']);
    const own = await world.post('/channels/gps/events', rows, { origin: world.url });
    assert.equal(own.status, 200);
  });

  it('asks for the configured key everywhere but for the page and its health', async () => {
    const other = await ApiWorld.start({ apiKey: 'secret', origins: ['https://friend.example'] });
    try {
      for (const path of ['/api/v1/channels', '/readyz', '/metrics', '/gps_state', '/api/v1/openapi.json']) {
        const refused = await other.call('GET', path);
        assert.deepEqual([refused.status, refused.body.code], [401, 'unauthorized'], path);
        assert.ok(refused.headers.get('www-authenticate'));
        assert.equal(
          (await other.call('GET', path, { headers: { 'x-api-key': 'secreT' } })).status,
          401,
          path,
        );
        const bearer = await other.call('GET', path, { headers: { authorization: 'Bearer secret' } });
        assert.notEqual(bearer.status, 401, path);
        assert.notEqual(
          (await other.call('GET', path, { headers: { 'x-api-key': 'secret' } })).status,
          401,
          path,
        );
      }
      for (const path of ['/healthz', '/', '/docs'])
        assert.notEqual((await other.call('GET', path)).status, 401, path);
      const friend = await other.get('/channels', {
        origin: 'https://friend.example',
        'x-api-key': 'secret',
      });
      assert.equal(friend.headers.get('access-control-allow-origin'), 'https://friend.example');
    } finally {
      await other.stop();
    }
  });

  it('serves the page with security headers that let it work', async () => {
    const { status, headers } = await world.call('GET', '/', { headers: { accept: 'text/html' } });
    assert.ok(status === 200 || status === 503);
    assert.match(headers.get('content-type')!, /text\/html/);
    assert.equal(headers.get('cache-control'), 'no-cache');
    assert.match(headers.get('content-security-policy')!, /worker-src 'self' blob:/);
    assert.match(headers.get('content-security-policy')!, /connect-src 'self' ws:/);
    assert.equal((await world.call('GET', '/../package.json')).status, 404);
    assert.equal((await world.call('GET', '/..%2fpackage.json')).status, 404);
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
    assert.match(text, /reprise_channel_offset\{channel="gps",epoch="1"\} \d+/);
    assert.match(
      text,
      /reprise_http_request_seconds_count\{method="GET",route="\/api\/v1\/channels\/:channel\/state",status="200"\}/,
    );
    assert.match(text, /reprise_gateway_clients 0/);
  });
});
