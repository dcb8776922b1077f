import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { channelMatcher } from '../../../core/wire/channels.ts';
import { addDeadLetters } from '../../../core/redis/dead-letters.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { Key } from '../../../schemas/types.ts';
import { ApiWorld } from '../../helpers/api-world.ts';
import { eventually } from '../../helpers/wait.ts';

const { findResources } = (await import(
  new URL('../../../backend/api/app.ts', import.meta.url).href
)) as typeof import('../../../backend/api/app.ts');

const secret = (name: string) => `${name}-key-of-many-characters`;
const bearer = (name: string) => ({ authorization: `Bearer ${secret(name)}` });
const fix = { latitude: 1, longitude: 2 };

/** What a key that is limited to `open` and `open.*` gets from each route that may name channels of its own. */
const OWN = [
  'GET /asyncapi.json',
  'GET /clients',
  'POST /deadletters/redrive',
  'POST /deadletters/{id}/redrive',
  'POST /pipelines/{name}/events',
  'POST /replays',
  'PATCH /replays/{id}',
  'DELETE /replays/{id}',
  'POST /tasks',
  'GET /tasks/{id}/result',
  'GET /tasks/{id}/events',
  'POST /tasks/{id}/cancel',
];
/** Routes that name no channel. */
const NONE = [
  'GET /openapi.json',
  'GET /page',
  'GET /redis',
  'GET /schemas',
  'GET /schemas/{path*}',
  'GET /service-kinds',
  'GET /tasks/kinds',
];

describe('keys that are limited to channels', function () {
  this.timeout(60_000);
  let world: ApiWorld;
  let folder: string;
  let file: string;
  const write = (...more: Partial<Key>[]) =>
    writeFileSync(
      file,
      JSON.stringify({
        keys: [
          { name: 'admin', scope: 'admin' },
          { name: 'limited', scope: 'admin', channels: ['open', 'open.*'] },
          { name: 'writer', scope: 'admin', writes: ['open.in'] },
          ...more,
        ].map((each) => ({ ...each, key: secret(each.name!) })),
      }),
    );

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-rights-'));
    file = join(folder, 'keys.json');
    write({ name: 'mover', scope: 'control' });
    world = await ApiWorld.start({
      keys: file,
      rateLimit: { requests: 1e6 },
      endpoints: [
        { method: 'GET', path: '/open_state', action: 'state', channel: 'open' },
        { method: 'GET', path: '/shut_state', action: 'state', channel: 'shut' },
        { method: 'POST', path: '/open_in', action: 'publish', channel: 'open.in' },
        { method: 'POST', path: '/shut_in', action: 'publish', channel: 'shut' },
        {
          method: 'POST',
          path: '/shut_task',
          action: 'task',
          kind: 'course',
          params: { channel: 'shut', field: 'n' },
        },
        {
          method: 'POST',
          path: '/open_task',
          action: 'task',
          kind: 'course',
          params: { channel: 'open', field: 'n' },
        },
      ],
      pipelines: { open: { steps: [{ service: 'copy' }] }, shut: { steps: [{ service: 'copy' }] } },
    });
    for (const channel of ['open', 'open.in', 'openly', 'shut'])
      await world.writer(channel).emit([{ timeMs: 1, subject: 'a', data: JSON.stringify(fix) }]);
    const letter = { source: '/ingest', reason: 'x', content: '{}' };
    await addDeadLetters(world.redis, [
      { channel: 'open', ...letter },
      { channel: 'shut', ...letter },
    ]);
    const replay = { recordings: [], state: 'playing', instance: 'gone' };
    for (const [id, channels] of Object.entries({ mine: ['open'], theirs: ['open', 'shut'] }))
      await world.redis.hset(keys.replays, id, JSON.stringify({ id, channels, ...replay }));
  });
  after(async () => {
    await world.stop();
    rmSync(folder, { recursive: true });
  });

  it('match names by patterns in which * stands for any characters', () => {
    const matches = channelMatcher(['gps', 'gps.*', '*:x']);
    for (const name of ['gps', 'gps.', 'gps.movement', 'gps.a.b', 'a:x', ':x'])
      assert.ok(matches(name), name);
    for (const name of ['gpsx', 'xgps', 'gps-movement', 'GPS', '', 'a:xy']) assert.ok(!matches(name), name);
    assert.equal(channelMatcher([])('gps'), false);
  });

  it('get no further than that on any route', async () => {
    const routes = (await findResources()).flatMap((resource) => resource.routes);
    const asked = async (method: string, path: string, channel: string, name: string) => {
      const abort = new AbortController();
      const address = path.replace('{channel}', channel).replace(/\{\w+\*?\}/g, '1-1');
      const response = await fetch(`${world.url}/api/v1${address}`, {
        method: method.toUpperCase(),
        headers: { ...bearer(name), 'content-type': 'application/json' },
        ...(method !== 'get' && { body: '"nothing that is taken"' }),
        signal: abort.signal,
      });
      if (response.headers.get('content-type')?.startsWith('text/event-stream')) abort.abort();
      const text = await response.text().catch(() => '');
      return response.status === 403 ? (JSON.parse(text) as { code: string }).code : 'let in';
    };
    for (const { method, path, channels } of routes) {
      const place = `${method.toUpperCase()} ${path}`;
      if (channels === 'all') {
        assert.equal(await asked(method, path, '', 'limited'), 'channel_refused', place);
        if (method !== 'get') continue;
        assert.notEqual(await asked(method, path, '', 'writer'), 'channel_refused', `${place} reads`);
      } else if (typeof channels === 'object' && !('shows' in channels)) {
        assert.equal(await asked(method, path, 'shut', 'limited'), 'channel_refused', place);
        assert.equal(await asked(method, path, 'openly', 'limited'), 'channel_refused', place);
        const own = method === 'delete' ? 'open.none' : 'open';
        assert.equal(await asked(method, path, own, 'limited'), 'let in', place);
        const read = 'read' in channels;
        assert.equal(await asked(method, path, 'shut', 'writer'), read ? 'let in' : 'channel_refused', place);
      } else if (typeof channels === 'string') {
        assert.ok(
          (channels === 'own' ? OWN : NONE).includes(place),
          `${place}: a test must say what it shows`,
        );
      }
    }
    const { body } = await world.get('/openapi.json', bearer('limited'));
    assert.ok(Object.keys(body.paths as object).length > 30);
  });

  it('are shown only items that name no other channel', async () => {
    const items = async (path: string, name = 'limited') =>
      (await world.get(path, bearer(name))).body.items as { [member: string]: string }[];
    const names = async (path: string, member: string, name?: string) =>
      (await items(path, name)).map((each) => each[member]);
    assert.deepEqual(await names('/channels', 'name'), ['open', 'open.in']);
    assert.ok((await names('/channels', 'name', 'writer')).includes('shut'));
    assert.deepEqual(await names('/deadletters', 'channel'), ['open']);
    assert.deepEqual((await names('/deadletters', 'channel', 'admin')).sort(), ['open', 'shut']);
    assert.deepEqual(await names('/replays', 'id'), ['mine']);
    assert.deepEqual(await names('/pipelines', 'name'), ['open']);
    for (const path of ['/replays/theirs', '/pipelines/shut'])
      assert.equal((await world.get(path, bearer('limited'))).body.code, 'channel_refused', path);
    for (const path of ['/replays/mine', '/pipelines/open'])
      assert.equal((await world.get(path, bearer('limited'))).status, 200, path);
    const asyncapi = (await world.get('/asyncapi.json', bearer('limited'))).text;
    assert.ok(!asyncapi.includes('"shut"') && asyncapi.includes('"open"'));
    const watcher = await world.client({ token: secret('admin') });
    for (const channel of ['open', 'shut']) await watcher.subscribe({ channel });
    const followed = async (name: string) =>
      (await items('/clients', name)).flatMap(({ subscriptions }) =>
        (subscriptions as unknown as { channel: string }[]).map(({ channel }) => channel),
      );
    assert.deepEqual(await followed('limited'), ['open']);
    assert.deepEqual((await followed('admin')).sort(), ['open', 'shut']);
    watcher.socket.disconnect();
  });

  it('change nothing on other channels, by a route in an event, a dead letter, a task, a replay or an endpoint either', async () => {
    const code = async (method: string, path: string, body?: unknown, name = 'limited') => {
      const answer = await world.call(method, path, { body, headers: bearer(name) });
      return answer.status < 300 ? 'done' : (answer.body.code as string);
    };
    const event = { specversion: '1.0', id: 'x', source: '/x', type: 'x', data: fix };
    const api = '/api/v1';
    const events = `${api}/channels/open/events`;
    assert.equal(await code('POST', events, { ...event, route: ['open.in'] }), 'done');
    for (const route of [['shut'], ['open', [['open.in'], ['shut']]]])
      assert.equal(
        await code('POST', events, [event, { ...event, route }]),
        'channel_refused',
        JSON.stringify(route),
      );
    assert.equal(await code('POST', events, fix, 'writer'), 'channel_refused');
    assert.equal(await code('POST', `${api}/channels/open.in/events`, fix, 'writer'), 'done');
    assert.equal(await code('POST', `${api}/pipelines/shut/events`, fix), 'channel_refused');
    assert.equal(await code('POST', `${api}/pipelines/open/events`, fix), 'done');
    assert.equal(await code('POST', `${api}/pipelines/open/events`, fix, 'writer'), 'channel_refused');
    const course = (channel: string) => ({ kind: 'course', params: { channel, field: 'n' } });
    assert.equal(await code('POST', `${api}/tasks`, course('shut')), 'channel_refused');
    assert.equal(await code('POST', `${api}/tasks`, course('open')), 'done');
    assert.equal(await code('POST', `${api}/tasks`, { kind: 'convert', params: {} }), 'channel_refused');
    const other = (await world.post('/tasks', course('shut'), bearer('admin'))).body.id as string;
    for (const [method, rest] of [
      ['GET', ''],
      ['GET', '/result'],
      ['GET', '/events'],
      ['POST', '/cancel'],
    ] as const)
      assert.equal(await code(method, `${api}/tasks/${other}${rest}`), 'channel_refused', rest);
    assert.ok(!(await world.get('/tasks', bearer('limited'))).text.includes(other));
    assert.equal(await code('PATCH', `${api}/replays/theirs`, { state: 'paused' }), 'channel_refused');
    assert.equal(await code('DELETE', `${api}/replays/theirs`), 'channel_refused');
    assert.equal(await code('POST', `${api}/deadletters/redrive`, { channel: 'shut' }), 'channel_refused');
    const routed = JSON.stringify({ ...event, subject: 'a', route: ['shut'] });
    await addDeadLetters(world.redis, [{ channel: 'open', source: '/y', reason: 'x', content: routed }]);
    const letters = (await world.get('/deadletters', bearer('limited'))).body.items as {
      id: string;
      source: string;
    }[];
    const { id } = letters.find(({ source }) => source === '/y')!;
    assert.equal(await code('POST', `${api}/deadletters/${id}/redrive`), 'channel_refused');
    const redriven = await world.post('/deadletters/redrive', { source: '/y' }, bearer('limited'));
    assert.deepEqual(redriven.body, { redriven: 0, left: 1 });
    assert.equal(await code('GET', '/open_state'), 'done');
    assert.equal(await code('GET', '/shut_state'), 'channel_refused');
    assert.equal(await code('POST', '/open_in', fix), 'done');
    assert.equal(await code('POST', '/shut_in', fix), 'channel_refused');
    assert.equal(await code('POST', '/shut_in', fix, 'writer'), 'channel_refused');
    assert.equal(await code('POST', '/shut_task'), 'channel_refused');
    assert.equal(await code('POST', '/open_task'), 'done');
    assert.equal(await code('GET', '/metrics'), 'channel_refused');
    const { offset } = (await world.get('/channels/shut', bearer('admin'))).body as { offset: number };
    assert.equal(offset, 1, 'nothing was written there');
  });

  it('are sent by sockets only what they may see, and subscribe to nothing else', async () => {
    const limited = await world.client({ token: secret('limited') });
    await assert.rejects(limited.subscribe({ channel: 'shut' }), /channel_refused/);
    assert.equal((await limited.subscribe({ channel: 'open' })).epoch, 1);
    const refused = (await limited.ask('replay', { id: 'theirs', state: 'paused' })) as {
      error: { code: string };
    };
    assert.equal(refused.error.code, 'channel_refused');
    const listed = () => ((limited.latest['replays'] ?? []) as { id: string }[]).map(({ id }) => id).join();
    await eventually('the list of replays', () => listed() === 'mine');
    const tick = (replay: string) =>
      world.redis.publish(
        keys.clock,
        JSON.stringify({ replay, epoch: 1, time: 'x', rate: 1, state: 'playing' }),
      );
    const ticks: string[] = [];
    limited.socket.on('clock', ({ replay }: { replay: string }) => ticks.push(replay));
    for (const replay of ['theirs', 'unknown', 'mine']) await tick(replay);
    await eventually('the clock', () => ticks.length > 0);
    assert.deepEqual(ticks, ['mine']);
  });

  it('gain and lose rights at once, on open sockets and streams', async () => {
    const socket = await world.client({ token: secret('mover') });
    await socket.subscribe({ channel: 'shut' });
    const patch = async () =>
      ((await socket.ask('replay', { id: 'nobody', state: 'paused' })) as { error: { code: string } }).error
        .code;
    assert.equal(await patch(), 'replay_unknown');
    const stream = (channel: string) =>
      fetch(`${world.url}/api/v1/channels/${channel}/events`, { headers: bearer('mover') });
    const streams = { shut: await stream('shut'), open: await stream('open') };
    const ended: string[] = [];
    for (const [name, response] of Object.entries(streams))
      void response.text().then(
        () => ended.push(name),
        () => ended.push(name),
      );
    write({ name: 'mover', scope: 'read' });
    await eventually('it may only read', async () => (await patch()) === 'scope_missing');
    assert.ok(socket.socket.connected, 'it goes on reading');
    write({ name: 'mover', scope: 'control' });
    await eventually('it may steer again', async () => (await patch()) === 'replay_unknown');
    assert.equal(ended.length, 0);
    const expires = new Date(Date.now() + 2_500).toISOString();
    let wasClosed = false;
    socket.socket.on('disconnect', () => (wasClosed = true));
    write({ name: 'mover', scope: 'control', channels: ['open'], expires });
    await eventually('the socket that read another channel is closed', () => wasClosed);
    await eventually('so is the stream', () => ended.includes('shut'));
    await eventually('it comes back', () => socket.socket.connected);
    await eventually('the key expires, which ends the other stream', () => ended.includes('open'));
    assert.ok(Date.now() >= Date.parse(expires));
    await eventually('and the socket', () => !socket.socket.connected);
    assert.equal((await world.get('/channels', bearer('mover'))).status, 401);
  });
});
