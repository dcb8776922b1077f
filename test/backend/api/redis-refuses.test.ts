import assert from 'node:assert/strict';
import { keys } from '../../../core/wire/keys.ts';
import type { Problem, RedisFacts, Replay, Status, System } from '../../../schemas/types.ts';
import { ApiWorld } from '../../helpers/api-world.ts';
import { refusals, type RefusalKind, type RefusalName } from '../../helpers/refusals.ts';
import { eventually } from '../../helpers/wait.ts';

/** Redis still reads with these. */
const CODES: { [name in RefusalName]?: string } = {
  'has no memory left': 'redis_full',
  'is a replica': 'redis_read_only',
  'cannot save to disk': 'redis_disk',
};

describe('the API while Redis refuses writes', function () {
  this.timeout(60_000);
  let world: ApiWorld;
  before(async () => {
    world = await ApiWorld.start({ rateLimit: { requests: 10_000, seconds: 60 } });
  });
  after(() => world.stop());

  for (const [name, code] of Object.entries(CODES))
    it(`says that it ${name}, and goes on by itself`, async () => {
      const kind: RefusalKind = refusals[name as RefusalName];
      const client = await world.client();
      const told = () => (client.latest['status'] as Status | undefined)?.refusal;
      assert.equal((await world.post('/channels/gps/events', { latitude: 1, longitude: 2 })).status, 200);
      await world.redis.hset(keys.replays, 'r', JSON.stringify({ id: 'r', state: 'playing', waiting: null }));
      await kind.begin(world.redis);
      try {
        const ready = await eventually('it to be not ready', async () => {
          const answer = await world.call('GET', '/readyz');
          return answer.status === 503 ? answer : null;
        });
        assert.equal((ready.body as unknown as Problem).code, code);

        // Whatever writes is refused with the reason, and nothing of it is done.
        const writes: [method: string, path: string, body: unknown, headers?: { [name: string]: string }][] =
          [
            ['POST', '/channels/gps/events', { latitude: 1, longitude: 2 }],
            [
              'POST',
              '/channels/gps/events',
              { latitude: 1, longitude: 2 },
              { 'idempotency-key': `key-${code}` },
            ],
            ['POST', '/tasks', { kind: 'average-speed', params: { channel: 'gps', time_window_seconds: 1 } }],
            ['PUT', '/pipelines/p', { steps: [{ outside: 'mine' }] }],
          ];
        for (const [method, path, body, headers] of writes) {
          const answer = await world.call(method, `/api/v1${path}`, { body, ...(headers && { headers }) });
          const problem = answer.body as unknown as Problem;
          assert.deepEqual([path, answer.status, problem.code], [path, 503, code], answer.text);
          assert.equal(answer.headers.get('retry-after'), '1');
          assert.ok(problem.hint, answer.text);
        }

        // Whatever reads is answered, although the limit of requests can't be counted.
        const { refusal } = (await world.get('/redis')).body as unknown as RedisFacts;
        assert.equal(refusal?.code, code);
        assert.ok(Math.abs(Date.parse(refusal.since) - Date.now()) < 60_000);
        const { problems } = (await world.get('/system')).body as unknown as System;
        assert.ok(problems?.some((text) => text.includes(refusal.message) && text.includes(refusal.since)));
        const replay = (await world.get('/replays/r')).body as unknown as Replay;
        assert.match(replay.waiting ?? '', /until Redis accepts writes/);
        const state = await world.get('/channels/gps/state');
        assert.equal(state.status, 200, state.text);
        await eventually('the socket to say so', () => told()?.code === code);
      } finally {
        await kind.end(world.redis);
      }
      await eventually('it to be ready', async () => (await world.call('GET', '/readyz')).status === 200);
      const again = { 'idempotency-key': `key-${code}` };
      for (const replayed of [null, 'true']) {
        const answer = await world.post('/channels/gps/events', { latitude: 1, longitude: 2 }, again);
        assert.deepEqual([answer.status, answer.headers.get('idempotent-replayed')], [200, replayed]);
      }
      const { refusal } = (await world.get('/redis')).body as unknown as RedisFacts;
      assert.equal(refusal, null);
      await eventually('the socket to say so', () => told() === null);
    });
});
