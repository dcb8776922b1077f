import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { derive } from '../../../backend/analysis/engine/derive.ts';
import { checkedParams, serviceKinds } from '../../../backend/analysis/hosting/registry.ts';
import { plan } from '../../../backend/analysis/hosting/plan.ts';
import { ServiceRunner } from '../../../backend/analysis/running/committed/service-runner.ts';
import type { CloudEvent } from '../../../core/wire/event.ts';
import { keys } from '../../../core/wire/keys.ts';
import { createLog } from '../../../core/logging/log.ts';
import { readHead, readLog } from '../../../core/redis/channel-store.ts';
import type { Config } from '../../../schemas/types.ts';
import { AnalysisWorld, difference } from '../../helpers/analysis.ts';
import { eventually } from '../../helpers/wait.ts';

const CARS = 5;
const SECONDS = 1_500;
/** Fewer events than are derived, more than are written at once. */
const LOG_MAX = 2_000;
/** Time that another process may take to continue. */
const LIMIT_MS = 5_000;

const config: Config = {
  services: {
    movement: { use: 'movement' },
    minutes: {
      use: 'windows',
      input: 'gps',
      output: 'minutes',
      params: {
        window: { kind: 'tumbling', size: '1m' },
        select: { n: 'count()', p: 'quantile(latitude, 0.5)' },
      },
    },
    heard: { use: 'movement', mode: 'live', output: 'heard' },
  },
};

/** Cars that drive in circles, 1 Hz each. */
function fixes(): string {
  const rows = ['timestamp,vehicle_id,latitude,longitude'];
  for (let s = 0; s < SECONDS; s++)
    for (let car = 0; car < CARS; car++) {
      const angle = s / (7 + car);
      rows.push(
        `${1_700_000_000 + s + car / 10},car-${car},${52 + Math.sin(angle) / 1e3},${13 + Math.cos(angle) / 500}`,
      );
    }
  return `${rows.join('\n')}\n`;
}

describe('the services of a process', function () {
  this.timeout(60_000);
  let world: AnalysisWorld;

  before(async () => {
    world = await AnalysisWorld.start(config);
    await writeFile(join(world.folder, 'cars.csv'), fixes());
    // The first process runs all services; the second stands by.
    await world.startProcess();
    await eventually('the first to run all', async () => {
      const holders = Object.keys(config.services!).map(keys.holder);
      return (await world.redis.exists(holders)) === holders.length;
    });
    await world.startProcess();
  });
  after(() => world?.stop());

  /** The outputs that the service's own code derives from the input's log, without Redis and processes in between. */
  async function undisturbed(use: string, service: string, epoch: number): Promise<string[]> {
    const entries = await readLog(world.redis, 'gps', { epoch, offset: 0 }, 100_000);
    const events = entries.map(({ event }) => JSON.parse(event) as CloudEvent);
    const kind = (await serviceKinds()).get(use)!;
    const params = checkedParams(service, kind, config.services![service]!.params ?? {});
    return derive(kind.create(params), events).outputs.map(({ subject, timeMs, data }) => {
      return `[${JSON.stringify(subject)},"${new Date(timeMs).toISOString()}",${JSON.stringify(data)}]`;
    });
  }

  /** Plays while something happens to the process that runs the services, and asserts what is derived. */
  async function goesOnAfter(
    id: string,
    strike: () => Promise<void>,
    then: () => Promise<void>,
  ): Promise<void> {
    const epochs = new Map<string, number>();
    for (const channel of ['gps.movement', 'minutes'])
      epochs.set(channel, Number(await world.redis.hget(keys.head(channel), 'epoch')));
    const epoch = await world.play({ id, recordings: [{ id: 'cars.csv', channel: 'gps' }], rate: 100 });
    await eventually('some events', async () => (await world.committed('movement', 'gps')) > 500);
    await strike();
    const struckMs = performance.now();
    const last = await world.committed('movement', 'gps');
    await eventually(
      'another process to go on',
      async () => (await world.committed('movement', 'gps')) > last,
      LIMIT_MS,
    );
    const stoodMs = performance.now() - struckMs;
    await then();
    await world.replays.patch(id, { rate: 'max' });
    await world.replays.finished(id);
    await world.replays.remove(id);
    for (const [channel, use, service] of [
      ['gps.movement', 'movement', 'movement'],
      ['minutes', 'windows', 'minutes'],
    ] as const) {
      const derived = await world.derived(channel, epochs.get(channel));
      const found = difference(await undisturbed(use, service, epoch), derived);
      assert.deepEqual(found, { missing: 0, doubled: 0, isSame: true }, channel);
    }
    assert.ok(stoodMs < LIMIT_MS, `${stoodMs} ms`);
  }

  it('that is killed are continued by another, and nothing is lost or doubled', async () => {
    await goesOnAfter(
      'killed',
      () => world.kill(world.processes[0]!),
      async () => void (await world.startProcess()),
    );
  });

  it('that is frozen are continued by another, and stay there when it wakes', async () => {
    const [sleeper, other] = [world.processes[0]!, world.processes[1]!];
    const holder = () => world.redis.get(keys.holder('movement'));
    await goesOnAfter(
      'frozen',
      async () => void sleeper.kill('SIGSTOP'),
      async () => {
        const token = await holder();
        sleeper.kill('SIGCONT');
        const last = await world.committed('movement', 'gps');
        await eventually('more', async () => (await world.committed('movement', 'gps')) > last + 300);
        assert.equal(await holder(), token);
      },
    );
    assert.equal(other.exitCode, null);
    // Events may be missing live, but none comes twice.
    const heard = await world.logged('heard');
    assert.equal(new Set(heard).size, heard.length);
  });

  it('wait for the readers of their outputs', async () => {
    await world.killAll();
    const { redis } = world;
    const { epoch, offset } = await readHead(redis, 'gps.movement');
    const attached = `${epoch}-${offset} ${Date.now() + 60_000}`;
    await redis.hset(keys.consumers('gps.movement'), 'slow', attached);
    const { close } = await runMovement({ 'gps.movement': { log: LOG_MAX } });
    const head = async () => {
      const now = await readHead(redis, 'gps.movement');
      return now.epoch > epoch ? now.offset : 0;
    };
    await eventually('a beginning', async () => (await head()) > 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const reached = await head();
    assert.ok(reached <= LOG_MAX, `${reached} events, of which the log has ${LOG_MAX}`);
    await redis.hdel(keys.consumers('gps.movement'), 'slow');
    await eventually('the rest', async () => (await head()) === CARS * SECONDS);
    await close();
  });

  it('wait while Redis accepts no writes, and then continue', async () => {
    const { redis } = world;
    const { epoch } = await readHead(redis, 'gps.movement');
    const { runner, close } = await runMovement({}, () => redis.config('SET', 'maxmemory', '1'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(runner.position, null);
    await redis.config('SET', 'maxmemory', '0');
    assert.equal((await world.derived('gps.movement', epoch)).length, CARS * SECONDS);
    await close();
  });

  /** Derives the current epoch again, in this process. */
  async function runMovement(channels: Config['channels'], first: () => Promise<unknown> = async () => {}) {
    const { redis } = world;
    await redis.del(keys.checkpoint('movement'), keys.holder('movement'));
    await first();
    const planned = plan('movement', { use: 'movement' }, await serviceKinds(), channels ?? {});
    const runner = new ServiceRunner({
      ...planned,
      redis,
      partition: null,
      log: createLog('here', 'silent'),
    });
    const running = runner.run();
    const close = async () => {
      runner.close();
      await running;
    };
    return { runner, close };
  }
});
