import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { Block } from '../../core/wire/block.ts';
import { channelSpec } from '../../core/wire/channels.ts';
import type { CloudEvent, TimedRecord } from '../../core/wire/event.ts';
import { keys } from '../../core/wire/keys.ts';
import { connect, duplicate, type Redis } from '../../core/redis/connection.ts';
import { beginEpoch, releaseLease, renewLease, resumeEpoch } from '../../core/writing/lease.ts';
import { ChannelWriter, type WriterOptions } from '../../core/writing/writer.ts';
import { openEpoch, startRedis, type TestRedis } from '../helpers/redis.ts';

/** Enough events for the writer to use a transaction. */
const COUNT = 40;

const records = (from: number, count = COUNT, subject = ''): TimedRecord[] =>
  Array.from({ length: count }, (_, i) => ({
    timeMs: 1_700_000_000_000 + from + i,
    subject: subject || `s${(from + i) % 3}`,
    data: `{"n":${from + i}}`,
  }));
const block = (from: number, count = COUNT, subject = '') => Block.of(records(from, count, subject));

describe('ChannelWriter, with transactions', function () {
  this.timeout(60_000);
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

  async function writerOf(
    channel: string,
    options: Partial<WriterOptions> = {},
    spec = channelSpec(channel),
  ) {
    const writer = new ChannelWriter(redis, spec, { source: '/x', ...options });
    await redis.ping(); // By now the writer knows that the connection can suppress replies.
    return writer;
  }

  async function log(channel: string): Promise<{ id: string; event: CloudEvent }[]> {
    const entries = await redis.xrange(keys.log(channel), '-', '+');
    return entries.map(([id, fields]) => ({ id, event: JSON.parse(fields[1]!) as CloudEvent }));
  }

  const numbers = async (channel: string) => (await log(channel)).map(({ event }) => event.data['n']);
  const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

  it('leaves the same in Redis and on the wire as the function, byte for byte', async () => {
    const heard: string[] = [];
    const subscriber = duplicate(redis);
    subscriber.on('message', (_channel, text) => heard.push(text));
    await subscriber.subscribe('same');
    const aRecord = fc.record({
      timeMs: fc.oneof(
        fc.integer({ min: 0, max: 2e12 }),
        fc.integer({ min: 0, max: 2e15 }).map((us) => us / 1000),
      ),
      subject: fc.oneof(
        fc.constantFrom('truck-7', 'überland "5"', '日本', '\u2028'),
        fc.string({ unit: 'grapheme' }),
      ),
      data: fc
        .dictionary(fc.string(), fc.string({ unit: 'grapheme' }), { maxKeys: 4 })
        .map((data) => JSON.stringify(data)),
    });
    // As most recordings are: these events are written by the loop in WebAssembly.
    const aNeighbour = fc.record({
      timeMs: fc.oneof(
        fc.integer({ min: 1.7e12, max: 1.7e12 + 3_000 }),
        fc.constantFrom(1.7e12 + 0.25, 1.7e12 + 1_000),
      ),
      subject: fc.constantFrom('a', 'überland'),
      data: fc.integer({ min: 0, max: 300 }).map((length) => JSON.stringify({ x: 'x'.repeat(length) })),
    });
    const config = fc.record({ log: fc.constantFrom(0, 50, 100_000), state: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          ...[aRecord, aNeighbour].map((each) => fc.array(each, { minLength: COUNT + 3, maxLength: 100 })),
        ),
        config,
        async (given, channel) => {
          const spec = channelSpec('same', { same: channel });
          const [first, rest] = [given.slice(0, 3), given.slice(3)];
          const left = [];
          for (const batch of [rest, Block.of(rest)]) {
            await redis.flushall();
            heard.length = 0;
            const writer = await writerOf(
              'same',
              { replay: 'ré', wall: () => 0, lease: { token: 'ré 1', lifeMs: 60_000 } },
              spec,
            );
            await writer.emit(first);
            const position = await writer.emit(batch);
            await redis.ping();
            const receipts = await redis.keys('reprise:receipt:*');
            assert.equal(
              receipts.length,
              batch instanceof Block ? 1 : 0,
              'the block was written by a transaction',
            );
            const { by, ...head } = await redis.hgetall(keys.head('same'));
            left.push({
              position,
              by,
              head,
              heard: [...heard],
              log: await redis.xrange(keys.log('same'), '-', '+'),
              state: await redis.hgetall(keys.state('same')),
              owner: await redis.get(keys.owner('same')),
              channels: await redis.smembers(keys.channels),
            });
          }
          assert.deepEqual(left[1], left[0]);
        },
      ),
      { numRuns: 60 },
    );
    subscriber.disconnect();
  });

  it('leaves no hole and no duplicate if several writers share a channel, and each keeps its order', async () => {
    await openEpoch(redis, 'shared');
    const connections = await Promise.all([1, 2, 3].map(() => connect(server.url, 'writer')));
    await Promise.all(
      connections.map(async (connection, w) => {
        const writer = new ChannelWriter(connection, channelSpec('shared'), { source: `/writers/${w}` });
        await connection.ping();
        await Promise.all(
          upTo(20).map((i) =>
            writer.emit(i % 3 === 0 ? records(i * COUNT, COUNT, `w${w}`) : block(i * COUNT, COUNT, `w${w}`)),
          ),
        );
      }),
    );
    for (const connection of connections) connection.disconnect();
    const events = await log('shared');
    assert.deepEqual(
      events.map(({ id }) => id),
      upTo(60 * COUNT).map((n) => `1-${n + 1}`),
    );
    for (let w = 0; w < 3; w++) {
      const own = events.filter(({ event }) => event.subject === `w${w}`);
      assert.deepEqual(
        own.map(({ event }) => event.data['n']),
        upTo(20 * COUNT),
      );
    }
  });

  it('loses and duplicates nothing if Redis is killed while blocks are on their way', async () => {
    const writer = await writerOf('killed');
    let killing = true;
    let sent = 0;
    const sendings: Promise<unknown>[] = [];
    const kills = (async () => {
      for (let kill = 0; kill < 4; kill++) {
        await delay(10 + kill * 15);
        if (kill % 2 === 1) {
          // Longer than an admission lasts: the transaction under way is refused, and so are those behind it.
          server.freeze();
          await delay(1_100);
          server.thaw();
          await delay(kill);
        }
        await server.kill();
        await server.restart();
      }
      killing = false;
    })();
    while (killing) {
      sendings.push(writer.emit(block(sent, COUNT)));
      sent += COUNT;
      await delay(3);
    }
    await kills;
    await Promise.all(sendings);
    assert.deepEqual(await numbers('killed'), upTo(sent));
  });

  it('continues if Redis has lost its functions', async () => {
    const writer = await writerOf('forgetful');
    await writer.emit(block(0));
    await redis.function('FLUSH');
    await writer.emit(block(COUNT));
    await writer.emit(block(COUNT * 2));
    assert.deepEqual(await numbers('forgetful'), upTo(COUNT * 3));
  });

  it('writes nothing once another process has the channel or has written in between', async () => {
    const lease = { token: 'first 1', lifeMs: 60_000 };
    const first = await writerOf('owned', { lease });
    first.startEpoch(await beginEpoch(redis, ['owned'], lease));
    await first.emit(block(0));
    const other = await writerOf('owned');
    await other.emit(block(1_000));
    await first.emit(block(COUNT));
    assert.deepEqual(await numbers('owned'), [
      ...upTo(COUNT),
      ...upTo(COUNT).map((n) => n + 1_000),
      ...upTo(COUNT).map((n) => n + COUNT),
    ]);
    // The lease expires while its process is stopped. Another process takes the channel, and then releases it.
    await redis.del(keys.owner('owned'));
    const second = { token: 'first 2', lifeMs: 60_000 };
    assert.equal((await resumeEpoch(redis, ['owned'], second, 'first'))?.channels[0]?.offset, COUNT * 3);
    assert.match((await renewLease(redis, ['owned'], lease))!.message, /taken over replay/);
    await releaseLease(redis, ['owned'], second);
    await assert.rejects(first.emit(block(COUNT * 2)), { code: 'replay_taken' });
    assert.equal((await log('owned')).length, COUNT * 3);
  });

  it('waits for an attached service rather than push unread events out of the log', async () => {
    await openEpoch(redis, 'bounded');
    const writer = await writerOf(
      'bounded',
      { waits: true },
      channelSpec('bounded', { bounded: { log: 100 } }),
    );
    await writer.emit(block(0));
    await redis.hset(keys.consumers('bounded'), 'slow', `1-10 ${Date.now() + 60_000}`);
    await writer.emit(block(COUNT));
    let written = false;
    const waiting = writer.emit(block(COUNT * 2)).then(() => (written = true));
    await delay(60);
    assert.equal(written, false, 'offset 11 to 20 would have left the log');
    await redis.hset(keys.consumers('bounded'), 'slow', `1-20 ${Date.now() + 60_000}`);
    await waiting;
    assert.equal((await log('bounded')).at(-1)!.id, `1-${COUNT * 3}`);
  });

  it('throws if the log refuses an entry', async () => {
    await openEpoch(redis, 'spoilt');
    const writer = await writerOf('spoilt');
    await writer.emit(block(0));
    await redis.xadd(keys.log('spoilt'), '1-5000', 'e', '{}');
    await assert.rejects(writer.emit(block(COUNT)), /equal or smaller/);
    assert.equal(await redis.hget(keys.head('spoilt'), 'offset'), String(COUNT));
  });
});
