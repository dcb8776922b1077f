import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { LogReader } from '../../../core/redis/log-reader.ts';
import { readHead } from '../../../core/redis/channel-store.ts';
import type { Status } from '../../../schemas/types.ts';
import { eventually } from '../../helpers/wait.ts';
import { openEpoch } from '../../helpers/redis.ts';
import { records, ApiWorld } from '../../helpers/api-world.ts';

describe('gateway, when Redis fails', function () {
  this.timeout(60_000);
  let world: ApiWorld;
  beforeEach(async () => {
    world = await ApiWorld.start();
    await openEpoch(world.redis, 'gps');
  });
  afterEach(() => world.stop());

  it('reports it, refuses requests at once, and continues by itself once Redis is back', async () => {
    const writer = world.writer('gps');
    await writer.emit(records(5));
    const client = await world.client();
    const { epoch, offset } = await client.subscribe({ channel: 'gps' });
    assert.deepEqual([epoch, offset], [1, 5]);
    await world.redis.save();
    await world.server.kill();
    await eventually('the bad news', () => (client.latest['status'] as Status)?.redis === 'down');
    assert.equal((await world.call('GET', '/healthz')).status, 200);
    const ready = await world.call('GET', '/readyz');
    assert.equal(ready.status, 503);
    assert.equal(ready.body.code, 'redis_unreachable');
    assert.equal(ready.headers.get('retry-after'), '1');
    assert.equal((await world.get('/channels')).status, 503);
    await world.server.restart();
    await eventually('the good news', () => (client.latest['status'] as Status)?.redis === 'up');
    await world.writer('gps').emit(records(3));
    await eventually('new events', () => client.at === '1-8');
    assert.deepEqual(
      client.events.map((event) => event.offset),
      [6, 7, 8],
    );
    await eventually('readiness', async () => (await world.call('GET', '/readyz')).status === 200);
  });

  it('has clients start again if Redis comes back without its latest events', async () => {
    const writer = world.writer('gps');
    await writer.emit(records(5));
    await world.redis.save();
    const client = await world.client();
    await client.subscribe({ channel: 'gps' });
    await world.redis.config('SET', 'appendonly', 'no');
    await writer.emit(records(50));
    await eventually('all', () => client.at === '1-55');
    const gone = new Promise((resolve) => client.socket.once('disconnect', resolve));
    await world.redis.flushall();
    await gone;
    await eventually('a new connection', () => client.socket.connected);
    const fix = { latitude: 1, longitude: 2 };
    await world.post('/channels/gps/events', Array<object>(80).fill(fix));
    const again = await client.subscribe({ channel: 'gps', since: { epoch: 1, offset: 55 } });
    assert.ok(again.epoch > Date.now() - 60_000, 'a new epoch, which the lost data cannot have had');
    assert.deepEqual([again.offset, again.recovered, again.snapshot.length], [80, false, 1]);
  });

  it('notices a log that went back and has meanwhile grown past its old position', async () => {
    const writer = world.writer('gps');
    await writer.emit(records(5));
    const heard: number[] = [];
    const reader = new LogReader(world.redis, { rewound: (_channel, head) => heard.push(head.offset) });
    const read: number[] = [];
    void (async () => {
      for await (const batches of reader.batches()) for (const { from, to } of batches) read.push(from, to);
    })();
    reader.add('gps', await readHead(world.redis, 'gps'));
    await writer.emit(records(20));
    await eventually('what was written', () => read.at(-1) === 25);
    await world.server.kill();
    await delay(100);
    await world.server.restart();
    await world.redis.flushall();
    await openEpoch(world.redis, 'gps');
    await world.writer('gps').emit(records(40));
    await eventually('the setback', () => heard.length > 0);
    await world.writer('gps').emit(records(2));
    await eventually('what came after', () => read.at(-1) === 42);
    reader.close();
  });
});
