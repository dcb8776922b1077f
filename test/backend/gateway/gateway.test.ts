import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { keys } from '../../../core/wire/keys.ts';
import { announce } from '../../../core/redis/presence.ts';
import { internalsOf } from '../../../backend/gateway/engine-internals.ts';
import type { Replay, Service, Status, Subscribed } from '../../../schemas/types.ts';
import { eventually } from '../../helpers/wait.ts';
import { records, ApiWorld, type Client } from '../../helpers/api-world.ts';

/** Asserts that a client received each event after its snapshot exactly once and in order. */
function assertExact(client: Client, { epoch, offset }: Subscribed, lastOffset: number): void {
  const offsets = client.events.filter((event) => event.epoch === epoch).map((event) => event.offset);
  assert.deepEqual(
    offsets,
    Array.from({ length: lastOffset - offset }, (_, i) => offset + 1 + i),
  );
  let at = offset;
  for (const batch of client.batches.filter((each) => each.epoch === epoch)) {
    assert.equal(batch.from, at + 1, 'batches lie end to end');
    assert.equal(batch.events.length + batch.conflated + batch.dropped, batch.to - batch.from + 1);
    at = batch.to;
  }
}

describe('gateway', function () {
  this.timeout(30_000);
  let world: ApiWorld;
  before(async () => (world = await ApiWorld.start()));
  after(() => world.stop());

  it('joins snapshot and live events without a gap or a duplicate while events are written', async () => {
    const writer = world.writer('gps');
    await writer.emit(records(10));
    let writing = true;
    const written = (async () => {
      // Slower than a client can read on a busy machine: a client that falls behind would get only the latest events.
      for (; writing; await delay(1)) await writer.emit(records(7, ['a', 'b', 'c', 'd']));
    })();
    const clients = await Promise.all(Array.from({ length: 8 }, () => world.client()));
    const joined: Subscribed[] = [];
    for (const client of clients) {
      joined.push(await client.subscribe({ channel: 'gps' }));
      await delay(15);
    }
    await delay(200);
    writing = false;
    await written;
    const { offset } = await writer.emit(records(1));
    for (const client of clients) await eventually('the last event', () => client.at.endsWith(`-${offset}`));
    clients.forEach((client, i) => {
      const snapshot = joined[i]!.snapshot;
      assert.ok(snapshot.every((event) => event.offset <= joined[i]!.offset));
      assert.equal(new Set(snapshot.map(({ subject }) => subject)).size, snapshot.length);
      assertExact(client, joined[i]!, offset);
      client.socket.disconnect();
    });
  });

  it('resumes from the log after a lost connection and reports it as recovered', async () => {
    const writer = world.writer('posts');
    const text = (n: number) => ({ text: `post ${n}` });
    const { epoch, offset } = await writer.emit(records(20, ['x'], text));
    const client = await world.client();
    const first = await client.subscribe({ channel: 'posts', since: { epoch, offset: 5 } });
    assert.deepEqual(first, { epoch, offset: 5, recovered: true, snapshot: [] });
    await eventually('the missed events', () => client.at === `${epoch}-${offset}`);
    assertExact(client, first, offset);
    const late = await world.client();
    const up = await late.subscribe({ channel: 'posts', since: { epoch, offset } });
    assert.equal(up.recovered, true);
    const { offset: last } = await writer.emit(records(3, ['x'], text));
    await eventually('live events', () => late.at === `${epoch}-${last}`);
    assertExact(late, up, last);
  });

  it('lets a client resume at another API process', async () => {
    const writer = world.writer('twice');
    const { offset: begun } = await writer.emit(records(3));
    const other = await world.anotherApi();
    const [here, there] = [await world.client(), await world.client({}, other.url)];
    const joined = await Promise.all([here, there].map((client) => client.subscribe({ channel: 'twice' })));
    assert.deepEqual(joined[0], joined[1]);
    const { epoch, offset } = await writer.emit(records(40));
    for (const client of [here, there]) await eventually('all', () => client.at === `${epoch}-${offset}`);
    assert.deepEqual(here.events, there.events);
    assert.equal(here.events.length, offset - begun);
    here.socket.disconnect();
    const { offset: missed } = await writer.emit(records(20));
    const moved = await world.client({}, other.url);
    const again = await moved.subscribe({ channel: 'twice', since: { epoch, offset } });
    assert.equal(again.recovered, true);
    await eventually('what it missed', () => moved.at === `${epoch}-${missed}`);
    assertExact(moved, again, missed);
    await other.close();
  });

  it('resumes a client that is far behind while events are written, and sends everything once', async () => {
    const writer = world.writer('far');
    const { epoch } = await writer.emit(records(1));
    for (let i = 0; i < 12; i++) await writer.emit(records(1_000));
    let writing = true;
    const written = (async () => {
      // As much as a client can read: a client that falls behind would get only the latest events.
      for (; writing; await delay(10)) await writer.emit(records(50));
    })();
    const client = await world.client();
    const joined = await client.subscribe({ channel: 'far', since: { epoch, offset: 1 } });
    assert.equal(joined.recovered, true);
    await delay(500);
    writing = false;
    await written;
    const { offset } = await writer.emit(records(1));
    await eventually('the end', () => client.at === `${epoch}-${offset}`);
    assertExact(client, joined, offset);
    assert.equal(
      client.batches.reduce((sum, { conflated }) => sum + conflated, 0),
      0,
    );
  });

  it('sends a snapshot if it cannot resume: after another epoch, or from a position ahead', async () => {
    const writer = world.writer('again');
    await writer.emit(records(4));
    await world.newEpoch('again');
    const { epoch, offset } = await world.writer('again').emit(records(2));
    const client = await world.client();
    for (const since of [
      { epoch: 1, offset: 2 },
      { epoch, offset: 99 },
      { epoch: 0, offset: 0 },
    ]) {
      const answer = await client.subscribe({ channel: 'again', since });
      assert.equal(answer.recovered, false);
      assert.deepEqual([answer.epoch, answer.offset, answer.snapshot.length], [epoch, offset, 2]);
    }
  });

  it('does not report future events as missing, in an epoch without events or from a position that never existed', async () => {
    await world.writer('dawn').emit(records(4));
    await world.newEpoch('dawn');
    const client = await world.client();
    const { epoch } = await client.subscribe({ channel: 'dawn', since: { epoch: 1, offset: 4 } });
    await client.subscribe({ channel: 'dawn', since: { epoch, offset: 9 } });
    await world.writer('dawn').emit(records(2));
    await eventually('the new epoch', () => client.at === `${epoch}-2`);
    assert.deepEqual(
      client.gaps.map(({ epoch, from, to }) => [epoch, from, to]),
      [
        [epoch, 1, 0],
        [epoch, 1, 0],
      ],
    );
    assert.deepEqual(
      client.events.map(({ offset }) => offset),
      [1, 2],
    );
  });

  it('announces a new epoch even before it has events', async () => {
    await world.writer('loop').emit(records(3));
    const client = await world.client();
    const { epoch } = await client.subscribe({ channel: 'loop' });
    await world.writer('loop').emit(records(2));
    await eventually('what comes before', () => client.at === `${epoch}-5`);
    await world.newEpoch('loop');
    await eventually('the new epoch', () => client.at === `${epoch + 1}-0`);
    const late = await world.client();
    const joined = await late.subscribe({ channel: 'loop' });
    assert.deepEqual([joined.epoch, joined.offset, joined.snapshot], [epoch + 1, 0, []]);
    await world.writer('loop').emit(records(2));
    await eventually('its events', () => client.at === `${epoch + 1}-2` && late.at === client.at);
    assert.deepEqual(
      client.batches.map(({ epoch, from, to, events }) => [epoch, from, to, events.length]),
      [
        [epoch, 4, 5, 2],
        [epoch + 1, 1, 0, 0],
        [epoch + 1, 1, 2, 2],
      ],
    );
    assert.deepEqual(client.gaps, []);
  });

  it('does not resume if events have left the log', async () => {
    world.settings.channels['tiny'] = { log: 100 };
    const writer = world.writer('tiny');
    const { epoch } = await writer.emit(records(10));
    for (let i = 0; i < 10; i++) await writer.emit(records(100));
    const client = await world.client();
    const answer = await client.subscribe({ channel: 'tiny', since: { epoch, offset: 10 } });
    assert.equal(answer.recovered, false, 'what came after is no longer there');
    assert.equal(answer.offset, 1_010);
  });

  it('refuses malformed messages and unknown channels, and stays up', async () => {
    const client = await world.client();
    const bad: [string, unknown, string][] = [
      ['subscribe', undefined, 'message_invalid'],
      ['subscribe', 'gps', 'message_invalid'],
      ['subscribe', { channel: 5 }, 'message_invalid'],
      ['subscribe', { channel: 'gps', mode: 'all' }, 'message_invalid'],
      ['subscribe', { channel: 'gps', bbox: [1, 2, 3] }, 'message_invalid'],
      ['subscribe', { channel: 'gps', bbox: [0, 50, 10, 40] }, 'message_invalid'],
      ['subscribe', { channel: 'gps', maxHz: -1 }, 'message_invalid'],
      ['subscribe', { channel: 'nobody' }, 'channel_unknown'],
      ['subscribe', { channel: '../etc' }, 'channel_unknown'],
      ['credit', { channel: 'gps' }, 'message_invalid'],
      ['unsubscribe', null, 'message_invalid'],
      ['replay', { id: 'nobody', rate: 2 }, 'replay_unknown'],
      ['replay', { id: 'x' }, 'message_invalid'],
      ['replay', { id: 'x', rate: 'fast' }, 'message_invalid'],
    ];
    for (const [event, message, code] of bad) {
      const answer = (await client.ask(event, message)) as { error: { code: string; status: number } };
      assert.equal(answer.error?.code, code, `${event} ${JSON.stringify(message)}`);
    }
    client.socket.emit('subscribe');
    client.socket.emit('credit', { channel: '__proto__', offset: 1 });
    assert.ok(await client.subscribe({ channel: 'gps' }));
  });

  it('sends clocks, tasks, services and replays, and the current state to a new client', async () => {
    const seen: { [event: string]: unknown[] } = { clock: [], task: [], status: [], replays: [] };
    const client = await world.client();
    for (const event of Object.keys(seen)) client.socket.on(event, (payload) => seen[event]!.push(payload));
    const tick = { replay: 'r', epoch: 1, time: '2020-01-01T00:00:00.000Z', rate: 1, state: 'playing' };
    const replay = { id: 'r', state: 'playing', recordings: [], channels: ['gps'] } as unknown as Replay;
    await world.redis.hset(keys.replays, 'r', JSON.stringify(replay));
    const startMs = performance.now();
    for (let i = 0; i < 50; i++) {
      await world.redis.publish(keys.clock, JSON.stringify(tick));
      await delay(10);
    }
    await world.redis.publish(keys.clock, JSON.stringify({ ...tick, state: 'paused' }));
    await announce(world.redis, { name: 'x', role: 'service', state: 'restarting', instance: 'x-1' });
    await eventually('the pause', () =>
      seen['clock']!.some((each) => (each as { state: string }).state === 'paused'),
    );
    const tickMs = 95;
    const most = (performance.now() - startMs) / tickMs + 2;
    const count = seen['clock']!.length;
    assert.ok(count <= most, `a tick every ${tickMs} ms and each change, not ${count} ticks of 51`);
    await eventually('the replay', () => (seen['replays']!.at(-1) as Replay[] | undefined)?.[0]?.id === 'r');
    const has = (status: Status | undefined) =>
      status?.services.some(({ name, state }: Service) => name === 'x' && state === 'restarting');
    await eventually('the service', () => has(seen['status']!.at(-1) as Status));
    const late = await world.client();
    const greeting = await eventually('a greeting', () => late.latest['status'] as Status | undefined);
    assert.equal(greeting.redis, 'up');
    assert.ok(has(greeting));
    await world.redis.hdel(keys.replays, 'r');
  });

  it('reports a frozen Redis as down, and as up once it responds again', async () => {
    const client = await world.client();
    const redis = () => (client.latest['status'] as Status | undefined)?.redis;
    await eventually('a greeting', () => redis() === 'up');
    world.server.freeze();
    try {
      await eventually('silence', () => redis() === 'down');
    } finally {
      world.server.thaw();
    }
    await eventually('an answer', () => redis() === 'up');
  });

  it('refuses connections whose internals differ from what it expects', () => {
    const transport = { name: 'websocket', writable: true, socket: { readyState: 1, bufferedAmount: 0 } };
    assert.throws(() => internalsOf({ writeBuffer: [], transport }), /engine\.io and ws/);
    assert.throws(() => internalsOf({ transport: { ...transport, name: 'polling' } }), /engine\.io and ws/);
    assert.ok(internalsOf({ writeBuffer: [], transport: { ...transport, name: 'polling' } }));
  });

  it('requires the configured key, and refuses pages of foreign origins', async () => {
    const other = await ApiWorld.start({ apiKey: 'secret' });
    try {
      await assert.rejects(other.client(), /key/);
      await assert.rejects(other.client({ token: 'wrong' }), /key/);
      assert.ok((await other.client({ token: 'secret' })).socket.connected);
      const { io } = await import('socket.io-client');
      const foreign = io(`${other.url}/live`, {
        transports: ['websocket'],
        extraHeaders: { Origin: 'https://evil.example' },
        auth: { token: 'secret' },
      });
      const error = await new Promise<Error>((resolve) => foreign.once('connect_error', resolve));
      assert.match(error.message, /evil\.example/);
      foreign.disconnect();
    } finally {
      await other.stop();
    }
  });
});
