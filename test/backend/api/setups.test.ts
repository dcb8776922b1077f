import assert from 'node:assert/strict';
import type { CloudEvent } from '../../../core/wire/event.ts';
import { keys } from '../../../core/wire/keys.ts';
import { eventually } from '../../helpers/wait.ts';
import { ApiWorld } from '../../helpers/api-world.ts';

const { serve } = (await import(
  new URL('../../../backend/analysis/main.ts', import.meta.url).href
)) as typeof import('../../../backend/analysis/main.ts');

const MINUTE_MS = 60_000;
const STARTED_MS = Date.parse('2026-05-04T07:00:00Z');

describe('services and analytics that are set up at run time', () => {
  let world: ApiWorld;
  let analysis: { close(): Promise<void> };

  before(async () => {
    world = await ApiWorld.start({ services: {}, analytics: {}, channels: {} });
    analysis = await serve(world.settings);
  });
  after(async () => {
    await analysis.close();
    await world.stop();
  });

  /** Two speeds a minute for each subject. */
  const speeds = (fromMinute: number, minutes: number) =>
    Array.from({ length: minutes * 4 }, (_, i) => ({
      timeMs: STARTED_MS + (fromMinute + Math.floor(i / 4)) * MINUTE_MS + (i % 4) * 10_000,
      subject: i % 2 === 0 ? 'a' : 'b',
      data: JSON.stringify({ speed: i }),
    }));

  async function log(channel: string): Promise<CloudEvent[]> {
    const epoch = await world.redis.hget(keys.head(channel), 'epoch');
    if (epoch === null) return [];
    const entries = await world.redis.xrange(
      keys.log(channel),
      `${epoch}-0`,
      `${epoch}-18446744073709551615`,
    );
    return entries.map(([, fields]) => JSON.parse(fields[1]!) as CloudEvent);
  }
  const logged = (channel: string, count: number) =>
    eventually(`${count} events on ${channel}`, async () => {
      const events = await log(channel);
      return events.length >= count ? events : null;
    });
  const state = async (name: string) => {
    const { body } = await world.get('/services');
    return (body.items as { name: string; state: string; message?: string }[]).find((it) => it.name === name);
  };

  it('new analytics run from the start of the epoch, and again after a restart', async () => {
    await world.writer('speeds').emit(speeds(0, 2));
    const definition = {
      from: 'speeds',
      window: { kind: 'tumbling', size: '1m' },
      select: { mean: 'avg(speed)', n: 'count()' },
      to: 'speeds.minutes',
    };
    const put = await world.call('PUT', '/api/v1/analytics/mean', { body: definition });
    assert.equal(put.status, 201, put.text);
    assert.equal(put.headers.get('location'), '/api/v1/analytics/mean');
    const first = await logged('speeds.minutes', 2);
    assert.deepEqual(
      first.map(({ subject, data }) => [subject, data['mean'], data['n']]),
      [
        ['a', 1, 2],
        ['b', 2, 2],
      ],
    );
    await analysis.close();
    analysis = await serve(world.settings);
    await world.writer('speeds').emit(speeds(2, 1));
    assert.deepEqual(
      (await logged('speeds.minutes', 4)).map(({ epoch, data }) => [epoch, data['mean']]),
      [
        [1, 1],
        [1, 2],
        [1, 5],
        [1, 6],
      ],
    );
  });

  it('changed analytics start the epoch again, and what they had published is void', async () => {
    const definition = {
      from: 'speeds',
      by: null,
      window: { kind: 'tumbling', size: '1m' },
      select: { top: 'max(speed)' },
      to: 'speeds.minutes',
    };
    const put = await world.call('PUT', '/api/v1/analytics/mean', { body: definition });
    assert.equal(put.status, 200, put.text);
    const again = await eventually('windows of all subjects', async () => {
      const events = await log('speeds.minutes');
      return events.length >= 2 && 'top' in events[0]!.data ? events : null;
    });
    assert.deepEqual(
      again.map(({ epoch, data }) => [epoch, data['top']]),
      [
        [2, 3],
        [2, 7],
      ],
    );
    assert.deepEqual((await world.get('/analytics/mean')).body, definition);
  });

  it('no replay waits for removed analytics', async () => {
    assert.equal((await world.call('DELETE', '/api/v1/analytics/mean')).status, 204);
    await eventually(
      'nobody reads speeds',
      async () => (await world.redis.hlen(keys.consumers('speeds'))) === 0,
    );
    assert.equal((await world.get('/analytics/mean')).status, 404);
    assert.equal((await world.call('DELETE', '/api/v1/analytics/mean')).status, 404);
  });

  it('a stopped service continues from its position', async () => {
    const put = await world.call('PUT', '/api/v1/services/tones', {
      body: { use: 'sentiment', input: 'posts', output: 'tones' },
    });
    assert.equal(put.status, 201, put.text);
    const post = (text: string, i: number) => ({
      timeMs: STARTED_MS + i,
      subject: `p${i}`,
      data: JSON.stringify({ text }),
    });
    await world.writer('posts').emit([post('I love it', 1)]);
    await logged('tones', 1);
    await world.call('PATCH', '/api/v1/services/tones', { body: { state: 'stopped' } });
    await eventually('it is stopped', async () => (await state('tones'))?.state === 'stopped');
    await world.writer('posts').emit([post('I hate it', 2), post('Es ist gut', 3)]);
    await world.call('PATCH', '/api/v1/services/tones', {
      body: { state: 'running', params: { language: 'de' } },
    });
    const events = await logged('tones', 3);
    assert.deepEqual(
      events.map(({ epoch, offset, subject, data }) => [epoch, offset, subject, data['supported']]),
      [
        [1, 1, 'p1', true],
        [1, 2, 'p2', false],
        [1, 3, 'p3', false],
      ],
      'parameters that nothing kept depends on hold from now on',
    );
  });

  it('a definition that cannot run is refused with the reason', async () => {
    const refused = async (path: string, body: object, status: number, words: RegExp) => {
      const answer = await world.call('PUT', `/api/v1/${path}`, { body });
      assert.equal(answer.status, status, answer.text);
      assert.match(JSON.stringify(answer.body), words);
    };
    await refused('services/x', { use: 'no-such' }, 422, /no-such.*The kinds are: anomaly/);
    await refused('services/x', { use: 'stops', params: { radius_m: -1 } }, 422, /radius_m/);
    await refused('services/x', { use: 'copy', input: 'a', output: 'a' }, 422, /read its own output/);
    await refused('services/x', {}, 422, /use/);
    const window = { kind: 'tumbling', size: '1m' };
    await refused('analytics/x', { from: 'a', window, select: { n: 'nosuch(x)' } }, 422, /nosuch/);
    await refused(
      'analytics/tones',
      { from: 'a', window, select: { n: 'count()' } },
      409,
      /A service \\"tones\\" exists already/,
    );
    assert.equal((await world.get('/services/x')).status, 404);
    assert.equal(
      (await world.call('PATCH', '/api/v1/services/x', { body: { state: 'stopped' } })).status,
      404,
    );
  });

  it('a service whose definition has become invalid reports it, and the others continue', async () => {
    // An older release may have left such an entry.
    await world.redis.hset(keys.setup, 'services/odd', JSON.stringify({ use: 'gone' }));
    await world.redis.hincrby(keys.setup, '#revision', 1);
    const odd = await eventually('it is known to have failed', async () => {
      const found = await state('odd');
      return found?.state === 'failed' ? found : null;
    });
    assert.match(odd.message!, /gone/);
    await eventually('the other runs', async () => (await state('tones'))?.state === 'running');
  });
});
