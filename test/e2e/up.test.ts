import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runningFile } from '../../core/settings/settings.ts';
import { keys } from '../../core/wire/keys.ts';
import { services } from '../../core/redis/presence.ts';
import { connect, duplicate, type Redis } from '../../core/redis/connection.ts';
import type { Service } from '../../schemas/types.ts';
import { isFree } from '../../supervisor/ports.ts';
import { noteFile, redisPid, type RedisNote } from '../../supervisor/redis-process.ts';
import { roleNames, type RoleName } from '../../supervisor/roles.ts';
import { startRedis } from '../helpers/redis.ts';
import { processesWith, startUp, temporaryFolder, type Up } from '../helpers/up.ts';
import { eventually } from '../helpers/wait.ts';

const READY = /Reprise is up\.\n[^]*Ctrl-C/;

const redisOf = (data: string) =>
  JSON.parse(readFileSync(noteFile(join(data, 'redis')), 'utf8')) as RedisNote;

async function pidOf(redis: Redis, role: RoleName): Promise<number> {
  const found = await eventually(`the ${role}`, async () =>
    (await services(redis)).find((service) => service.role === role && service.state === 'running'),
  );
  return found.pid!;
}

/** Asserts that nothing is left: no process with its folder on the command line, no Redis, no note. */
async function assertGone(up: Up, redis: RedisNote): Promise<void> {
  assert.deepEqual(processesWith(up.data), []);
  assert.ok(await isFree(redis.port), `nothing listens on ${redis.port}`);
  assert.equal(existsSync(runningFile(up.data)), false);
}

describe('reprise up', function () {
  this.timeout(120_000);

  it('starts Redis and every role, says where they are, and leaves nothing behind at Ctrl-C', async () => {
    const up = startUp(['--no-demo', '--port', '0']);
    await up.says(READY);
    const [, url] = await up.says(/Page +(http:\/\/127\.0\.0\.1:\d+)\n/);
    const [, docs] = await up.says(/API +(\S+)\n/);
    const [, port] = await up.says(/redis-cli -p (\d+) subscribe gps\n/);
    const noted = redisOf(up.data);
    assert.equal(Number(port), noted.port);
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    assert.equal((await fetch(docs!)).status, 200);
    const redis = await connect(`redis://127.0.0.1:${port}`, 'test');
    for (const role of roleNames) await pidOf(redis, role);
    redis.disconnect();
    assert.equal(await up.interrupt(), 0);
    await assertGone(up, noted);
  });

  it('starts a killed role again, and tells the page so until it is back', async () => {
    const up = startUp(['--no-demo', '--only', 'replayer,analysis']);
    await up.says(READY);
    const noted = redisOf(up.data);
    const redis = await connect(`redis://127.0.0.1:${noted.port}`, 'test');
    const listener = duplicate(redis);
    const news: Service[] = [];
    listener.on('message', (_channel, text) => news.push(JSON.parse(text) as Service));
    await listener.subscribe(keys.status);
    const killed = await pidOf(redis, 'analysis');
    process.kill(killed, 'SIGKILL');
    const restarting = await eventually('the news', () => news.find(({ state }) => state === 'restarting'));
    assert.equal(restarting.role, 'analysis');
    assert.equal(restarting.restarts, 1);
    assert.match(restarting.message!, /^The analysis process ended \(SIGKILL\)\.$/);
    await up.says(/analysis {2}The analysis process ended \(SIGKILL\)\. Starting it again in 0\.25 s\./);
    await up.says(/The analysis process is back\./);
    assert.notEqual(await pidOf(redis, 'analysis'), killed);
    await eventually('an honest list', async () => {
      const analysis = (await services(redis)).filter(({ role }) => role === 'analysis');
      return analysis.length === 1 && analysis[0]!.state === 'running';
    });
    listener.disconnect();
    redis.disconnect();
    assert.equal(await up.interrupt(), 0);
    await assertGone(up, noted);
  });

  it('starts a killed Redis again, on the same port and with all its data', async () => {
    const up = startUp(['--no-demo', '--only', 'replayer']);
    await up.says(READY);
    const noted = redisOf(up.data);
    const redis = await connect(`redis://127.0.0.1:${noted.port}`, 'test');
    await redis.set('kept', 'yes');
    process.kill(noted.pid, 'SIGKILL');
    await up.says(/Redis is back, with its data\./);
    assert.equal(await redis.get('kept'), 'yes');
    assert.notEqual(redisOf(up.data).pid, noted.pid);
    redis.disconnect();
    assert.equal(await up.interrupt(), 0);
    await assertGone(up, redisOf(up.data));
  });

  it('takes its roles with it when it is killed; the next one takes over the Redis and its data', async () => {
    const data = temporaryFolder();
    const first = startUp(['--no-demo', '--only', 'replayer,tasks'], { data });
    await first.says(READY);
    const left = redisOf(data);
    const redis = await connect(`redis://127.0.0.1:${left.port}`, 'test');
    await redis.set('kept', 'yes');
    const roles = [await pidOf(redis, 'replayer'), await pidOf(redis, 'tasks')];
    redis.disconnect();
    first.child.kill('SIGKILL');
    await first.ended;
    await eventually('the end of its roles', () => roles.every((pid) => !processesWith(data).includes(pid)));
    assert.equal(await redisPid(left.port), left.pid, 'its Redis has no channel to it');

    const second = startUp(['--no-demo', '--only', 'replayer'], { data });
    await second.says(READY);
    const noted = redisOf(data);
    assert.notEqual(noted.pid, left.pid);
    assert.notEqual(await redisPid(left.port), left.pid);
    const again = await connect(`redis://127.0.0.1:${noted.port}`, 'test');
    assert.equal(await again.get('kept'), 'yes');
    again.disconnect();
    assert.equal(await second.interrupt(), 0);
    await assertGone(second, noted);
  });

  it('makes the recordings of the demo and plays them; they end with it', async () => {
    const data = temporaryFolder();
    const config = join(data, 'demo.json');
    writeFileSync(
      config,
      JSON.stringify({ demo: [{ id: 'demo', recordings: ['posts.ndjson'], rate: 100 }] }),
    );
    const up = startUp(['--only', 'replayer'], { data, env: { REPRISE_CONFIG: config } });
    await up.says(READY);
    const redis = await connect(`redis://127.0.0.1:${redisOf(data).port}`, 'test');
    await eventually('an event', async () => (await redis.hlen(keys.state('posts'))) > 0, 60_000);
    redis.disconnect();
    const noted = redisOf(data);
    assert.equal(await up.interrupt(), 0);
    await assertGone(up, noted);
    const left = await startRedis({ dir: join(data, 'redis') });
    const later = await connect(left.url, 'test');
    assert.deepEqual(await later.hkeys(keys.replays), [], 'no replay is left for a next start to resume');
    assert.deepEqual(await later.hkeys(keys.replayRequests), []);
    later.disconnect();
    await left.stop();
  });

  it('as `npm start`, ends when npm ends', async () => {
    const command = ['npm', 'start', '--silent', '--', '--no-demo', '--port', '0', '--only', 'replayer'];
    const up = startUp([], { command });
    await up.says(READY);
    const noted = redisOf(up.data);
    up.child.kill('SIGTERM');
    await up.ended;
    await eventually('the end of all', () => processesWith(up.data).length === 0);
    await assertGone(up, noted);
  });

  it('ends when it is asked to while it is starting', async () => {
    const up = startUp(['--no-demo', '--only', 'replayer']);
    await eventually('its Redis', () => existsSync(noteFile(join(up.data, 'redis'))), 30_000);
    const noted = redisOf(up.data);
    const [code] = await Promise.all([up.ended, once(up.child, 'exit'), up.interrupt()]);
    assert.equal(code, 0);
    await assertGone(up, noted);
  });
});
