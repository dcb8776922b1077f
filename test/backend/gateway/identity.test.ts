import assert from 'node:assert/strict';
import { keys } from '../../../core/wire/keys.ts';
import type { Batch } from '../../../schemas/types.ts';
import { eventually } from '../../helpers/wait.ts';
import { records, ApiWorld, type Client } from '../../helpers/api-world.ts';
import { SseReader } from '../../helpers/sse-reader.ts';

/** What clients keep of a channel: the position and the mark of a batch, an SSE id, ETags, and the cursor of a page. */
interface Held {
  since: { epoch: number; offset: number; mark: string };
  id: string;
  etag: string;
  etagOfSubject: string;
  cursor: string;
}

describe('what a client holds', function () {
  this.timeout(60_000);
  let world: ApiWorld;
  let count = 0;
  before(async () => (world = await ApiWorld.start({ channels: { gps: {}, short: { log: 0 } } })));
  after(() => world.stop());

  const heldBatch = ({ epoch, to, mark }: Batch) => ({ epoch, offset: to, mark: mark! });
  const stateOf = (channel: string, etag: string) =>
    world.get(`/channels/${channel}/state`, { 'if-none-match': etag });

  /** Writes events 1 to 20, and has clients of all kinds hold event 15. */
  async function holding(options: { subjects?: string[]; mode?: 'latest' } = {}) {
    const channel = `held-${++count}`;
    const writer = world.writer(channel);
    await writer.emit(records(10));
    const client = await world.client();
    await client.subscribe({ channel, ...options });
    const reader = await SseReader.open(`${world.url}/api/v1/channels/${channel}/events`);
    await writer.emit(records(5, ['a', 'b', 'c', 'd', 'e']));
    await eventually('the batch', () => client.batches.at(-1)?.to === 15);
    await eventually('the message', () => reader.ids.at(-1)?.startsWith('1-15-'));
    const held: Held = {
      since: heldBatch(client.batches.at(-1)!),
      id: reader.ids.at(-1)!,
      etag: (await world.get(`/channels/${channel}/state`)).headers.get('etag')!,
      etagOfSubject: (await world.get(`/channels/${channel}/state/e`)).headers.get('etag')!,
      cursor: (await world.get(`/channels/${channel}/history?limit=1`)).body.cursor as string,
    };
    reader.close();
    await writer.emit(records(5));
    return { channel, held, client };
  }

  /** Puts a channel back to an earlier offset, as a Redis does that comes back without its last second. */
  async function lose(channel: string, after: number): Promise<void> {
    const log = keys.log(channel);
    const gone = await world.redis.xrange(log, `1-${after + 1}`, '+');
    await world.redis.xdel(log, ...gone.map(([id]) => id));
    await world.redis.call('XSETID', log, `1-${after}`);
    await world.redis.hset(keys.head(channel), 'offset', after);
  }

  async function resumed(channel: string, { since, id }: Held): Promise<{ client: Client; first: string[] }> {
    const client = await world.client();
    const reader = await SseReader.open(`${world.url}/api/v1/channels/${channel}/events`, {
      'last-event-id': id,
    });
    await eventually('the first message', () => reader.messages.length > 0);
    const { event, id: at } = reader.messages[0]!;
    reader.close();
    const answer = await client.subscribe({ channel, since });
    return { client, first: [event ?? 'message', at!, String(answer.recovered)] };
  }

  it('is true while Redis keeps its data', async () => {
    for (const options of [{}, { subjects: ['a'] }, { mode: 'latest' as const }]) {
      const { channel, held } = await holding(options);
      const { first } = await resumed(channel, held);
      assert.match(first.join(' '), /^message 1-16-\w+ true$/);
      const { body } = await world.get(`/channels/${channel}/history?cursor=${held.cursor}&limit=2`);
      assert.deepEqual(
        body.items.map(({ offset }: { offset: number }) => offset),
        [14, 13],
      );
    }
  });

  it('is not true of other events at the same positions', async () => {
    for (const options of [{}, { subjects: ['a'] }, { mode: 'latest' as const }]) {
      const { channel, held } = await holding(options);
      await lose(channel, 12);
      await world.writer(channel).emit(records(12, ['a', 'b', 'c', 'd', 'e']));
      const { first } = await resumed(channel, held);
      assert.deepEqual(first, ['gap', '1-15', 'false']);
      assert.equal(
        (await world.get(`/channels/${channel}/history?cursor=${held.cursor}`)).body.code,
        'cursor_void',
      );
      // The clients that were connected start again, too.
    }
  });

  it('is not true of an unchanged position with another last event', async () => {
    const channel = `held-${++count}`;
    await world.writer(channel).emit(records(5));
    const etag = (await world.get(`/channels/${channel}/state`)).headers.get('etag')!;
    const [entry] = await world.redis.xrange(keys.log(channel), '1-5', '1-5');
    const subject = (JSON.parse(entry![1][1]!) as { subject: string }).subject;
    const path = `/channels/${channel}/state/${subject}`;
    const one = (await world.get(path)).headers.get('etag')!;
    assert.equal((await stateOf(channel, etag)).status, 304);
    assert.equal((await world.get(path, { 'if-none-match': one })).status, 304);
    await lose(channel, 4);
    await world.writer(channel).emit(records(1, [subject]));
    assert.equal((await stateOf(channel, etag)).status, 200);
    assert.equal((await world.get(path, { 'if-none-match': one })).status, 200);
  });

  it('tells states of a channel without a log apart', async () => {
    const writer = world.writer('short');
    await writer.emit(records(2, ['a']));
    const etag = (await world.get('/channels/short/state')).headers.get('etag')!;
    assert.equal((await stateOf('short', etag)).status, 304);
    await world.redis.hset(keys.head('short'), 'offset', 1);
    await world.writer('short').emit(records(1, ['a']));
    assert.equal((await stateOf('short', etag)).status, 200);
  });

  it('is not true of a Redis that came back empty, however much was written since', async () => {
    const fixes = (count: number) => Array<object>(count).fill({ latitude: 1, longitude: 2 });
    const position = async (count: number) =>
      (await world.post('/channels/gps/events', fixes(count))).body.position as {
        epoch: number;
        offset: number;
      };
    const before = await position(15);
    const etag = (await world.get('/channels/gps/state')).headers.get('etag')!;
    await world.redis.flushall();
    const after = await position(20);
    assert.ok(after.epoch > before.epoch, 'an epoch that never was');
    const client = await world.client();
    // The position alone, as a client of an earlier release holds it.
    assert.equal((await client.subscribe({ channel: 'gps', since: before })).recovered, false);
    assert.equal((await stateOf('gps', etag)).status, 200);
  });
});
