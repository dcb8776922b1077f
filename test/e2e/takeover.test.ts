import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CloudEvent } from '../../core/wire/event.ts';
import { keys } from '../../core/wire/keys.ts';
import type { Redis } from '../../core/redis/connection.ts';
import { Requester } from '../../core/redis/requests.ts';
import type { Replay, ReplayRequest } from '../../schemas/types.ts';
import { killRole, startRole, stopRole } from '../helpers/role.ts';
import { eventually } from '../helpers/wait.ts';
import { withRedis } from '../helpers/redis.ts';

const ROWS = 20_000;
const KILLS = 5;
const STOPS = 3;

describe('a replay whose replayer is killed or stopped', function () {
  this.timeout(120_000);
  let redis: Redis;
  let url: string;
  withRedis((connected) => ({ redis, url } = connected));
  let requester: Requester;
  let folder: string;
  let env: NodeJS.ProcessEnv;
  const replayers: ChildProcess[] = [];
  const start = async () => replayers.push(await startRole('replayer/main.ts', env));
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reprise-takeover-'));
    const rows = (name: string, every: number) =>
      Array.from(
        { length: ROWS / every },
        (_, n) => `${1_700_000_000_000 + n * every},${name}${n % 7},${n}`,
      ).join('\n');
    await writeFile(join(folder, 'a.csv'), `time,vehicle,n\n${rows('a', 1)}\n`);
    await writeFile(join(folder, 'b.csv'), `time,vehicle,n\n${rows('b', 2)}\n`);
    requester = new Requester(redis);
    env = { REDIS_URL: url, REPRISE_RECORDINGS: folder, REPRISE_DATA: folder };
    await Promise.all([start(), start()]);
  });
  after(async () => {
    await Promise.all(replayers.map(killRole));
    requester?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const document = async (id: string) => JSON.parse((await redis.hget(keys.replays, id))!) as Replay;
  const offset = async (channel: string) => Number(await redis.hget(keys.head(channel), 'offset'));

  /** Begins a replay that is slow enough not to end too early. */
  async function play(id: string, channels: [string, string]): Promise<number> {
    const [a, b] = channels;
    const request: ReplayRequest = {
      id,
      recordings: [
        { id: 'a.csv', channel: a, subject: 'vehicle' },
        { id: 'b.csv', channel: b, subject: 'vehicle' },
      ],
      rate: 0.5,
    };
    const { epoch } = await requester.ask<Replay>('replayer', 'create', request);
    return epoch;
  }

  async function toTheEnd(id: string): Promise<void> {
    const { instance } = await document(id);
    await requester.ask(`replayer:${instance}`, 'patch', { id, patch: { rate: 'max' } });
    await eventually('the end', async () => (await document(id)).state === 'ended', 30_000);
  }

  /** The process that runs the replay, according to Redis. */
  async function owner(id: string): Promise<ChildProcess> {
    let found: ChildProcess | undefined;
    await eventually('an owner that lives', async () => {
      const { instance } = await document(id);
      found = replayers.find(({ pid }) => instance!.endsWith(`-${pid}`));
      return found !== undefined;
    });
    return found!;
  }

  async function isWhole(channel: string, epoch: number, count: number): Promise<void> {
    const entries = await redis.xrange(keys.log(channel), '-', '+');
    const events = entries.map(([, fields]) => JSON.parse(fields[1]!) as CloudEvent);
    assert.deepEqual(
      entries.map(([id]) => id),
      Array.from({ length: count }, (_, n) => `${epoch}-${n + 1}`),
    );
    assert.ok(events.every(({ data }, n) => data['n'] === n));
  }

  it('is resumed by another process in its epoch, without a gap or a duplicate', async () => {
    const epoch = await play('long', ['a', 'b']);
    for (let kill = 0; kill < KILLS; kill++) {
      await delay(300 + Math.random() * 200);
      const victim = await owner('long');
      replayers.splice(replayers.indexOf(victim), 1);
      await killRole(victim);
      const last = await offset('a');
      await eventually('another to go on', async () => (await offset('a')) > last);
      await start();
    }
    await toTheEnd('long');
    await isWhole('a', epoch, ROWS);
    await isWhole('b', epoch, ROWS / 2);
  });

  it('stays with the other process when the first wakes up again, and returns when the other is killed', async () => {
    const epoch = await play('stalled', ['c', 'd']);
    await eventually('a beginning', async () => (await offset('c')) > 100);
    const sleeper = await owner('stalled');
    sleeper.kill('SIGSTOP');
    await eventually('another to go on', async () => (await owner('stalled')) !== sleeper);
    const other = await owner('stalled');
    sleeper.kill('SIGCONT');
    const last = await offset('c');
    await eventually('the other to go on', async () => (await offset('c')) > last + 500);
    const { state, instance } = await document('stalled');
    assert.deepEqual([state, instance!.endsWith(`-${other.pid}`)], ['playing', true]);
    replayers.splice(replayers.indexOf(other), 1);
    await killRole(other);
    await eventually('the sleeper to go on', async () => (await owner('stalled')) === sleeper);
    await toTheEnd('stalled');
    await isWhole('c', epoch, ROWS);
    await isWhole('d', epoch, ROWS / 2);
  });

  it('is resumed at once when its replayer is stopped, without a gap or a duplicate', async () => {
    await start();
    const epoch = await play('updated', ['e', 'f']);
    for (let stop = 0; stop < STOPS; stop++) {
      await delay(200 + Math.random() * 200);
      const stopped = await owner('updated');
      const lease = await redis.get(keys.owner('e'));
      replayers.splice(replayers.indexOf(stopped), 1);
      await stopRole(stopped);
      assert.notEqual(await redis.get(keys.owner('e')), lease, 'its lease is given up');
      const last = await offset('e');
      await eventually('another to go on', async () => (await offset('e')) > last);
      await start();
    }
    await toTheEnd('updated');
    await isWhole('e', epoch, ROWS);
    await isWhole('f', epoch, ROWS / 2);
  });

  it('waits in Redis while no replayer runs; a paused one stays paused at its position', async () => {
    await Promise.all(replayers.splice(0).map(stopRole));
    await start();
    const epoch = await play('restarted', ['g', 'h']);
    await eventually('a beginning', async () => (await offset('g')) > 100);
    await requester.ask('replayer', 'create', {
      id: 'paused',
      recordings: [{ id: 'a.csv', channel: 'i', subject: 'vehicle', every: '1h' }],
      rate: 1_000,
    });
    await eventually('a position', async () => (await document('paused')).position.slice(14, 19) > '10:00');
    const { instance } = await document('paused');
    const patch = { state: 'paused' };
    const paused = await requester.ask<Replay>(`replayer:${instance}`, 'patch', { id: 'paused', patch });
    await requester.ask('replayer', 'create', {
      id: 'waiting',
      recordings: [{ id: 'a.csv', channel: 'j', subject: 'vehicle' }],
      waitForSubscribers: 1,
    });
    await stopRole(replayers.pop()!);
    const stood = await offset('g');
    assert.deepEqual(
      await Promise.all(['restarted', 'paused', 'waiting'].map(async (id) => (await document(id)).state)),
      ['playing', 'paused', 'idle'],
    );
    await start();
    await eventually('it to go on', async () => (await offset('g')) > stood);
    await eventually('all to be there again', async () =>
      (await redis.hmget(keys.replays, 'paused', 'waiting')).every((it) => it && !it.includes(instance!)),
    );
    const again = await document('paused');
    assert.deepEqual([again.state, again.position, again.epoch], ['paused', paused.position, paused.epoch]);
    assert.match((await document('waiting')).waiting!, /1 subscribers of j/);
    await toTheEnd('restarted');
    await isWhole('g', epoch, ROWS);
    await isWhole('h', epoch, ROWS / 2);
  });
});
