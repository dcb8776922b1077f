import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serviceKinds } from '../../../backend/analysis/hosting/registry.ts';
import { derive } from '../../../backend/analysis/engine/derive.ts';
import type { CloudEvent } from '../../../core/wire/event.ts';
import { keys } from '../../../core/wire/keys.ts';
import { createLog } from '../../../core/logging/log.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { ReplayHost } from '../../../replayer/hosting/host.ts';
import type { ReplayRequest } from '../../../schemas/types.ts';
import { killRole, startRole } from '../../helpers/role.ts';
import { eventually } from '../../helpers/wait.ts';
import { withRedis, type TestRedis } from '../../helpers/redis.ts';

const MAIN = 'backend/analysis/main.ts';
const CARS = 5;

/** Fixes of a few cars that drive in circles, 1 Hz each, in time order. */
function fixes(seconds: number): string {
  const rows = ['timestamp,vehicle_id,latitude,longitude'];
  for (let s = 0; s < seconds; s++) {
    for (let car = 0; car < CARS; car++) {
      const angle = s / (7 + car);
      rows.push(
        `${1_700_000_000 + s + car / 10},car-${car},${52 + Math.sin(angle) / 1000},${13 + Math.cos(angle) / 500}`,
      );
    }
  }
  return `${rows.join('\n')}\n`;
}

describe('analysis', () => {
  let server: TestRedis;
  let redis: Redis;
  withRedis((connected) => ({ server, redis } = connected));
  let host: ReplayHost;
  let analysis: ChildProcess;
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reprise-analysis-'));
    host = new ReplayHost({
      redis,
      instance: 'test',
      channels: {},
      folder,
      log: createLog('test', 'silent'),
    });
    analysis = await startRole(MAIN, { REDIS_URL: server.url });
  });
  after(async () => {
    await killRole(analysis);
    await host.close();
    await rm(folder, { recursive: true });
  });

  /** Plays the recording, and returns what the last epoch derived once the service has read all of it. */
  async function derived(
    request: Omit<ReplayRequest, 'recordings'>,
    during = async (_id: string) => {},
  ): Promise<string[]> {
    const replay = await host.start(
      { recordings: ['cars.csv'], ...request },
      [{ id: 'cars.csv', path: join(folder, 'cars.csv') }],
      false,
    );
    await during(replay.id);
    await host.finished(replay.id);
    await host.remove(replay.id);
    return await lastEpoch();
  }

  async function log(channel: string): Promise<CloudEvent[]> {
    const epoch = (await redis.hget(keys.head(channel), 'epoch'))!;
    const entries = await redis.xrange(keys.log(channel), `${epoch}-0`, '+');
    return entries.map(([, fields]) => JSON.parse(fields[1]!) as CloudEvent);
  }

  async function lastEpoch(): Promise<string[]> {
    const input = await redis.hmget(keys.head('gps'), 'epoch', 'offset');
    await eventually(
      'movement to have read everything',
      async () => (await redis.hget(keys.checkpoint('movement'), '@gps')) === input.join('-'),
    );
    const events = await log('gps.movement');
    assert.deepEqual(
      events.map((event) => event.offset),
      events.map((_, i) => i + 1),
    );
    return events.map(({ type, subject, time, data }) => JSON.stringify({ type, subject, time, data }));
  }

  /** The outputs that the service's own code derives from the input's log, without Redis and processes in between. */
  async function undisturbed(): Promise<string[]> {
    const kind = (await serviceKinds()).get('movement')!;
    const service = kind.create({ stopped_below_mps: 0.5, turns_above_m: 1 });
    return derive(service, await log('gps')).outputs.map(({ subject, timeMs, data }) =>
      JSON.stringify({ type: 'gps.movement', subject, time: new Date(timeMs).toISOString(), data }),
    );
  }

  it('derives the same at rate 20, 200 and max, and with a pause and a seek back to the start', async () => {
    await writeFile(join(folder, 'cars.csv'), fixes(40));
    const results = [
      await derived({ rate: 20 }),
      await derived({ rate: 200 }),
      await derived({ rate: 'max' }),
      await derived({ rate: 50, id: 'steered' }, async (id) => {
        const { patch } = host.verbs;
        await eventually(
          'some events',
          async () => Number(await redis.hget(keys.head('gps'), 'offset')) > 40,
        );
        await patch({ id, patch: { state: 'paused' } });
        const paused = await redis.hget(keys.head('gps'), 'offset');
        await new Promise((resolve) => setTimeout(resolve, 150));
        assert.equal(await redis.hget(keys.head('gps'), 'offset'), paused, 'nothing leaves while paused');
        const answer = await patch({ id, patch: { position: '0s', state: 'playing' } });
        assert.equal(answer.didSeek, true);
      }),
    ];
    assert.equal(results[0]!.length, 40 * CARS);
    for (const result of results) assert.deepEqual(result, results[0]);
    assert.deepEqual(results[0], await undisturbed());
  });

  it('is killed four times, and Redis once, while events flow: nothing missing, nothing doubled', async () => {
    await writeFile(join(folder, 'cars.csv'), fixes(4_000));
    const result = await derived({ rate: 1000 }, async () => {
      for (let kill = 0; kill < 4; kill++) {
        await new Promise((resolve) => setTimeout(resolve, 150 + 50 * kill));
        await killRole(analysis);
        analysis = await startRole(MAIN, { REDIS_URL: server.url });
        if (kill !== 2) continue;
        await server.kill();
        await server.restart();
      }
    });
    assert.equal(result.length, 4_000 * CARS);
    assert.deepEqual(result, await undisturbed());
  }).timeout(60_000);
});
