import assert from 'node:assert/strict';
import { Wiretap } from '../../../core/redis/wiretap.ts';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '../../../core/settings/settings.ts';
import { callProtocol, connect } from '../../../core/redis/connection.ts';
import { eventually } from '../../helpers/wait.ts';
import { openEpoch } from '../../helpers/redis.ts';
import { ApiWorld } from '../../helpers/api-world.ts';

const { serve } = (await import(
  new URL('../../../backend/api/main.ts', import.meta.url).href
)) as typeof import('../../../backend/api/main.ts');

type Scope = 'read' | 'control' | 'admin';
const SCOPES: Scope[] = ['read', 'control', 'admin'];
const key = (name: string) => `${name}-key-of-many-characters`;
/** Scopes that a path needs in addition to those that it declares. */
const PUBLIC = ['/healthz', '/docs', '/'];

describe('keys and scopes', () => {
  let world: ApiWorld;
  let folder: string;
  let file: string;
  const write = (names: string[]) => {
    const keys = names.map((name) => ({ name, scope: name.split('.')[0], key: key(name) }));
    writeFileSync(file, JSON.stringify({ keys }));
  };
  const bearer = (name: string | null): { [name: string]: string } =>
    name === null ? {} : { authorization: `Bearer ${key(name)}` };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-keys-'));
    file = join(folder, 'keys.json');
    write(['read', 'control', 'admin', 'read.leaver', 'control.leaver']);
    world = await ApiWorld.start({ keys: file });
  });
  after(async () => {
    await world.stop();
    rmSync(folder, { recursive: true });
  });

  /** The status of an operation that is called without parameters. Waits only for the head of the response. */
  async function statusOf(method: string, path: string, name: string | null): Promise<number> {
    const abort = new AbortController();
    const response = await fetch(world.url + path.replace(/\{\w+\}/g, 'x'), {
      method: method.toUpperCase(),
      headers: { ...bearer(name), ...(method !== 'get' && { 'content-type': 'application/json' }) },
      ...(method !== 'get' && method !== 'delete' && { body: '"nothing that is taken"' }),
      signal: abort.signal,
    });
    abort.abort();
    return response.status;
  }

  it('every operation requires the scope that OpenAPI documents', async () => {
    const { body } = await world.get('/openapi.json', bearer('read'));
    const operations = Object.entries(
      body.paths as { [path: string]: { [method: string]: { 'x-scope': Scope } } },
    ).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, scope: operation['x-scope'] })),
    );
    assert.ok(operations.length > 40);
    const table = await Promise.all(
      operations.map(async ({ path, method, scope }) => {
        const found = await Promise.all(
          [null, 'nobody', ...SCOPES].map((name) => statusOf(method, path, name)),
        );
        const expected = SCOPES.map((each) => SCOPES.indexOf(each) >= SCOPES.indexOf(scope));
        const isRight =
          found[0] === 401 &&
          found[1] === 401 &&
          found
            .slice(2)
            .every((status, i) => (expected[i] ? status !== 401 && status !== 403 : status === 403));
        return { method, path, scope, found, isRight };
      }),
    );
    assert.deepEqual(
      table.filter(({ isRight }) => !isRight),
      [],
    );
    assert.ok(table.every(({ found }) => found.every((status) => status < 500)));
  });

  it('all other paths require a key, except the page, the docs and the health check', async () => {
    for (const path of ['/readyz', '/metrics']) assert.equal(await statusOf('get', path, null), 401, path);
    for (const path of PUBLIC) assert.notEqual(await statusOf('get', path, null), 401, path);
    assert.equal(await statusOf('get', '/readyz', 'read'), 200);
  });

  it('sockets need a key, and a key with the scope read cannot change replays', async () => {
    await assert.rejects(world.client(), /key/i);
    await assert.rejects(world.client({ token: key('nobody') }), /key/i);
    await world.writer('gps').emit([{ timeMs: 1, subject: 'a', data: '{"latitude":1,"longitude":2}' }]);
    const reader = await world.client({ token: key('read') });
    assert.equal((await reader.subscribe({ channel: 'gps', mode: 'stream' })).offset, 1);
    const refused = (await reader.ask('replay', { id: 'x', state: 'paused' })) as { error: { code: string } };
    assert.equal(refused.error.code, 'scope_missing');
    const controller = await world.client({ token: key('control') });
    const unknown = (await controller.ask('replay', { id: 'x', state: 'paused' })) as {
      error: { code: string };
    };
    assert.equal(unknown.error.code, 'replay_unknown');
  });

  it('a revoked key ends its socket and its stream at once, and others continue', async () => {
    const leaver = await world.client({ token: key('read.leaver') });
    const stayer = await world.client({ token: key('read') });
    const stream = await fetch(`${world.url}/api/v1/channels/gps/events`, {
      headers: bearer('control.leaver'),
    });
    assert.equal(stream.status, 200);
    const ended = stream.text().then(
      () => true,
      () => true,
    );
    write(['read', 'control', 'admin']);
    await eventually('the socket is let go', () => leaver.socket.disconnected);
    assert.ok(await ended);
    assert.equal(await statusOf('get', '/api/v1/channels', 'read.leaver'), 401);
    assert.equal(await statusOf('get', '/api/v1/channels', 'read'), 200);
    assert.ok(stayer.socket.connected);
  });

  it('a file of keys that has become invalid changes nothing', async () => {
    writeFileSync(file, '{"keys":[{"name":"x"}]}');
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    assert.equal(await statusOf('get', '/api/v1/channels', 'admin'), 200);
    await assert.rejects(serve({ ...world.settings, port: 0 }), /scope|key/);
  });

  it('listening on an address other than loopback requires a key', async () => {
    const settings = loadSettings({ host: '0.0.0.0', port: 0, redisUrl: world.server.url, data: folder }, {});
    await assert.rejects(serve(settings), /lets other machines in/);
  });
});

describe('requests', () => {
  let world: ApiWorld;
  before(async () => {
    world = await ApiWorld.start({ rateLimit: { requests: 40, seconds: 60 } });
    await openEpoch(world.redis, 'gps');
  });
  after(() => world.stop());

  it('with the same Idempotency-Key are done once and get the same response', async () => {
    const send = (data: object, name: string) =>
      world.post('/channels/gps/events', data, { 'idempotency-key': name });
    const fix = { latitude: 1, longitude: 2 };
    const [first, again] = [await send(fix, 'one'), await send(fix, 'one')];
    assert.deepEqual([again.status, again.text], [first.status, first.text]);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
    assert.equal((await send({ ...fix, latitude: 3 }, 'one')).body.code, 'idempotency_mismatch');
    assert.deepEqual((await send(fix, 'two')).body.position, { epoch: 1, offset: 2 });
    const together = await Promise.all([send(fix, 'three'), send(fix, 'three'), send(fix, 'three')]);
    assert.ok(together.every(({ status }) => status === 200 || status === 409));
    assert.deepEqual((await send(fix, 'four')).body.position, { epoch: 1, offset: 4 });
  });

  it('are limited across all API processes, and responses tell what is left', async () => {
    const before = await world.get('/channels');
    assert.match(before.headers.get('ratelimit')!, /r=\d+/);
    assert.match(before.headers.get('ratelimit-policy')!, /q=40/);
    const other = await serve({ ...world.settings, port: 0 });
    const statuses: number[] = [];
    for (let i = 0; i < 40; i++)
      statuses.push((await fetch(`${i % 2 ? other.url : world.url}/api/v1/channels`)).status);
    await other.close();
    assert.ok(statuses.includes(200));
    assert.equal(statuses.at(-1), 429);
    assert.equal((await fetch(`${world.url}/healthz`)).status, 200, 'health is not limited');
  });
});

describe('the access list for Redis', () => {
  let world: ApiWorld;
  before(async () => (world = await ApiWorld.start()));
  after(() => world.stop());

  it('lets readers read and services work, and neither do more', async () => {
    const lines = readFileSync(new URL('../../../compose/users.acl', import.meta.url), 'utf8')
      .trim()
      .replace(/#@(\w+)@/g, '>change-me-$1')
      .split('\n');
    const as = async (name: string) => {
      const url = world.server.url.replace('redis://', `redis://${name}:change-me-${name}@`);
      const redis = world.redis.duplicate({ username: name, password: `change-me-${name}` });
      return { url, redis };
    };
    await world.writer('gps').emit([{ timeMs: 1, subject: 'a', data: '{"latitude":1,"longitude":2}' }]);
    for (const line of lines.filter((each) => !each.includes(' default ')))
      await world.redis.acl('SETUSER', ...(line.split(' ').slice(1) as [string, ...string[]]));
    const reader = (await as('reader')).redis;
    assert.equal((await reader.xrange('reprise:log:gps', '-', '+')).length, 1);
    assert.equal(await reader.subscribe('gps'), 1);
    await reader.unsubscribe('gps');
    const refused = async (attempts: { [what: string]: Promise<unknown> }) => {
      for (const [what, attempt] of Object.entries(attempts)) await assert.rejects(attempt, /NOPERM/, what);
    };
    await refused({
      publish: reader.publish('gps', 'x'),
      set: reader.set('x', 'y'),
      del: reader.del('reprise:log:gps'),
      flushall: reader.flushall(),
      config: reader.config('GET', '*'),
      send: callProtocol(reader, 'send', ['gps', 'a', '{}']),
    });
    const service = (await as('service')).redis;
    const id = (await callProtocol(service, 'send', ['work.in', 'a', '{"n":1}'])) as string;
    assert.match(id, /^\d+-1$/);
    await service.xgroup('CREATE', 'reprise:log:work.in', 'work', '0');
    await service.xreadgroup('GROUP', 'work', 'one', 'STREAMS', 'reprise:log:work.in', '>');
    assert.equal(await callProtocol(service, 'done', ['work', 'work.in', id, 'work.out', '{"n":2}']), 1);
    await refused({
      flushall: service.flushall(),
      config: service.config('GET', '*'),
      functions: service.function('FLUSH'),
      users: service.acl('LIST'),
      setup: service.hset('reprise:setup', 'services/x', '{}'),
      setupOfServices: service.hset('reprise:outside', 'work', '{}'),
      replays: service.hset('reprise:replays', 'x', '{}'),
      requests: service.rpush('reprise:requests:replayer', '{}'),
      commands: service.publish('reprise:commands', '{}'),
      tasks: service.hset('reprise:bull:tasks:1', 'data', '{}'),
      elsewhere: service.set('other', 'x'),
    });
    // Names that only resemble our own are channels like others.
    for (const name of ['gps', 'r', 'rep', 'reprise', 'reprises', 'x:reprise:commands'])
      await service.publish(name, 'x');
    const listening = await connect((await as('reader')).url, 'listen', { writes: false });
    const heard: string[] = [];
    const tap = await Wiretap.start(listening, ['*'], (channel) => heard.push(channel));
    await service.publish('gps', 'x');
    await eventually('the message', () => heard.includes('gps'));
    tap.close();
    listening.disconnect();
    const admin = await connect((await as('admin')).url, 'test');
    assert.equal(await admin.ping(), 'PONG');
    for (const redis of [reader, service, admin]) redis.disconnect();
  });
});
