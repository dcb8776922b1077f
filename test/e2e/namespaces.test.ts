import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { root } from '../../core/runtime/root.mjs';
import type { CloudEvent, Replay } from '../../schemas/types.ts';
import { simulate } from '../../cli/simulate/simulate.ts';
import { runCommand } from '../helpers/command-line.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { startUp, temporaryFolder, type Up } from '../helpers/up.ts';
import { eventually } from '../helpers/wait.ts';

const READY = /Reprise is up\.\n[^]*Ctrl-C/;
const SLOW_MS = 60_000;
/** Commands of which the first argument is the name of a pub/sub channel. */
const SPEAKING = new Set(['publish', 'subscribe', 'psubscribe']);

/** Reprises that share a Redis: two in one database, the third in another. */
const REPRISES = [
  { namespace: 'one', database: 0, subjects: 3, roles: 'replayer,analysis,api' },
  { namespace: 'two', database: 0, subjects: 5, roles: 'replayer,analysis,api' },
  { namespace: 'three', database: 7, subjects: 7, roles: 'replayer,analysis,api,tasks' },
];

describe('several Reprises on one Redis', function () {
  this.timeout(180_000);
  let server: TestRedis;
  let redis: Redis;
  let monitor: Redis;
  let service: ChildProcess;
  const ups: Up[] = [];
  const pages: string[] = [];
  /** Each name of a channel that a command had, and the commands. */
  const spoken = new Map<string, string>();

  before('starts them', async () => {
    server = await startRedis();
    redis = new Redis(server.url);
    monitor = await redis.monitor();
    monitor.on('monitor', (_time, [name, channel]: string[]) => {
      if (SPEAKING.has(name!.toLowerCase())) spoken.set(channel!, name!);
    });
    for (const { namespace, database, subjects, roles } of REPRISES) {
      const data = temporaryFolder();
      const config = join(data, 'config.json');
      const tracked = { envelope: 'none', latestKey: 'latest_fix' };
      writeFileSync(
        config,
        JSON.stringify({
          channels: { tracked },
          services: {
            movement: { use: 'movement', input: 'gps', output: 'gps.movement' },
            tracked: { use: 'copy', input: 'gps', output: 'tracked' },
          },
          pipelines: { sized: { steps: [{ outside: 'size' }] } },
        }),
      );
      await simulate('fleet', {
        out: join(data, 'fleet.ndjson'),
        vehicles: subjects,
        durationSeconds: 120,
      });
      const env = {
        REDIS_URL: `${server.url}/${database}`,
        REPRISE_NAMESPACE: namespace,
        REPRISE_CONFIG: config,
        REPRISE_RECORDINGS: data,
      };
      const up = startUp(['--no-demo', '--port', '0', '--only', roles], { data, env });
      ups.push(up);
      await up.says(READY);
      pages.push((await up.says(/Page +(http:\/\/127\.0\.0\.1:\d+)\n/))[1]!);
    }
    service = spawn('sh', [join(root, 'examples', 'shell-service', 'size.sh')], {
      env: { ...process.env, REDIS_URL: server.url, REPRISE_NAMESPACE: 'one' },
      stdio: 'ignore',
      detached: true,
    });
  });
  after(async () => {
    if (service?.pid) process.kill(-service.pid, 'SIGKILL');
    await Promise.all(ups.map((up) => up.interrupt()));
    monitor?.disconnect();
    redis?.disconnect();
    await server?.stop();
  });

  async function call<T>(i: number, method: string, path: string, body?: object): Promise<T> {
    const answer = await fetch(`${pages[i]}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path} of ${REPRISES[i]!.namespace}: ${text}`);
    return (text === '' ? null : JSON.parse(text)) as T;
  }
  const replay = (i: number) => call<Replay>(i, 'GET', '/replays/demo');

  it('plays, derives and answers in each as if it were alone', async () => {
    await Promise.all(
      REPRISES.map((_, i) =>
        call(i, 'POST', '/replays', { id: 'demo', recordings: ['fleet.ndjson'], rate: 'max' }),
      ),
    );
    for (const [i, { subjects }] of REPRISES.entries()) {
      await eventually('the end', async () => (await replay(i)).state === 'ended', SLOW_MS);
      const { counts } = await replay(i);
      for (const channel of ['gps', 'tracked'])
        await eventually(
          `all of ${channel}`,
          async () =>
            (await call<{ offset: number }>(i, 'GET', `/channels/${channel}`)).offset === counts.published,
          SLOW_MS,
        );
      const { items } = await call<{ items: CloudEvent[] }>(i, 'GET', '/channels/gps.movement/state');
      assert.equal(items.length, subjects);
      for (const { id, source, type } of items) {
        assert.match(id, /^gps\.movement\/\d+\/\d+$/);
        assert.deepEqual([source, type], ['/services/movement', 'gps.movement']);
      }
    }
  });

  it('runs a service in another language, which takes the namespace from its environment', async () => {
    const answer = await call<{ results: CloudEvent[] }>(0, 'POST', '/pipelines/sized/events?wait=30', {
      text: 'one two three',
    });
    assert.equal(answer.results[0]!.data['size'], 3);
  });

  it('does tasks', async () => {
    const { id } = await call<{ id: string }>(2, 'POST', '/tasks', {
      kind: 'average-speed',
      params: { time_window_seconds: 0.1, clock: 'wall' },
    });
    await eventually(
      'the result',
      async () => (await call<{ state: string }>(2, 'GET', `/tasks/${id}`)).state === 'succeeded',
    );
  });

  it('steers only its own replay, over REST and over pub/sub', async () => {
    const again = { id: 'demo', recordings: ['fleet.ndjson'], rate: 0.5, loop: true };
    for (const i of [0, 1]) {
      await call(i, 'DELETE', '/replays/demo');
      await call(i, 'POST', '/replays', again);
    }
    await redis.publish('one:reprise:commands', JSON.stringify({ id: '1', replay: 'demo', state: 'paused' }));
    await eventually('the pause', async () => (await replay(0)).state === 'paused');
    assert.equal((await replay(1)).state, 'playing');
  });

  it('lets commands listen and publish in a namespace, and outside hear nothing of any', async () => {
    const listen = (patterns: string[], count: number, namespace: string) => {
      const args = ['listen', ...patterns, '--names', '--count', `${count}`, '--redis', server.url];
      return runCommand([...args, '--namespace', namespace], { env: { REPRISE_NAMESPACE: '' } });
    };
    const outside = listen(['*'], 1, '');
    const inside = listen(['n*'], 1, 'one');
    await eventually('both', async () => Number(await redis.pubsub('NUMPAT')) === 2);
    const published = await runCommand(['publish', 'news', '--redis', server.url], {
      input: 'hello\n',
      env: { REPRISE_NAMESPACE: 'one' },
    });
    assert.equal(published.code, 0, published.stderr);
    await redis.publish('elsewhere', 'theirs');
    assert.equal((await outside).stdout, 'elsewhere\ttheirs\n');
    assert.match((await inside).stdout, /^news\t\{.*"data":\{"text":"hello"\}\}\n$/);
    spoken.delete('elsewhere');
    spoken.delete('*');
  });

  it('leaves no name in Redis without its namespace', async () => {
    for (const database of [0, 7]) {
      const other = redis.duplicate({ db: database });
      const begins = REPRISES.filter((each) => each.database === database).map(({ namespace }) => namespace);
      let names: string[] = [];
      for await (const page of other.scanStream({ count: 1_000 })) names = [...names, ...(page as string[])];
      assert.ok(names.length > 20);
      assert.deepEqual(
        names.filter((name) => !begins.some((namespace) => name.startsWith(`${namespace}:`))),
        [],
      );
      for (const namespace of begins) assert.ok(names.includes(`${namespace}:latest_fix`), namespace);
      other.disconnect();
    }
    assert.equal(await redis.info('keyspace').then((text) => text.match(/^db\d+/gm)?.join()), 'db0,db7');
    const outside = [...spoken.keys(), ...((await redis.pubsub('CHANNELS')) as string[])].filter(
      (name) => !/^(one|two|three):/.test(name),
    );
    assert.deepEqual(outside, []);
    assert.ok(spoken.has('two:gps') && spoken.has('two:gps.movement'));
    const libraries = JSON.stringify(await redis.function('LIST')).match(/(?<="library_name",")\w+/g)!;
    assert.deepEqual(
      libraries.map((name) => name.replace(/_[\da-f]{8}$/, '')).sort(),
      ['one', 'three', 'two'].flatMap((name) => [`${name}_reprise`, `${name}_reprise`]),
    );
  });
});
