import assert from 'node:assert/strict';
import { Host } from '../../../backend/analysis/hosting/host.ts';
import { serviceKinds } from '../../../backend/analysis/hosting/registry.ts';
import { channelSpec } from '../../../core/wire/channels.ts';
import { beginEpoch, markChannels, type Lease } from '../../../core/writing/lease.ts';
import type { CloudEvent, TimedRecord } from '../../../core/wire/event.ts';
import { keys } from '../../../core/wire/keys.ts';
import { createLog } from '../../../core/logging/log.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { setupOf, type Setup } from '../../../core/setup/setup.ts';
import { readHead, readLog } from '../../../core/redis/channel-store.ts';
import { readDeadLetters } from '../../../core/redis/dead-letters.ts';
import { ChannelWriter } from '../../../core/writing/writer.ts';
import { eventually } from '../../helpers/wait.ts';
import { withRedis } from '../../helpers/redis.ts';

const START_MS = Date.UTC(2024, 0, 1);
const OUTPUTS = ['heard', 'tens'];
const services: Setup['services'] = {
  heard: { use: 'copy', mode: 'live', input: 'gps', output: 'heard' },
  tens: {
    use: 'windows',
    mode: 'live',
    input: 'gps',
    output: 'tens',
    params: { window: { kind: 'tumbling', size: '10s' }, select: { n: 'count()' } },
  },
};

describe('a live service', () => {
  let redis: Redis;
  withRedis((connected) => ({ redis } = connected));
  let host: Host;
  let writer: ChannelWriter;
  const lease: Lease = { token: 'test token', lifeMs: 60_000 };

  before(async () => {
    writer = new ChannelWriter(redis, channelSpec('gps'), { source: '/replays/test', replay: 'test', lease });
    await begin();
    await start();
  });
  after(async () => {
    await host?.close();
  });

  async function start(): Promise<void> {
    const log = createLog('test', 'silent');
    host = new Host({ redis, kinds: await serviceKinds(), channels: {}, partition: null, log });
    await host.apply({ ...setupOf({}), services });
    await eventually('both to listen', async () => {
      const [, subscribers] = (await redis.pubsub('NUMSUB', 'gps')) as [string, number];
      return (Number(subscribers) || Number(await redis.pubsub('NUMPAT'))) >= 2;
    });
  }

  /** The positions of the outputs when the epoch of the input began. */
  let stood = new Map<string, number>();
  async function begin(): Promise<void> {
    const heads = await Promise.all(OUTPUTS.map((channel) => readHead(redis, channel)));
    stood = new Map(OUTPUTS.map((channel, i) => [channel, heads[i]!.epoch]));
    writer.startEpoch(await beginEpoch(redis, ['gps'], lease, writer.epoch));
  }

  const record = (n: number): TimedRecord => ({
    timeMs: START_MS + n * 1_000,
    subject: 'car',
    data: JSON.stringify({ latitude: 52, longitude: 13, n }),
  });
  const emit = (from: number, count: number) =>
    writer.emit(Array.from({ length: count }, (_, i) => record(from + i)));

  /** The events derived in the current epoch, once there are this many. */
  async function derived(channel: string, count: number): Promise<CloudEvent[]> {
    return eventually(`${count} events on ${channel}`, async () => {
      const { epoch } = await readHead(redis, channel);
      if (epoch <= stood.get(channel)!) return null;
      const entries = await readLog(redis, channel, { epoch, offset: 0 }, 10_000);
      return entries.length >= count ? entries.map(({ event }) => JSON.parse(event) as CloudEvent) : null;
    });
  }

  async function lost(service: string, count: number): Promise<void> {
    await eventually(`${count} lost by ${service}`, async () => {
      const documents = Object.values(await redis.hgetall(keys.services));
      return documents
        .map((text) => JSON.parse(text) as { name: string; lost?: number })
        .some((document) => document.name === service && document.lost === count);
    });
  }

  it('marks all derived events as possibly incomplete, and handles every event of a burst', async () => {
    for (let from = 0; from < 2_000; from += 50) void emit(from, 50);
    const events = await derived('heard', 2_000);
    assert.deepEqual(
      events.map(({ offset, data }) => [offset, data['n']]),
      Array.from({ length: 2_000 }, (_, n) => [n + 1, n]),
    );
    assert.ok(events.every(({ atmostonce }) => atmostonce === true));
  });

  it('begins and ends an epoch of its output with one of its input', async () => {
    await begin();
    await emit(0, 25);
    assert.equal((await derived('tens', 2)).length, 2);
    await markChannels(redis, ['gps'], lease, { epoch: writer.epoch, timeMs: START_MS + 24_000, over: true });
    assert.deepEqual(
      (await derived('tens', 3)).map(({ data }) => data['n']),
      [10, 10, 5],
    );
    const after = await readHead(redis, 'tens');
    assert.equal(after.epoch, stood.get('tens')! + 1);
    await eventually(
      'the end to be told on',
      async () => (await redis.hget(keys.ends('tens'), String(after.epoch))) === '3',
    );
  });

  it('brings an epoch to its end when the next follows at once', async () => {
    await begin();
    const { epoch } = await readHead(redis, 'tens');
    await emit(0, 15);
    await derived('tens', 1);
    await markChannels(redis, ['gps'], lease, { epoch: writer.epoch, timeMs: START_MS + 14_000, over: true });
    await begin();
    await emit(0, 1);
    await eventually('the next epoch', async () => (await readHead(redis, 'tens')).epoch === epoch + 2);
    const entries = await readLog(redis, 'tens', { epoch: epoch + 1, offset: 0 }, 10);
    assert.deepEqual(
      entries.map(({ event }) => (JSON.parse(event) as CloudEvent).data['n']),
      [10, 5],
    );
  });

  it('counts the events that it did not hear, also at the end of an epoch', async () => {
    await begin();
    await emit(0, 3);
    assert.equal((await derived('heard', 3)).length, 3);
    // These events are in the log, but were not published.
    const { epoch } = writer;
    await redis.hset(keys.head('gps'), 'offset', 5);
    await lost('heard', 2);
    writer.startEpoch(epoch, 5);
    await emit(5, 1);
    assert.deepEqual(
      (await derived('heard', 4)).map(({ data }) => data['n']),
      [0, 1, 2, 5],
    );
  });

  it('sends lines that are not valid events to the dead letters, and continues', async () => {
    await begin();
    await emit(0, 1);
    await derived('heard', 1);
    const event = {
      specversion: '1.0',
      subject: 'a',
      time: '2024-01-01T00:00:00Z',
      epoch: 1,
      offset: 2,
      data: {},
    };
    const lines = [
      ...['hello', '{"latitude":1}', 'null', Buffer.from([0, 255, 254])],
      ...[
        { partition: 5 },
        { traceparent: {} },
        { data: null },
        { data: [] },
        { offset: -1 },
        { time: 5 },
      ].map((wrong) => JSON.stringify({ ...event, ...wrong })),
      JSON.stringify(event).replace('"epoch":1', '"epoch":1e999'),
    ];
    for (const line of lines) await redis.publish('gps', line);
    await emit(1, 1);
    assert.equal((await derived('heard', 2)).length, 2);
    const { items } = await eventually('the letters', async () => {
      const letters = await readDeadLetters(redis, 100);
      return letters.items.length === lines.length * OUTPUTS.length ? letters : null;
    });
    assert.ok(items.every(({ reason }) => /is not a valid event/.test(reason)));
  });

  it('begins a new epoch after it was away, and counts the events published meanwhile', async () => {
    await begin();
    await emit(0, 10);
    await derived('heard', 10);
    const { epoch } = await readHead(redis, 'heard');
    await host.close();
    await emit(10, 5);
    await start();
    await emit(15, 5);
    await eventually('its next epoch', async () => (await readHead(redis, 'heard')).epoch === epoch + 1);
    assert.deepEqual(
      (await derived('heard', 5)).map(({ data }) => data['n']),
      [15, 16, 17, 18, 19],
    );
    // Counts all events of the epoch that this process did not hear.
    await lost('heard', 15);
  });
});
