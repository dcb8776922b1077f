import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ingest } from '../../../backend/api/stores/ingest.ts';
import { deleteChannel } from '../../../core/channels/deletion.ts';
import { ChannelQuota } from '../../../core/channels/quota.ts';
import { sentence } from '../../../core/problems/errors.ts';
import { channelNames } from '../../../core/redis/channel-store.ts';
import { describeChannels } from '../../../core/channels/description.ts';
import { channelSpec, type ChannelSpec } from '../../../core/wire/channels.ts';
import { positionText } from '../../../core/wire/event.ts';
import { keys } from '../../../core/wire/keys.ts';
import { loadSettings } from '../../../core/settings/settings.ts';
import type { Channel } from '../../../schemas/types.ts';
import { ApiWorld, records } from '../../helpers/api-world.ts';
import { eventually } from '../../helpers/wait.ts';

const { serve: serveReplayer } = (await import(
  new URL('../../../replayer/main.ts', import.meta.url).href
)) as typeof import('../../../replayer/main.ts');

const { quotas } = loadSettings({}, {});

describe('API: channels', function () {
  this.timeout(60_000);
  let world: ApiWorld;
  before(async () => (world = await ApiWorld.start()));
  after(() => world.stop());

  const remove = (channel: string) => world.call('DELETE', `/api/v1/channels/${channel}`);
  /** All keys of a channel. */
  const keysOf = async (channel: string) => (await world.redis.keys(`*${channel}*`)).sort();

  it('deletes a channel with all that was kept of it; its next event has a newer epoch', async () => {
    const writer = world.writer('gone');
    let last = await writer.emit(records(1));
    await world.redis.hset(keys.consumers('gone'), 'reader', `1-1 ${Date.now()}`);
    await world.redis.hset(keys.checkpoint('reader'), { '@gone': '1-1', '@other': '1-1' });
    await world.redis.hset(keys.ends('gone'), '1', '1');
    const follower = await world.client();
    await follower.subscribe({ channel: 'gone', mode: 'stream' });
    assert.equal((await remove('gone')).status, 204);
    assert.deepEqual(await keysOf('gone'), [keys.head('gone')]);
    assert.deepEqual(await world.redis.hgetall(keys.checkpoint('reader')), { '@other': '1-1' });
    assert.equal((await world.get('/channels/gone')).body.code, 'channel_unknown');
    const list = (await world.get('/channels')).body.items as Channel[];
    assert.ok(list.every(({ name }) => name !== 'gone'));
    assert.equal((await remove('gone')).status, 404);
    // A writer that has written before, and one that has not.
    for (const [i, each] of [writer, world.writer('gone'), writer].entries()) {
      const at = await each.emit(records(1));
      assert.ok(at.epoch > last.epoch && at.offset === 1, JSON.stringify([last, at]));
      last = at;
      await eventually('the event', () => follower.at === `${at.epoch}-1`);
      if (i < 2) assert.equal((await remove('gone')).status, 204);
    }
    // A position of before leads to the events of now, and to nothing else.
    const again = await world.client();
    const joined = await again.subscribe({ channel: 'gone', mode: 'stream', since: { epoch: 1, offset: 1 } });
    await eventually('the event', () => joined.epoch === last.epoch || again.at === positionText(last));
  });

  it('does not delete a channel that a replay, a service or a pipeline uses, until that is stopped', async () => {
    const replayer = await serveReplayer(world.settings);
    try {
      const csv = 'time,latitude,longitude\n1577836800,52.5,13\n1577923200,52.6,13\n';
      writeFileSync(join(world.settings.recordings, 'trip.csv'), csv);
      await world.post('/replays', { id: 'slow', recordings: [{ id: 'trip.csv', channel: 'used' }] });
      const playing = await remove('used');
      assert.deepEqual([playing.status, playing.body.code], [409, 'channel_in_use']);
      assert.match(playing.body.detail, /the replay slow/);
      await world.call('DELETE', '/api/v1/replays/slow');
      const service = { use: 'copy', input: 'used', output: 'copied' };
      const put = await world.call('PUT', '/api/v1/services/copier', { body: service });
      assert.ok(put.status < 300, put.text);
      assert.match((await remove('used')).body.detail, /the service copier/);
      await world.call('PATCH', '/api/v1/services/copier', { body: { state: 'stopped' } });
      const steps = [{ service: 'copy' }];
      const piped = await world.call('PUT', '/api/v1/pipelines/line', { body: { from: 'used', steps } });
      assert.ok(piped.status < 300, piped.text);
      assert.match((await remove('used')).body.detail, /the pipeline line/);
      await world.call('DELETE', '/api/v1/pipelines/line');
      assert.equal((await remove('used')).status, 204);
    } finally {
      await replayer.close();
    }
  });

  it('empties a channel of the configuration, with its key for the latest data', async () => {
    const channels = { plain: { envelope: 'none', latestKey: 'plain:latest' } } as const;
    world.settings.channels = { ...world.settings.channels, ...channels };
    await world.stopApi();
    await world.startApi();
    const { position } = (await world.post('/channels/plain/events', { n: 1 })).body;
    assert.equal(await world.redis.get('plain:latest'), '{"n":1}');
    assert.equal((await remove('plain')).status, 204);
    assert.equal(await world.redis.exists('plain:latest'), 0);
    const { body } = await world.get('/channels/plain');
    assert.deepEqual([body.offset, body.logged, body.lastEvent], [0, 0, null]);
    assert.ok(body.epoch > position.epoch, JSON.stringify(body));
  });

  it('tells the rate of each channel from its log, however it was written', async () => {
    const now = Date.now();
    const specs: ChannelSpec[] = [];
    /** A channel whose events were sent so many ms ago, the oldest first. */
    const write = async (name: string, ages: number[]) => {
      for (const [i, age] of ages.entries()) {
        const sent = new Date(now - age).toISOString();
        await world.redis.xadd(
          keys.log(name),
          `7-${i + 1}`,
          'e',
          `{"specversion":"1.0","sent":"${sent}","data":{}}`,
        );
      }
      await world.redis.hset(keys.head(name), { epoch: 7, offset: ages.length });
      specs.push(channelSpec(name));
    };
    const expected: [string, number, number][] = [];
    for (let recent = 0; recent <= 24; recent += 3) {
      const ages = [...Array(20).fill(60_000), ...Array.from({ length: recent }, (_, i) => 900 - i)];
      await write(`rate${recent}`, ages as number[]);
      expected.push([`rate${recent}`, recent / 2, 20 + recent]);
    }
    await write('rate.none', []);
    // 250 events, 4 ms apart: the sample covers less than the window.
    await write(
      'rate.busy',
      Array.from({ length: 250 }, (_, i) => 1_000 - i * 4),
    );
    const found = await describeChannels(world.redis, specs);
    const told = found.map(({ name, rate, logged }) => [name, rate, logged]);
    assert.deepEqual(told, [...expected, ['rate.none', 0, 0], ['rate.busy', 250, 250]]);
  });
});

describe('API: quotas', function () {
  this.timeout(60_000);

  it('of channels holds exactly, and leaves room for those of the configuration', async () => {
    const channels = { kept: {}, also: {} };
    const declared = Object.keys(channels);
    const quota = () => new ChannelQuota(world.redis, declared, { ...quotas, channels: 5 });
    const world = await ApiWorld.start();
    try {
      const names = Array.from({ length: 12 }, (_, i) => `new${i}`);
      // As two processes: each counts in Redis.
      const doors = [new Ingest(world.redis, quota()), new Ingest(world.redis, quota())];
      const write = (name: string, door = doors[0]!) => door.take(channelSpec(name), [{ n: 1 }], 's');
      const sent = await Promise.allSettled(names.map((name, i) => write(name, doors[i % 2])));
      const taken = names.filter((_, i) => sent[i]!.status === 'fulfilled');
      assert.equal(taken.length, 3);
      assert.deepEqual(await channelNames(world.redis), [...taken].sort());
      const refused = sent.find((each) => each.status === 'rejected') as PromiseRejectedResult;
      assert.match(sentence(refused.reason), /5 of at most 5.*REPRISE_MAX_CHANNELS/);
      for (const name of [...declared, taken[0]!]) assert.equal((await write(name)).accepted, 1);
      await deleteChannel(world.redis, channelSpec(taken[0]!));
      doors[0]!.forget(taken[0]!);
      assert.equal((await write('one.more')).accepted, 1);
      await assert.rejects(write('one.too.many'), { code: 'channels_too_many', status: 429 });
      await assert.rejects(write(taken[0]!), { code: 'channels_too_many' });
    } finally {
      await world.stop();
    }
  });

  it('of log memory, replays and tasks refuse with their reason', async () => {
    const small = { ...quotas, logBytes: 20_000, replays: 1, tasks: 1 };
    const world = await ApiWorld.start({ quotas: small });
    const replayer = await serveReplayer(world.settings);
    try {
      const csv = 'time,latitude,longitude\n1577836800,52.5,13\n1577923200,52.6,13\n';
      writeFileSync(join(world.settings.recordings, 'trip.csv'), csv);
      const play = (channel: string) => world.post('/replays', { recordings: [{ id: 'trip.csv', channel }] });
      assert.equal((await play('first')).status, 201);
      assert.deepEqual((await play('second')).body.code, 'replays_too_many');
      const task = { kind: 'convert', params: { recording: 'trip.csv', to: 'trip.mcap' } };
      assert.equal((await world.post('/tasks', task)).status, 202);
      assert.deepEqual((await world.post('/tasks', task)).body.code, 'tasks_too_many');
      const { id } = (await world.get('/replays')).body.items[0];
      await world.call('DELETE', `/api/v1/replays/${id}`);
      await world.writer('large').emit(records(200));
      await world.stopApi();
      await world.startApi();
      const full = await world.post('/channels/large/events', { n: 1 });
      assert.deepEqual([full.status, full.body.code], [429, 'logs_too_large']);
    } finally {
      await replayer.close();
      await world.stop();
    }
  });
});
