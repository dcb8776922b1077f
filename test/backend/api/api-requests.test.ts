import assert from 'node:assert/strict';
import { ApiWorld } from '../../helpers/api-world.ts';

describe('API: malformed requests, origins, keys', function () {
  this.timeout(30_000);
  let world: ApiWorld;
  before(async () => (world = await ApiWorld.start()));
  after(() => world.stop());

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
        400,
        'body_malformed',
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

  it('allows other origins to read responses only if they are configured', async () => {
    const foreign = { origin: 'https://evil.example' };
    const read = await world.get('/channels', foreign);
    assert.equal(read.headers.get('access-control-allow-origin'), null);
    const write = await world.call('POST', '/api/v1/recordings?name=x.csv', { body: 'a', headers: foreign });
    assert.deepEqual([write.status, write.body.code], [403, 'origin_refused']);
    const own = await world.post('/channels/gps/events', [{ latitude: 1, longitude: 2 }], {
      origin: world.url,
    });
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
});
