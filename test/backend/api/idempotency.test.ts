import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { keys } from '../../../core/wire/keys.ts';
import { ApiWorld, type Answer } from '../../helpers/api-world.ts';
import { eventually } from '../../helpers/wait.ts';

const FIX = { latitude: 1, longitude: 2 };

describe('requests with an Idempotency-Key', function () {
  let world: ApiWorld;
  before(async () => {
    world = await ApiWorld.start();
    const steps = [{ outside: 'nobody' }];
    const made = await world.call('PUT', '/api/v1/pipelines/slow', { body: { steps } });
    assert.equal(made.status, 201, made.text);
  });
  after(() => world.stop());

  const count = async (channel: string) =>
    Number((await world.redis.hget(keys.head(channel), 'offset')) ?? 0);
  const stored = () => world.redis.keys(keys.idempotency('*'));

  /** Repeats a request until it is no longer under way. */
  function settled(send: () => Promise<Answer>): Promise<Answer> {
    return eventually('the answer', async () => {
      const answer = await send();
      if (answer.status !== 409) return answer;
      assert.deepEqual([answer.body.code, answer.headers.get('retry-after')], ['idempotency_under_way', '1']);
      return null;
    });
  }

  /** Sends a request and hangs up as soon as its key is taken. */
  async function hangUp(path: string, body: unknown, key: string): Promise<void> {
    const before = (await stored()).length;
    const caller = new AbortController();
    const request = fetch(`${world.url}/api/v1${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
      signal: caller.signal,
    });
    await eventually('the key', async () => (await stored()).length > before);
    caller.abort();
    await request.then(
      () => {},
      () => {},
    );
  }

  it('are done once, also where the caller hung up', async () => {
    const rows = Array.from({ length: 9_000 }, (_, n) => ({ ...FIX, n }));
    await hangUp('/channels/gps/events', rows, 'many');
    const send = () => world.post('/channels/gps/events', rows, { 'idempotency-key': 'many' });
    const first = await settled(send);
    assert.deepEqual([first.status, first.body.accepted], [200, 9_000], first.text);
    assert.equal(first.headers.get('idempotent-replayed'), 'true');
    assert.equal((await send()).text, first.text);
    assert.equal(await count('gps'), 9_000);
  });

  it('are handled to their end, also where the caller hung up while it waited for results', async () => {
    const path = '/pipelines/slow/events?wait=1';
    await hangUp(path, { n: 1 }, 'waits');
    const send = () => world.post(path, { n: 1 }, { 'idempotency-key': 'waits' });
    assert.equal((await send()).status, 409);
    const answer = await settled(send);
    assert.deepEqual([answer.status, answer.body.accepted, answer.body.results], [202, 1, [null]]);
    const log = await world.redis.xrange(keys.log('nobody.in'), '-', '+');
    assert.equal(log.length, 1);
    assert.ok(log[0]![1][1]!.includes(answer.body.traces[0] as string));
  });

  it('write no event twice even if the process that handled them was killed before it kept the answer', async () => {
    const send = (path: string) =>
      world.post(path, [{ ...FIX, n: 1 }, { latitude: 'x' }], { 'idempotency-key': 'k' });
    for (const [path, channel] of [
      ['/channels/gps/events', 'gps'],
      ['/pipelines/slow/events', 'nobody.in'],
    ] as const) {
      const first = await send(path);
      const written = await count(channel);
      await world.redis.del(...(await stored()));
      const again = await send(path);
      assert.equal(again.headers.get('idempotent-replayed'), null);
      assert.deepEqual([again.status, again.body], [first.status, first.body]);
      assert.equal(await count(channel), written, channel);
      const next = await world.post(path, FIX);
      assert.equal(
        next.body.position.offset,
        written + 1,
        'the writer goes on from where the channel stands',
      );
    }
    const task = () =>
      world.post(
        '/tasks',
        { kind: 'average-speed', params: { channel: 'gps', time_window_seconds: 1 } },
        { 'idempotency-key': 'k' },
      );
    const first = await task();
    assert.equal(first.status, 202, first.text);
    await world.redis.del(...(await stored()));
    assert.equal((await task()).body.id, first.body.id);
    assert.equal((await world.get('/tasks')).body.items.length, 1);
  });

  it('are other requests where the query, the media type, or one digit differs', async () => {
    const send = (text: string, path = '/channels/gps/events', type = 'application/json') =>
      world.call('POST', `/api/v1${path}`, {
        body: text,
        headers: { 'content-type': type, 'idempotency-key': 'd' },
      });
    const text = '{"latitude":1,"longitude":2,"n":9007199254740992}';
    assert.equal((await send(text)).status, 200);
    assert.equal((await send(text)).headers.get('idempotent-replayed'), 'true');
    for (const other of [
      () => send(text.replace('992', '993')),
      () => send(text.replace('1,', '1.0,')),
      () => send(text, '/channels/gps/events?subject=b'),
      () => send(text, '/channels/gps/events', 'application/x-ndjson'),
    ])
      assert.equal((await other()).body.code, 'idempotency_mismatch');
    const quoted = await world.call('POST', '/api/v1/channels/gps/events', {
      body: text,
      headers: { 'content-type': 'application/json', 'idempotency-key': '"d"' },
    });
    assert.equal(quoted.headers.get('idempotent-replayed'), 'true', 'the draft writes keys in quotes');
  });

  it('get large answers again', async () => {
    const rows = Array.from({ length: 10_000 }, () => 'x'.repeat(90));
    const send = () => world.post('/channels/gps/events', rows, { 'idempotency-key': 'large' });
    const first = await send();
    assert.ok(first.status === 422 && first.text.length > 1_000_000, `${first.status} ${first.text.length}`);
    const again = await send();
    assert.deepEqual([again.status, again.headers.get('idempotent-replayed')], [422, 'true']);
    assert.equal(again.text, first.text);
    assert.equal(again.headers.get('content-type'), first.headers.get('content-type'));
  });

  it('can be tried again after a failure of the server', async () => {
    const body = { recordings: ['none.csv'], id: randomUUID() };
    const send = () => world.post('/replays', body, { 'idempotency-key': 'fails' });
    assert.equal((await send()).status, 503);
    const again = await send();
    assert.deepEqual([again.status, again.headers.get('idempotent-replayed')], [503, null]);
  });

  it('can be uploads', async () => {
    const send = (content: string, form: boolean) => {
      const body = new FormData();
      body.append('file', new Blob([content]), 'trip.csv');
      const type = { 'content-type': 'application/octet-stream' };
      return world.call('POST', `/api/v1/recordings${form ? '' : '?name=plain.csv'}`, {
        body: form ? body : content,
        headers: { 'idempotency-key': 'file', ...(!form && type) },
      });
    };
    for (const form of [true, false]) {
      await world.redis.del(...(await stored()));
      const content = 'time,subject,a\n2026-01-01T00:00:00Z,x,1\n';
      const first = await send(content, form);
      assert.equal(first.status, 201, first.text);
      const again = await send(content, form);
      assert.deepEqual([again.status, again.text], [201, first.text]);
      assert.equal(again.headers.get('location'), first.headers.get('location'));
      assert.equal((await send(`${content}\n`, form)).body.code, 'idempotency_mismatch');
    }
  });
});
