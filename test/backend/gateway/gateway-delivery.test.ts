import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../helpers/wait.ts';
import { records, ApiWorld } from '../../helpers/api-world.ts';

describe('gateway, by credit, mode and filter of a client,', function () {
  this.timeout(30_000);
  let world: ApiWorld;
  before(async () => (world = await ApiWorld.start()));
  after(() => world.stop());

  it('conflates to the latest event of each subject for a client that does not credit, and accounts for every event', async () => {
    const writer = world.writer('fast');
    await writer.emit(records(1));
    const client = await world.client();
    client.credits = false;
    const joined = await client.subscribe({ channel: 'fast' });
    for (let i = 0; i < 30; i++) await writer.emit(records(500, ['a', 'b', 'c', 'd', 'e']));
    const offset = joined.offset + 15_000;
    await eventually('the latest', () => client.at === `1-${offset}`);
    const counted = client.batches.reduce(
      (sum, { events, conflated, dropped }) => sum + events.length + conflated + dropped,
      0,
    );
    assert.equal(counted, 15_000);
    assert.ok(client.batches.some(({ conflated }) => conflated > 0));
    const newest = new Map(client.events.map((event) => [event.subject, event.offset]));
    assert.deepEqual(
      [...newest].sort(),
      ['a', 'b', 'c', 'd', 'e'].map((subject, i) => [subject, offset - 4 + i]),
    );
    const offsets = client.events.map((event) => event.offset);
    assert.deepEqual(
      offsets,
      [...offsets].sort((a, b) => a - b),
      'never out of order',
    );
  });

  it('waits for the credit of a client, and then continues where it stopped', async () => {
    const writer = world.writer('paced');
    const { epoch } = await writer.emit(records(1));
    const client = await world.client();
    await client.subscribe({ channel: 'paced' });
    await writer.emit(records(10));
    await eventually('the first events', () => client.at === `${epoch}-11`);
    client.credits = false;
    for (let i = 0; i < 24; i++) await writer.emit(records(500));
    await delay(1_500);
    const before = client.events.length;
    assert.ok(before <= 5_010, `no more than the credit was sent: ${before}`);
    client.credits = true;
    client.socket.emit('credit', { channel: 'paced', offset: client.batches.at(-1)!.to });
    await eventually('the rest', () => client.at === `${epoch}-12011`);
    const counted = client.batches.reduce(
      (sum, { events, conflated, dropped }) => sum + events.length + conflated + dropped,
      0,
    );
    assert.equal(counted, 12_010);
  });

  it('sends with mode latest one event per subject and batch, at most maxHz batches a second', async () => {
    const writer = world.writer('slow');
    await writer.emit(records(1));
    const client = await world.client();
    const { epoch, offset } = await client.subscribe({ channel: 'slow', mode: 'latest', maxHz: 5 });
    const startMs = Date.now();
    for (let i = 0; i < 40; i++) {
      await writer.emit(records(10, ['a', 'b']));
      await delay(25);
    }
    await eventually('the end', () => client.at === `${epoch}-${offset + 400}`);
    const seconds = (Date.now() - startMs) / 1000;
    assert.ok(client.batches.length <= seconds * 5 + 1, `${client.batches.length} batches in ${seconds} s`);
    for (const batch of client.batches) {
      assert.equal(new Set(batch.events.map(({ subject }) => subject)).size, batch.events.length);
      assert.equal(batch.events.length + batch.conflated, batch.to - batch.from + 1);
    }
  });

  it('filters by subject and by bounding box, also across the antimeridian', async () => {
    const place = (n: number) => ({ latitude: 0, longitude: [179, -179, 0][n % 3] });
    const writer = world.writer('isles');
    await writer.emit(records(3, ['east', 'west', 'zero'], place));
    const [boxed, named] = [await world.client(), await world.client()];
    const inBox = await boxed.subscribe({ channel: 'isles', bbox: [170, -10, -170, 10] });
    assert.deepEqual(inBox.snapshot.map(({ subject }) => subject).sort(), ['east', 'west']);
    const one = await named.subscribe({ channel: 'isles', subjects: ['zero'] });
    assert.deepEqual(
      one.snapshot.map(({ subject }) => subject),
      ['zero'],
    );
    await writer.emit(records(6, ['east', 'west', 'zero'], place));
    await eventually('boxed', () => boxed.events.length === 4);
    await eventually('named', () => named.events.length === 2);
    assert.deepEqual([...new Set(boxed.events.map(({ subject }) => subject))].sort(), ['east', 'west']);
    assert.deepEqual(
      named.batches.map(({ from, to }) => [from, to]),
      [[4, 9]],
    );
  });
});
