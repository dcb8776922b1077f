import assert from 'node:assert/strict';
import { channelSpec } from '../../core/wire/channels.ts';
import type { CloudEvent, TimedRecord } from '../../core/wire/event.ts';
import { keys } from '../../core/wire/keys.ts';
import { connect, duplicate, type Redis } from '../../core/redis/connection.ts';
import { beginEpoch, type Lease } from '../../core/writing/lease.ts';
import { ChannelWriter } from '../../core/writing/writer.ts';
import { openEpoch, startRedis, type TestRedis } from '../helpers/redis.ts';
import { eventually } from '../helpers/wait.ts';

const record = (n: number, subject = `s${n % 3}`): TimedRecord => ({
  timeMs: 1_700_000_000_000 + n,
  subject,
  data: `{"n":${n}}`,
});
const batch = (from: number, count: number) => Array.from({ length: count }, (_, i) => record(from + i));

describe('ChannelWriter on Redis', () => {
  let server: TestRedis;
  let redis: Redis;
  before(async () => {
    server = await startRedis();
    redis = await connect(server.url, 'test');
  });
  after(async () => {
    redis.disconnect();
    await server.stop();
  });

  async function log(channel: string): Promise<{ id: string; event: CloudEvent }[]> {
    const entries = await redis.xrange(keys.log(channel), '-', '+');
    return entries.map(([id, fields]) => ({ id, event: JSON.parse(fields[1]!) as CloudEvent }));
  }

  it('publishes a large batch only if somebody listens, by name or by pattern, and always logs it', async () => {
    const published = async () =>
      Number(/cmdstat_publish:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
    const writer = new ChannelWriter(redis, channelSpec('heard'), { source: '/test' });
    const before = await published();
    await writer.emit(batch(0, 40));
    assert.equal(await published(), before, 'nobody listens');
    for (const how of ['subscribe', 'psubscribe'] as const) {
      const heard: number[] = [];
      const subscriber = duplicate(redis);
      const hear = (text: string) => heard.push((JSON.parse(text) as CloudEvent).offset);
      subscriber.on('message', (_channel, text) => hear(text));
      subscriber.on('pmessage', (_pattern, _channel, text) => hear(text));
      await subscriber[how](how === 'subscribe' ? 'heard' : 'hea*');
      const { offset } = await writer.emit(batch(0, 40));
      await eventually('all that was published', () => heard.length === 40);
      assert.deepEqual(
        heard,
        Array.from({ length: 40 }, (_, i) => offset - 39 + i),
      );
      subscriber.disconnect();
    }
    assert.equal((await log('heard')).length, 120);
  });

  it('publishes, logs and stores the state in one call, as CloudEvents with epoch and offset', async () => {
    await openEpoch(redis, 'wire');
    const heard: string[] = [];
    const subscriber = duplicate(redis);
    subscriber.on('message', (_channel, text) => heard.push(text));
    await subscriber.subscribe('wire');
    const writer = new ChannelWriter(redis, channelSpec('wire'), {
      source: '/replays/demo',
      replay: 'demo',
      wall: () => 0,
    });
    await writer.emit([
      { timeMs: Date.UTC(2019, 11, 24, 20, 21, 27, 999), subject: 'truck-7', data: '{"latitude":4.0}' },
    ]);
    await eventually('the message', () => heard.length > 0);
    subscriber.disconnect();
    const line =
      '{"specversion":"1.0","id":"wire/1/1","source":"/replays/demo","type":"wire","subject":"truck-7",' +
      '"time":"2019-12-24T20:21:27.999Z","epoch":1,"offset":1,"replay":"demo","sent":"1970-01-01T00:00:00.000Z","data":{"latitude":4.0}}';
    assert.deepEqual(heard, [line]);
    assert.deepEqual(await redis.xrange(keys.log('wire'), '-', '+'), [['1-1', ['e', line]]]);
    assert.equal(await redis.hget(keys.state('wire'), 'truck-7'), line);
  });

  it('publishes bare data on a channel without envelope, and sets its plain key', async () => {
    const heard: string[] = [];
    const subscriber = duplicate(redis);
    subscriber.on('message', (_channel, text) => heard.push(text));
    await subscriber.subscribe('bare');
    const spec = channelSpec('bare', { bare: { envelope: 'none', latestKey: 'bare_state' } });
    await new ChannelWriter(redis, spec, { source: '/x' }).emit(batch(1, 2));
    await eventually('both messages', () => heard.length > 1);
    subscriber.disconnect();
    assert.deepEqual(heard, ['{"n":1}', '{"n":2}']);
    assert.equal(await redis.get('bare_state'), '{"n":2}');
  });

  it('leaves no hole and no duplicate if several writers share a channel, and each keeps its order', async () => {
    await openEpoch(redis, 'shared');
    const connections = await Promise.all([1, 2, 3].map(() => connect(server.url, 'writer')));
    await Promise.all(
      connections.map(async (connection, w) => {
        const writer = new ChannelWriter(connection, channelSpec('shared'), { source: `/writers/${w}` });
        const sendings = Array.from({ length: 60 }, (_, i) =>
          writer.emit([record(i * 2, `w${w}`), record(i * 2 + 1, `w${w}`)]),
        );
        await Promise.all(sendings);
      }),
    );
    for (const connection of connections) connection.disconnect();
    const events = await log('shared');
    assert.deepEqual(
      events.map(({ id }) => id),
      Array.from({ length: 360 }, (_, i) => `1-${i + 1}`),
    );
    for (let w = 0; w < 3; w++) {
      const numbers = events
        .filter(({ event }) => event.subject === `w${w}`)
        .map(({ event }) => event.data['n']);
      assert.deepEqual(
        numbers,
        Array.from({ length: 120 }, (_, i) => i),
      );
    }
  });

  it('loses and duplicates nothing if Redis is killed while batches are on their way', async () => {
    const writer = new ChannelWriter(redis, channelSpec('killed'), { source: '/x' });
    let sent = 0;
    const sendings: Promise<unknown>[] = [];
    const killings = (async () => {
      for (let kill = 0; kill < 3; kill++) {
        await new Promise((resolve) => setTimeout(resolve, 40));
        await server.kill();
        await server.restart();
      }
      return true;
    })();
    let over = false;
    void killings.then(() => (over = true));
    while (!over) {
      sendings.push(writer.emit(batch(sent, 20)));
      sent += 20;
      if (sendings.length % 4 === 0) await sendings.at(-3);
    }
    await Promise.all(sendings);
    const events = await log('killed');
    assert.deepEqual(
      events.map(({ event }) => event.data['n']),
      Array.from({ length: sent }, (_, i) => i),
    );
    assert.equal(events.at(-1)!.event.offset, sent);
  }).timeout(20_000);

  it('refuses a second replay on an owned channel, and the first one once it has lost the channel', async () => {
    await openEpoch(redis, 'owned');
    const lease = (name: string): Lease => ({ token: `${name} token`, lifeMs: 60_000 });
    const first = new ChannelWriter(redis, channelSpec('owned'), { source: '/replays/a', lease: lease('a') });
    first.startEpoch(await beginEpoch(redis, ['owned'], lease('a')));
    await first.emit(batch(0, 2));
    await assert.rejects(beginEpoch(redis, ['free', 'owned'], lease('b')), /being played on by replay "a"/);
    assert.equal(await redis.exists(keys.owner('free')), 0, 'all channels or none');

    await redis.del(keys.owner('owned')); // As if the lease expired while its process was stopped.
    const second = new ChannelWriter(redis, channelSpec('owned'), {
      source: '/replays/b',
      lease: lease('b'),
    });
    second.startEpoch(await beginEpoch(redis, ['owned'], lease('b')));
    await second.emit(batch(10, 1));
    await assert.rejects(first.emit(batch(2, 1)), /no longer owns channel "owned"/);
    assert.deepEqual(
      (await log('owned')).map(({ id, event }) => [id, event.data['n']]),
      [
        ['2-1', 0],
        ['2-2', 1],
        ['3-1', 10],
      ],
    );
  });

  it('does not write on in an epoch whose latest events Redis has lost', async () => {
    const lease = { token: 'r t', lifeMs: 60_000 };
    const writer = new ChannelWriter(redis, channelSpec('short'), { source: '/replays/r', lease });
    const epoch = await beginEpoch(redis, ['short'], lease);
    writer.startEpoch(epoch);
    await writer.emit(batch(0, 5));
    await redis.hset(keys.head('short'), 'offset', 3);
    await assert.rejects(writer.emit(batch(5, 5)), { code: 'log_reset' });
    await redis.del(keys.head('short'));
    assert.ok((await beginEpoch(redis, ['short'], lease)) > epoch, 'an epoch is never repeated');
  });

  it('clears the state of the previous epoch', async () => {
    await openEpoch(redis, 'epochs');
    const lease = { token: 'r t', lifeMs: 60_000 };
    const writer = new ChannelWriter(redis, channelSpec('epochs'), { source: '/replays/r', lease });
    writer.startEpoch(await beginEpoch(redis, ['epochs'], lease));
    await writer.emit(batch(0, 3));
    writer.startEpoch(await beginEpoch(redis, ['epochs'], lease));
    assert.equal(await redis.hlen(keys.state('epochs')), 0);
    await writer.emit([record(7, 'only')]);
    assert.deepEqual(await redis.hkeys(keys.state('epochs')), ['only']);
    assert.equal((await log('epochs')).at(-1)!.id, '3-1');
  });

  it('waits for an attached service rather than push unread events out of the log', async () => {
    await openEpoch(redis, 'bounded');
    const spec = channelSpec('bounded', { bounded: { log: 100 } });
    const writer = new ChannelWriter(redis, spec, { source: '/x', waits: true });
    await writer.emit(batch(0, 50));
    await redis.hset(keys.consumers('bounded'), 'slow', `1-20 ${Date.now() + 60_000}`);
    await writer.emit(batch(50, 50));
    let written = false;
    const waiting = writer.emit(batch(100, 50)).then(() => (written = true));
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(written, false, 'offset 21 to 50 would have left the log');
    await redis.hset(keys.consumers('bounded'), 'slow', `1-50 ${Date.now() + 60_000}`);
    await waiting;
    assert.equal((await log('bounded')).at(-1)!.id, '1-150');
  });

  it('begins an epoch on a full log once a service has read it', async () => {
    await openEpoch(redis, 'again');
    const lease = { token: 'r t', lifeMs: 60_000 };
    const spec = channelSpec('again', { again: { log: 100 } });
    const writer = new ChannelWriter(redis, spec, { source: '/x', lease, waits: true });
    const at = (position: string) =>
      redis.hset(keys.consumers('again'), 'attached', `${position} ${Date.now() + 60_000}`);
    writer.startEpoch(await beginEpoch(redis, ['again'], lease));
    await writer.emit(batch(0, 100));
    await at('2-99');
    writer.startEpoch(await beginEpoch(redis, ['again'], lease));
    let written = false;
    const waiting = writer.emit(batch(0, 100)).then(() => (written = true));
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(written, false, 'an event of the previous epoch would have left the log');
    await at('2-100');
    await waiting;
    written = false;
    const next = writer.emit(batch(100, 1)).then(() => (written = true));
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(written, false, 'the first event of this epoch would have left the log');
    await at('3-1');
    await next;
  });

  it('does not wait while the log has room, nor for a service that is ahead of the channel', async () => {
    await openEpoch(redis, 'room');
    const spec = channelSpec('room', { room: { log: 100 } });
    const writer = new ChannelWriter(redis, spec, { source: '/x', waits: true });
    const at = (position: string) =>
      redis.hset(keys.consumers('room'), 'attached', `${position} ${Date.now() + 60_000}`);
    await writer.emit(batch(0, 100));
    await at('1-20');
    await redis.xtrim(keys.log('room'), 'MAXLEN', 0);
    assert.deepEqual(
      await writer.emit(batch(100, 50)),
      { epoch: 1, offset: 150 },
      'the events that it missed are already gone',
    );
    await at('7-1');
    assert.deepEqual(await writer.emit(batch(150, 200)), { epoch: 1, offset: 350 });
  });
});
