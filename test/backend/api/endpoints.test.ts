import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EndpointConfig } from '../../../schemas/types.ts';
import { loadSettings, type Settings } from '../../../core/settings/settings.ts';
import { eventually } from '../../helpers/wait.ts';
import { records, ApiWorld } from '../../helpers/api-world.ts';

const api = (await import(
  new URL('../../../backend/api/main.ts', import.meta.url).href
)) as typeof import('../../../backend/api/main.ts');
const analysis = (await import(
  new URL('../../../backend/analysis/main.ts', import.meta.url).href
)) as typeof import('../../../backend/analysis/main.ts');

const endpoints: EndpointConfig[] = [
  { method: 'GET', path: '/cars', action: 'state', channel: 'gps', each: true },
  {
    method: 'GET',
    path: '/cars/{car}',
    action: 'state',
    channel: 'gps',
    subject: '{car}',
    response: { value: '{"lat": latitude, "where": "here"}', headers: { 'X-Unit': 'degrees' } },
  },
  { method: 'GET', path: '/cars/best', action: 'respond', answer: { car: 'a' } },
  {
    method: 'GET',
    path: '/cars/{car}/way',
    action: 'history',
    channel: 'gps',
    subject: '{car}',
    limit: 2,
    envelope: 'none',
    pathParams: { car: { type: 'string', pattern: '^[a-z]+$' } },
  },
  {
    method: 'PUT',
    path: '/cars/{car}/seen',
    action: 'publish',
    channel: 'seen',
    subject: '{car}',
    body: { type: 'object', required: ['by'], properties: { by: { type: 'string' } } },
    response: { status: 201 },
  },
  {
    method: 'POST',
    path: '/shout',
    action: 'pipeline',
    pipeline: 'shout',
    wait: 10,
    response: { value: 'results' },
  },
  { method: 'GET', path: '/none', action: 'respond', answer: null, response: { status: 202 } },
];

const base = {
  channels: { gps: {}, seen: {} },
  pipelines: { shout: { steps: [{ service: 'copy' }] } },
  endpoints,
};

describe('endpoints of the configuration', function () {
  this.timeout(30_000);
  const folder = mkdtempSync(join(tmpdir(), 'reprise-endpoints-'));
  const path = join(folder, 'reprise.json');
  const write = (config: object) => writeFileSync(path, JSON.stringify(config, null, 2));
  const settingsOf = (): Settings => loadSettings({ config: path }, {});
  let world: ApiWorld;
  let running: { close(): Promise<void> };

  before(async () => {
    write(base);
    const { channels, pipelines, file, endpoints: configured } = settingsOf();
    world = await ApiWorld.start({
      channels,
      pipelines,
      file,
      endpoints: configured,
      services: {},
      analytics: {},
    });
    running = await analysis.serve(world.settings);
    await world.writer('gps').emit(records(6, ['a', 'b'], (n) => ({ latitude: n, longitude: 0 })));
  });
  after(async () => {
    await running.close();
    await world.stop();
    rmSync(folder, { recursive: true });
  });

  const get = async (place: string) => {
    const { status, body } = await world.call('GET', place);
    return [status, body] as const;
  };

  it('return the data of channels in the declared shape', async () => {
    assert.deepEqual(await get('/cars'), [
      200,
      {
        items: [
          { latitude: 4, longitude: 0 },
          { latitude: 5, longitude: 0 },
        ],
      },
    ]);
    const one = await world.call('GET', '/cars/b');
    assert.deepEqual([one.body, one.headers.get('x-unit')], [{ lat: 5, where: 'here' }, 'degrees']);
    assert.deepEqual((await get('/cars/nobody'))[0], 404);
    assert.deepEqual(await get('/cars/best'), [200, { car: 'a' }], 'a name goes before a parameter');
    assert.deepEqual(await get('/none'), [202, null]);
    const [, way] = await get('/cars/a/way');
    assert.deepEqual(way.items, [
      { latitude: 4, longitude: 0 },
      { latitude: 2, longitude: 0 },
    ]);
    const [, more] = await get(`/cars/a/way?cursor=${way.cursor}&limit=9`);
    assert.deepEqual(more.items, [{ latitude: 0, longitude: 0 }]);
    assert.equal((await get('/cars/A1/way'))[0], 422);
    assert.equal((await get('/cars/a/way?limit=0'))[0], 422);
  });

  it('write to channels and into pipelines', async () => {
    const put = await world.call('PUT', '/cars/a/seen', { body: { by: 'me' } });
    assert.deepEqual([put.status, put.body.accepted], [201, 1]);
    assert.deepEqual((await world.get('/channels/seen/state/a')).body.data, { by: 'me' });
    const bad = await world.call('PUT', '/cars/a/seen', { body: {} });
    assert.deepEqual([bad.status, bad.body.code], [422, 'request_invalid']);
    const shouted = await world.call('POST', '/shout', { body: [{ text: 'one' }, { text: 'two' }] });
    assert.deepEqual(
      shouted.body.map(({ data }: { data: object }) => data),
      [{ text: 'one' }, { text: 'two' }],
      shouted.text,
    );
  });

  it('appear in OpenAPI with their parameters and responses', async () => {
    const { paths } = (await world.get('/openapi.json')).body;
    assert.deepEqual(Object.keys(paths['/cars/{car}/seen']), ['put']);
    const { parameters, requestBody, responses } = paths['/cars/{car}/seen'].put;
    assert.equal(parameters[0].name, 'car');
    assert.deepEqual(requestBody.content['application/json'].schema.required, ['by']);
    assert.ok(responses['201']);
    const names = paths['/cars/{car}/way'].get.parameters.map(({ name }: { name: string }) => name);
    assert.deepEqual(names, ['car', 'since', 'until', 'limit', 'cursor']);
  });

  /** `<line>:<column>` of a piece of text in the file. */
  const placeOf = (config: object, piece: string): string => {
    const lines = JSON.stringify(config, null, 2).split('\n');
    const line = lines.findIndex((each) => each.includes(piece));
    return `${line + 1}:${lines[line]!.indexOf(piece) + 1}`;
  };

  describe('with flaws', () => {
    const refused: [what: string, broken: object, at: string, words: RegExp][] = [
      ['a method', { method: 'GRT' }, '"method"', /method must be one of GET, POST/],
      ['a path', { path: 'x' }, '"path"', /path must match/],
      ['a path of the API', { path: '/api/v1/x' }, '"path"', /reserved for the API/],
      ['an action', { action: 'stat' }, '"action"', /"stat" is not a known action; known are: .*\bstate\b/],
      ['a member', { chanel: 'gps' }, '"chanel"', /chanel is not known; known are: channel, subject/],
      ['a member of another type', { each: 'yes' }, '"each"', /each must be boolean, is "yes"/],
      ['a subject', { subject: '{car}' }, '"subject"', /\{car\}, which is not a parameter/],
      ['a parameter', { query: { n: { type: 'nmber' } } }, '"type": "nmber"', /not a valid JSON Schema/],
      ['a requirement', { required: ['n'] }, '"required"', /"n", which query does not describe/],
      ['a body', { body: { type: 'object' } }, '"body"', /state takes no body/],
      ['an expression', { response: { value: '1 +' } }, '"value"', /not a valid expression/],
      [
        'a task',
        { action: 'task', channel: undefined, kind: 'nap' },
        '"kind"',
        /known are: .*\baverage-speed\b/,
      ],
      ['a task without an id', { action: 'task-status', channel: undefined }, '{', /the task's id/],
    ];
    for (const [what, broken, piece, words] of refused)
      it(`${what}: the start fails with line and column`, async () => {
        const endpoint = { method: 'GET', path: '/x', action: 'state', channel: 'gps', ...broken };
        const config = { endpoints: [endpoint] };
        write(config);
        const at = piece === '{' ? '3:5' : placeOf(config, piece);
        const start = async () =>
          (
            await api.serve({ ...world.settings, ...settingsOf(), redisUrl: world.server.url, port: 0 })
          ).close();
        await assert.rejects(start, (error: Error) => {
          assert.ok(error.message.includes(`reprise.json:${at}: endpoints[0]`), `${at} in ${error.message}`);
          assert.match(error.message, words);
          return true;
        });
      });

    it('in several places: all flaws are named, in the order of the file', () => {
      write({ port: 'x', channels: { a: { log: -1 } }, endpoints: [{ path: '/' }], portt: 1 });
      assert.throws(settingsOf, ({ message }: Error) => {
        const found = Array.from(message.matchAll(/json:(\d+):\d+: (\S+)/g), ([, line, place]) => [
          line,
          place,
        ]);
        assert.deepEqual(found, [
          ['2', 'port'],
          ['5', 'channels.a.log'],
          ['9', 'endpoints[0]'],
          ['9', 'endpoints[0]'],
          ['13', 'portt'],
        ]);
        return true;
      });
      writeFileSync(path, '{\n  "port": 3000\n  "host": "x"\n}');
      assert.throws(settingsOf, /reprise\.json:3:3: a comma is expected/);
    });
  });

  describe('when the file changes', () => {
    before(() => write(base));
    const added = { method: 'GET', path: '/new', action: 'respond', answer: 'new' };
    const status = async (place: string, wanted: number) =>
      eventually(`${place} to answer ${wanted}`, async () => (await get(place))[0] === wanted);

    it('endpoints and channels are replaced, and no connection is dropped', async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const ports = new Set<number>();
      const ask = () =>
        new Promise<number>((resolve, reject) => {
          const call = request(`${world.url}/cars/best`, { agent }, (response) => {
            ports.add(response.socket.localPort!);
            response.resume().on('end', () => resolve(response.statusCode!));
          });
          call.on('error', reject).end();
        });
      assert.equal(await ask(), 200);
      write({
        ...base,
        channels: { gps: {}, seen: {}, fresh: { envelope: 'none' } },
        endpoints: [...endpoints.filter((each) => each.path !== '/cars/best'), added],
      });
      await status('/new', 200);
      assert.equal(await ask(), 404, 'what is gone is gone; /cars/{car} knows no best');
      assert.equal(ports.size, 1);
      agent.destroy();
      const { paths } = (await world.get('/openapi.json')).body;
      assert.ok(paths['/new'] && !paths['/cars/best']);
      assert.equal((await world.get('/channels/fresh')).body.envelope, 'none');
    });

    it('a call under way finishes with the endpoint it began with', async () => {
      const slow = { method: 'POST', path: '/slow', action: 'pipeline', pipeline: 'held', wait: 60 };
      write({ ...base, endpoints: [slow] });
      await status('/cars', 404);
      const held = { steps: [{ outside: 'nobody' }] };
      assert.equal((await world.call('PUT', '/api/v1/pipelines/held', { body: held })).status, 201);
      const gone = new AbortController();
      let isOver = false;
      const call = fetch(`${world.url}/slow`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"a":1}',
        signal: gone.signal,
      }).finally(() => (isOver = true));
      call.catch(() => {});
      await eventually(
        'it to be under way',
        async () => (await world.redis.exists('reprise:log:nobody.in')) === 1,
      );
      write(base);
      await status('/cars', 200);
      assert.equal(isOver, false);
      gone.abort();
    });

    it('an invalid file changes nothing until it is repaired', async () => {
      const problem = (words: RegExp) =>
        eventually(`${words} to be told`, async () =>
          words.test((await world.get('/system')).body.problems[0]),
        );
      writeFileSync(path, '{"endpoints": [');
      await problem(/reprise\.json:1:16: .* is expected/);
      assert.equal((await get('/cars/best'))[0], 200);
      write({ ...base, endpoints: [{ ...added, action: 'stat' }] });
      await problem(/reprise\.json:\d+:7: endpoints\[0\]\.action "stat" is not a known action/);
      assert.equal((await get('/cars/best'))[0], 200);
      write({ ...base, endpoints: [added] });
      await status('/new', 200);
      await status('/cars/best', 404);
      assert.deepEqual((await world.get('/system')).body.problems, []);
    });
  });
});
