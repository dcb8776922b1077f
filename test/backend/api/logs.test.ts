import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keys } from '../../../core/wire/keys.ts';
import { ProcessLog, type LogSettings } from '../../../core/logging/log.ts';
import type { LogLine } from '../../../core/plugins/plugin.ts';
import { services } from '../../../core/redis/presence.ts';
import { connect, type Redis } from '../../../core/redis/connection.ts';
import type { LogRecord } from '../../../schemas/types.ts';
import { startRedis } from '../../helpers/redis.ts';
import { startUp } from '../../helpers/up.ts';
import { eventually } from '../../helpers/wait.ts';
import { ApiWorld } from '../../helpers/api-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'reprise-logs-'));
after(() => rmSync(folder, { recursive: true, force: true }));

describe('logs', function () {
  this.timeout(20_000);
  let world: ApiWorld;
  before(async () => (world = await ApiWorld.start()));
  after(() => world.stop());

  let files = 0;
  /** The log of a process named `test`, and the text in its own file. */
  function open(settings: Partial<LogSettings> = {}) {
    const out = join(folder, `${++files}.log`);
    const all = { ...world.settings, logLevel: 'info', ...settings };
    return { logs: new ProcessLog('test', all, out), said: () => readFileSync(out, 'utf8') };
  }
  const get = async (query: string) => {
    const answer = await world.get(`/logs?${query}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.body as { items: LogRecord[]; cursor: string | null };
  };
  const messages = async (query: string) => (await get(query)).items.map(({ message }) => message);

  it('lines of a process are found by service, kind, level, time and text', async () => {
    const { logs, said } = open();
    logs.keepIn(world.redis);
    logs.log.info('one');
    logs.log.warn({ service: 'gps.stops', lost: 3 }, 'two');
    logs.log.critical({ service: 'far', kind: 'service' }, 'three');
    logs.log.debug('nobody asked');
    await logs.close();
    assert.deepEqual(await messages('limit=3'), ['three', 'two', 'one']);
    assert.deepEqual(await messages('service=gps.stops'), ['two']);
    assert.deepEqual(await messages('kind=service'), ['three']);
    assert.deepEqual(await messages('level=warn'), ['three', 'two']);
    assert.deepEqual(await messages('q=LOST'), ['two']);
    const { items, cursor } = await get('limit=2');
    assert.deepEqual(await messages(`cursor=${cursor}`), ['one']);
    const [second] = items.slice(1);
    assert.deepEqual(second!.fields, { role: 'test', pid: process.pid, lost: 3 });
    assert.deepEqual(
      [second!.level, second!.kind, (await get('service=test')).items[0]!.kind],
      ['warn', 'system', 'system'],
    );
    assert.deepEqual(await messages(`since=${second!.time}&until=${second!.time}&service=gps.stops`), [
      'two',
    ]);
    assert.deepEqual(await messages('since=2100-01-01T00:00:00Z'), []);
    assert.deepEqual(await messages('until=2001-01-01T00:00:00Z'), []);
    const lines = said()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as LogLine);
    assert.deepEqual(
      lines.map(({ level, service, message }) => [level, service, message]),
      [
        ['info', 'test', 'one'],
        ['warn', 'gps.stops', 'two'],
        ['critical', 'far', 'three'],
      ],
    );
  });

  it('a service in any language can write lines with XADD; missing and invalid fields get defaults', async () => {
    const add = (...fields: string[]) => world.redis.xadd(keys.logs, '*', ...fields);
    await add('service', 'far', 'level', 'error', 'message', 'no luck', 'fields', '{"n":3}');
    await add('service', 'far', 'level', 'loud', 'message', 'odd', 'fields', '{', 'time', 'noon');
    const [odd, plain] = (await get('service=far&limit=2')).items;
    assert.deepEqual(
      [plain!.level, plain!.kind, plain!.fields, odd!.level, odd!.fields],
      ['error', 'service', { n: 3 }, 'info', { fields: '{' }],
    );
    assert.ok(Math.abs(Date.parse(odd!.time) - Date.now()) < 10_000);
    assert.equal((await world.get('/logs?level=loud')).status, 422);
  });

  it('new lines are sent to those who follow the log', async () => {
    const gone = new AbortController();
    const response = await fetch(`${world.url}/api/v1/logs?level=warn`, {
      headers: { accept: 'text/event-stream' },
      signal: gone.signal,
    });
    assert.match(response.headers.get('content-type')!, /^text\/event-stream/);
    const { logs } = open();
    logs.keepIn(world.redis);
    logs.log.info('quiet');
    logs.log.error('loud');
    let text = '';
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      text += piece;
      if (text.includes('loud')) break;
    }
    gone.abort();
    assert.ok(!text.includes('quiet'));
    const [, id, data] = /id: (\S+)\ndata: (.*)\n/.exec(text)!;
    assert.equal((JSON.parse(data!) as LogRecord).id, id);
    await logs.close();
  });

  it('lines are kept up to a limit while Redis is away, and dropped ones are counted', async () => {
    const server = await startRedis();
    const redis = await connect(server.url, 'test');
    const { logs, said } = open({ logs: { sinks: [], keep: 1_000 } });
    logs.keepIn(redis);
    await server.kill();
    await eventually('it is gone', () => redis.status !== 'ready');
    const startedMs = performance.now();
    for (let i = 1; i <= 3_000; i++) logs.log.info(`line ${i}`);
    assert.ok(performance.now() - startedMs < 2_000, 'nobody waits for Redis');
    assert.equal(said().trim().split('\n').length, 3_000);
    await server.restart();
    const message = ([, fields]: [string, string[]]) => fields[fields.indexOf('message') + 1];
    const newest = async () =>
      redis.status === 'ready' ? (await redis.xrevrange(keys.logs, '+', '-', 'COUNT', 2)).map(message) : [];
    await eventually('the rest is told', async () => (await newest())[0]?.includes('were dropped'));
    assert.deepEqual(await newest(), ['1000 log lines were dropped while Redis was away.', 'line 3000']);
    const length = await redis.xlen(keys.logs);
    assert.ok(length >= 1_000 && length < 1_200, `${length} lines are kept`);
    await logs.close();
    redis.disconnect();
    await server.stop();
  });

  it('lines go to the sinks of the configuration and of plugins; a failing sink is reported', async () => {
    const target = join(folder, 'sink.log');
    const sinks = [
      { target: 'pino/file', options: { destination: target }, level: 'error' as const },
      { target: './no-such-sink.js' },
    ];
    const { logs, said } = open({ logs: { sinks, keep: 100 } });
    const lines: LogLine[] = [];
    logs.add([
      { name: 'list', write: (line) => void lines.push(line) },
      {
        name: 'broken',
        write() {
          throw new Error('full');
        },
      },
    ]);
    logs.log.warn('for some');
    logs.log.error({ n: 1 }, 'for all');
    await eventually('the failed one is told', () => said().includes('no-such-sink.js does not work'));
    await logs.close();
    const inFile = readFileSync(target, 'utf8');
    assert.ok(inFile.includes('for all') && !inFile.includes('for some'), inFile);
    assert.deepEqual(
      lines.slice(0, 2).map(({ level, message }) => [level, message]),
      [
        ['warn', 'for some'],
        ['error', 'for all'],
      ],
    );
  });

  it('secrets are removed, and data that errors quote', async () => {
    const { logs, said } = open({ apiKey: 'planted/"1"', redisUrl: 'redis://me:planted-2@host:6379' });
    const { log } = logs;
    log.info('with planted/"1" in it');
    log.info({ url: 'redis://you:planted-3@elsewhere' }, 'planted-2');
    log.info(
      { headers: { authorization: 'planted-4', 'x-api-key': 'planted-5' }, password: 'planted-6' },
      '',
    );
    log.info('GET /x?token=planted-7&n=1 with Bearer planted-8');
    const failed = Object.assign(new Error('WRONGTYPE'), { command: { args: ['planted-9'] } });
    log.error({ err: failed }, failed.message);
    try {
      JSON.parse('planted-10 is here');
    } catch (error) {
      log.error((error as Error).message);
    }
    await logs.close();
    assert.ok(!said().includes('planted'), said());
    assert.match(said(), /redis:\/\/\*\*\*@elsewhere[^]*n=1[^]*WRONGTYPE[^]*not valid JSON/);
    for (const line of said().trim().split('\n')) JSON.parse(line);
  });
});

describe('logs of all roles', function () {
  this.timeout(60_000);

  it('report crashes and restarts, and contain neither secrets nor data of events', async () => {
    const server = await startRedis();
    const plain = await connect(server.url, 'test');
    await plain.config('SET', 'requirepass', 'planted-redis-password');
    const url = server.url.replace('//', '//default:planted-redis-password@');
    const config = join(folder, 'config.json');
    writeFileSync(config, JSON.stringify({ services: { sentiment: { use: 'sentiment' } } }));
    const key = 'planted-api-key-of-the-test';
    const env = { REDIS_URL: url, REPRISE_API_KEY: key, REPRISE_CONFIG: config };
    const up = startUp(['--no-demo', '--port', '0'], { env });
    const redis = await connect(url, 'test');
    try {
      const [, page] = await up.says(/Page +(http:\/\/127\.0\.0\.1:\d+)/);
      const call = (path: string, body?: unknown, token = key) =>
        fetch(`${page}/api/v1${path}`, {
          method: body === undefined ? 'GET' : 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        });
      const analysis = await runs(redis, 'analysis');
      await call('/channels', undefined, 'planted-wrong-key');
      await call('/channels?api_key=planted-in-query');
      await call('/channels/posts/events', '{"planted-broken');
      await call('/channels/posts/events', [
        { text: 'planted-payload' },
        { text: 3, more: 'planted-refused' },
      ]);
      await call('/tasks', { kind: 'summary', params: { channel: 'planted-param' } });
      await call('/replays', { recordings: ['planted-recording.csv'] });
      // This entry is not an event, so the service fails to read its log.
      await redis.xadd(keys.log('posts'), '9999-1', 'e', 'planted-no-json');
      process.kill(analysis, 'SIGKILL');
      const crash = await eventually('the crash', async () => {
        const { items } = (await (await call('/logs?service=analysis&level=critical')).json()) as {
          items: LogRecord[];
        };
        return items[0];
      });
      assert.deepEqual(
        [crash.kind, crash.message, crash.fields['restarts']],
        ['system', 'The analysis process ended (SIGKILL).', 1],
      );
      await eventually('it is back', async () =>
        (await (await call('/logs?service=analysis&q=is%20back')).text()).includes('"info"'),
      );
      await runs(redis, 'analysis');
    } finally {
      await up.interrupt();
    }
    const entries = await redis.xrange(keys.logs, '-', '+');
    const text = JSON.stringify(entries);
    for (const role of ['supervisor', 'replayer', 'analysis', 'tasks', 'api'])
      assert.match(text, new RegExp(`"service","${role}","message","started"`));
    const logs = join(up.data, 'logs');
    const all = [
      up.output(),
      text,
      ...readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8')),
    ];
    const found = all.join('\n').match(/.*planted.*/g);
    assert.equal(found, null, found?.join('\n'));
    redis.disconnect();
    plain.disconnect();
    await server.stop();
  });
});

async function runs(redis: Redis, role: string): Promise<number> {
  const found = await eventually(`the ${role}`, async () =>
    (await services(redis)).find((service) => service.role === role && service.state === 'running'),
  );
  return found.pid!;
}
