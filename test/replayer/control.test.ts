import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CloudEvent } from '../../core/wire/event.ts';
import { keys } from '../../core/wire/keys.ts';
import { createLog } from '../../core/logging/log.ts';
import { duplicate, type Redis } from '../../core/redis/connection.ts';
import { listenToCommands } from '../../replayer/hosting/commands.ts';
import { ReplayHost } from '../../replayer/hosting/host.ts';
import type { Problem, ReplayRequest } from '../../schemas/types.ts';
import { eventually } from '../helpers/wait.ts';
import { openEpoch, withRedis } from '../helpers/redis.ts';

const START = Date.UTC(2024, 0, 1);
const ROWS = 50;

describe('replays under control', function () {
  this.timeout(30_000);
  let redis: Redis;
  withRedis((connected) => ({ redis } = connected));
  let folder: string;
  let host: ReplayHost;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-control-'));
    const rows = Array.from({ length: ROWS }, (_, n) =>
      JSON.stringify({ time: START + n * 1_000, vehicle: `v${n % 3}`, n }),
    );
    writeFileSync(join(folder, 'trip.ndjson'), rows.join('\n'));
    host = new ReplayHost({
      redis,
      instance: 'test',
      channels: {},
      folder,
      log: createLog('test', 'silent'),
    });
  });
  after(async () => {
    await host.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const create = (id: string, request: Partial<ReplayRequest> = {}) =>
    host.create({ id, recordings: [{ id: 'trip.ndjson', channel: id, subject: 'vehicle' }], ...request });
  /** Numbers in the log of a channel's latest epoch. Those of restored events are negative. */
  const played = async (channel: string) => {
    const events = (await redis.xrange(keys.log(channel), '-', '+')).map(
      ([, fields]) => JSON.parse(fields[1]!) as CloudEvent,
    );
    const epoch = Math.max(...events.map((event) => event.epoch));
    return events
      .filter((event) => event.epoch === epoch)
      .map(({ data, restored }) => (restored ? -1 : 1) * (data['n'] as number));
  };
  const ended = (id: string) =>
    eventually(`${id} to end`, async () => {
      const replay = (await host.patch(id, {})) as { state: string };
      return replay.state === 'ended';
    });

  it('steps, says where it is then, and restores the state where it begins in the middle', async () => {
    await create('steps', { paused: true, start: '10s' });
    const stepped = await host.patch('steps', { step: 2 });
    assert.deepEqual(
      [stepped.state, stepped.position, stepped.didSeek],
      ['paused', '2024-01-01T00:00:11.000Z', false],
    );
    assert.deepEqual(await played('steps'), [-7, -8, -9, 10, 11]);
    assert.deepEqual([stepped.counts.published, stepped.counts.restored], [2, 3]);
    const spanned = await host.patch('steps', { step: '2500ms' });
    assert.equal(spanned.position, '2024-01-01T00:00:13.500Z');
    const back = await host.patch('steps', { step: -1 });
    assert.deepEqual([back.position, back.didSeek], ['2024-01-01T00:00:13.000Z', true]);
    assert.deepEqual(await played('steps'), [-10, -11, -12]);
    await host.patch('steps', { step: 'time' });
    assert.deepEqual(await played('steps'), [-10, -11, -12, 13]);
    await host.remove('steps');
  });

  it('plays a range over and over', async () => {
    await create('range', { ab: '5s..7s', rate: 100 });
    await eventually('the third time', async () => (await host.patch('range', {})).loopsDone! >= 3);
    await host.patch('range', { state: 'paused' });
    const log = await redis.xrange(keys.log('range'), '-', '+');
    const epochOf = (id: string) => id.split('-')[0];
    const first = log.filter(([id]) => epochOf(id) === epochOf(log[0]![0]));
    assert.deepEqual(
      first.map(([, fields]) => (JSON.parse(fields[1]!) as CloudEvent).data['n']),
      [2, 3, 4, 5, 6, 7],
    );
    const all = await host.patch('range', { ab: null, rate: 'max', state: 'playing' });
    assert.equal(all.ab, null);
    await ended('range');
    assert.equal((await played('range')).at(-1), ROWS - 1);
    await host.remove('range');
  });

  it('is steered by commands on a Redis channel, each answered by its id', async () => {
    const commands = listenToCommands(redis, host, createLog('test', 'silent'));
    const replies: {
      id: unknown;
      ok: boolean;
      replay?: { rate: unknown; state: string };
      problem?: Problem;
    }[] = [];
    const subscriber = duplicate(redis);
    subscriber.on('message', (_channel, text) => replies.push(JSON.parse(text)));
    await subscriber.subscribe(keys.commandReplies);
    await create('commanded', { paused: true });
    await eventually(
      'the listener',
      async () => ((await redis.pubsub('NUMSUB', keys.commands))[1] as number) > 0,
    );
    for (const command of [
      '{"id":"1","replay":"commanded","rate":5}',
      'rubbish',
      '{"id":"2","replay":"nobody","rate":5}',
      '{"id":"3","replay":"commanded","rate":"fast"}',
      '{"id":"4","replay":"commanded","position":"20s"}',
      '{"id":"5","replay":"commanded","position":"noon"}',
    ]) {
      await redis.publish(keys.commands, command);
    }
    await eventually('four answers', () => replies.length === 4);
    const answers = new Map(replies.map((reply) => [reply.id, reply]));
    assert.deepEqual([answers.get('1')!.ok, answers.get('1')!.replay!.rate], [true, 5]);
    assert.equal(answers.get('3')!.ok, false);
    const { code, type, status, detail } = answers.get('3')!.problem!;
    assert.deepEqual([code, type, status], ['command_malformed', '/docs/problems#command_malformed', 422]);
    assert.match(detail!, /rate/);
    const { problem } = answers.get('5')!;
    assert.deepEqual([problem!.code, problem!.status], ['moment_malformed', 422]);
    assert.match(JSON.stringify(answers.get('4')!.replay), /"didSeek":true.*|00:00:20/);
    commands.close();
    subscriber.disconnect();
    await host.remove('commanded');
  });

  it('waits for subscribers, so that they miss nothing', async () => {
    const replay = await create('awaited', { waitForSubscribers: 1, rate: 'max' });
    assert.match(replay.waiting!, /for 1 subscribers of awaited/);
    await delay(100);
    assert.equal(await redis.exists(keys.log('awaited')), 0);
    const heard: number[] = [];
    const subscriber = duplicate(redis);
    subscriber.on('message', (_channel, text) => heard.push((JSON.parse(text) as CloudEvent).offset));
    await subscriber.subscribe('awaited');
    await ended('awaited');
    await eventually('all of it', () => heard.length === ROWS);
    assert.equal(heard[0], 1);
    subscriber.disconnect();
    await host.remove('awaited');
  });

  it('in lockstep goes only as far as the slowest attached service has read', async () => {
    const until = Date.now() + 60_000;
    await openEpoch(redis, 'locked');
    await redis.hset(keys.consumers('locked'), 'slow', `2-0 ${until}`);
    const source = [
      { id: 'trip.ndjson', path: join(folder, 'trip.ndjson'), channel: 'locked', subject: 'vehicle' },
    ];
    const replay = await host.start(
      { id: 'locked', recordings: ['trip.ndjson'], rate: 20, lockstep: true },
      source,
      true,
    );
    await delay(300);
    assert.deepEqual(await played('locked'), [0]);
    await eventually('the lag to be told', () => replay.document().lag?.events === 1);
    assert.equal(replay.document().lag!.consumer, 'slow');
    const follow = setInterval(() => {
      void redis
        .hget(keys.head('locked'), 'offset')
        .then((offset) => redis.hset(keys.consumers('locked'), 'slow', `2-${offset} ${until}`));
    }, 5);
    await ended('locked');
    clearInterval(follow);
    assert.equal((await played('locked')).length, ROWS);
    await host.remove('locked');
  });

  it('gives events the time at which they are sent', async () => {
    const before = Date.now();
    await create('restamped', { restamp: 'now', rate: 100 });
    await ended('restamped');
    const times = (await redis.xrange(keys.log('restamped'), '-', '+')).map(([, fields]) =>
      Date.parse((JSON.parse(fields[1]!) as CloudEvent).time),
    );
    assert.ok(
      times.every(
        (time, i) => time >= before - 10 && time <= Date.now() && (i === 0 || time >= times[i - 1]!),
      ),
    );
    await host.remove('restamped');
  });

  it('several at once do not disturb each other, and one that is idle for too long is removed', async () => {
    await Promise.all([
      create('one', { rate: 50, idleTimeout: '300ms' }),
      create('two', { rate: 100 }),
      create('three', { rate: 'max' }),
    ]);
    await host.patch('two', { position: '25s' });
    await Promise.all(['two', 'three'].map(ended));
    await eventually('one to go', () => !host.has('one'));
    const upTo = Array.from({ length: ROWS }, (_, n) => n);
    assert.deepEqual((await played('one')).map(Math.abs), upTo);
    assert.deepEqual((await played('three')).map(Math.abs), upTo);
    assert.equal(await redis.hexists(keys.replays, 'one'), 0);
  });

  it('refuses a change that it cannot read, and changes nothing', async () => {
    await create('strict', { paused: true });
    await assert.rejects(
      host.patch('strict', { rate: 3, position: 'noon' }),
      /"noon" is not a valid position/,
    );
    await assert.rejects(host.patch('strict', { rate: 3, ab: '9s..1s' }), /is not a valid range/);
    assert.equal((await host.patch('strict', {})).rate, 1);
    await assert.rejects(create('strict'), /There is a replay "strict" already/);
    await assert.rejects(create('other', { skipIdle: 'long' }), /"long" is not a valid idle time/);
    assert.equal(host.has('other'), false);
    await host.remove('strict');
  });
});
