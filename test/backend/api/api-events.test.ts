import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client as ClientStatus } from '../../../schemas/types.ts';
import { eventually } from '../../helpers/wait.ts';
import { SseReader } from '../../helpers/sse-reader.ts';
import { records, ApiWorld } from '../../helpers/api-world.ts';

const run = (epoch: number, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `${epoch}-${from + i}`);

/** The largest amount that may wait in the API for one reader: the threshold of congestion, and one delivery. */
const WAITING_MAX_BYTES = 64_000 + 250_000;

describe('API: Server-Sent Events', function () {
  this.timeout(30_000);
  let world: ApiWorld;
  before(async () => (world = await ApiWorld.start()));
  after(() => world.stop());

  it('sends every event from now on once and in order, with its position as id', async () => {
    await world.writer('gps').emit(records(3));
    const reader = await SseReader.open(`${world.url}/api/v1/channels/gps/events`);
    assert.match(reader.response.headers['content-type']!, /^text\/event-stream/);
    await delay(50);
    const writer = world.writer('gps');
    for (let i = 0; i < 10; i++) await writer.emit(records(100));
    await eventually('all', () => reader.ids.length >= 1_000);
    assert.deepEqual(reader.positions, run(1, 4, 1_003));
    assert.equal((JSON.parse(reader.messages[0]!.data) as { offset: number }).offset, 4);
    reader.close();
  });

  it('resumes after Last-Event-ID and continues into a new epoch', async () => {
    const reader = await SseReader.open(`${world.url}/api/v1/channels/gps/events`, {
      'last-event-id': '1-990',
    });
    await eventually('the rest', () => reader.ids.length === 13);
    await world.newEpoch('gps');
    await world.writer('gps').emit(records(2));
    await eventually('the new epoch', () => reader.ids.length === 15);
    assert.deepEqual(reader.positions, [...run(1, 991, 1_003), '2-1', '2-2']);
    assert.ok(reader.messages.every(({ event }) => event !== 'gap'));
    reader.close();
  });

  it('reports a gap if events have left the log, or if the position never existed', async () => {
    await world.stopApi();
    world.settings.channels['tiny'] = { log: 100 };
    await world.startApi();
    const writer = world.writer('tiny');
    for (let i = 0; i < 10; i++) await writer.emit(records(100));
    const reader = await SseReader.open(`${world.url}/api/v1/channels/tiny/events`, {
      'last-event-id': '1-10',
    });
    await eventually('the end', () => reader.positions.at(-1) === '1-1000');
    const [gap, first] = reader.messages;
    const { from, to } = JSON.parse(gap!.data) as { from: string; to: string };
    assert.deepEqual([gap!.event, from], ['gap', '1-11']);
    assert.equal(Number(to.split('-')[1]) + 1, Number(first!.id!.split('-')[1]));
    reader.close();
    const ahead = await SseReader.open(`${world.url}/api/v1/channels/tiny/events`, {
      'last-event-id': '7-5',
    });
    await eventually('the gap', () => ahead.messages[0]?.event === 'gap');
    await writer.emit(records(1));
    await eventually('what comes', () => ahead.ids.length === 1);
    assert.deepEqual(ahead.positions, ['1-1001']);
    ahead.close();
  });

  it('holds a bounded number of bytes for a reader that does not read, which later catches up from the log', async () => {
    const big = (n: number) => ({ n, text: 'x'.repeat(2_000) });
    const writer = world.writer('slow');
    await writer.emit(records(1, ['a'], big));
    const slow = await SseReader.open(`${world.url}/api/v1/channels/slow/events`);
    slow.response.pause();
    const client = async () => {
      const { items } = (await world.get('/clients')).body as { items: ClientStatus[] };
      return items.find(({ subscriptions }) => subscriptions.some(({ channel }) => channel === 'slow'));
    };
    await eventually('the reader', async () => (await client())?.subscriptions[0]?.state === 'live');
    let waitingBytes = 0;
    for (let i = 0; i < 60; i++) {
      await writer.emit(records(500, ['a'], big));
      waitingBytes = Math.max(waitingBytes, (await client())!.waitingBytes);
    }
    await eventually('it to fall behind', async () => (await client())!.subscriptions[0]!.state === 'behind');
    assert.ok(waitingBytes <= WAITING_MAX_BYTES, `${waitingBytes} bytes of 60 MB wait in the API`);
    slow.response.resume();
    await eventually('the end', () => slow.positions.at(-1) === '1-30001');
    assert.deepEqual(slow.positions, run(1, 2, 30_001));
    slow.close();
  });

  it('refuses unknown channels and malformed positions', async () => {
    assert.equal((await world.get('/channels/nobody/events')).body.code, 'channel_unknown');
    assert.equal(
      (await world.get('/channels/gps/events', { 'last-event-id': 'x' })).body.code,
      'position_malformed',
    );
    assert.equal((await world.call('HEAD', '/api/v1/channels/gps/events')).status, 200);
  });

  it('filters by subject', async () => {
    const reader = await SseReader.open(`${world.url}/api/v1/channels/gps/events?subject=b`, {
      'last-event-id': '2-0',
    });
    await world.writer('gps').emit(records(6));
    await eventually('three', () => reader.ids.length === 3);
    assert.ok(reader.messages.every(({ data }) => (JSON.parse(data) as { subject: string }).subject === 'b'));
    reader.close();
  });
});
