import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ownsKey, parsePartition } from '../../../backend/analysis/running/partition.ts';
import { keys } from '../../../core/wire/keys.ts';
import { readHead } from '../../../core/redis/channel-store.ts';
import type { Config } from '../../../schemas/types.ts';
import { AnalysisWorld, difference } from '../../helpers/analysis.ts';
import { eventually } from '../../helpers/wait.ts';

const CARS = 12;
const SECONDS = 150;
const DERIVED = ['gps.movement', 'minutes', 'tens', 'sessions'];
const THREE = ['1/3', '2/3', '3/3'];

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
    tens: {
      use: 'windows',
      input: 'gps.movement',
      output: 'tens',
      params: { window: { kind: 'tumbling', size: '10s' }, select: { n: 'count()' } },
    },
    sessions: {
      use: 'windows',
      input: 'gps.movement',
      output: 'sessions',
      params: { window: { kind: 'session', size: '10s' }, select: { way: 'sum(distance_m)' } },
    },
  },
};

/** Cars that drive in circles, 1 Hz each, each silent for a while. */
function fixes(): string {
  const rows = ['timestamp,vehicle_id,latitude,longitude'];
  for (let s = 0; s < SECONDS; s++)
    for (let car = 0; car < CARS; car++) {
      if (s % 60 < car) continue;
      const angle = s / (7 + car);
      rows.push(
        `${1_700_000_000 + s + car / 100},car-${car},${52 + Math.sin(angle) / 1e3},${13 + Math.cos(angle) / 500}`,
      );
    }
  return `${rows.join('\n')}\n`;
}

describe('partitions of a service', function () {
  this.timeout(60_000);
  let world: AnalysisWorld;
  let serving: { close(): Promise<void> }[] = [];
  const expected = new Map<string, string[]>();

  before(async () => {
    world = await AnalysisWorld.start(config);
    await writeFile(join(world.folder, 'cars.csv'), fixes());
  });
  afterEach(async () => {
    await Promise.all(serving.map((each) => each.close()));
    serving = [];
  });
  after(() => world?.stop());

  const serve = async (...partitions: (string | undefined)[]) => {
    serving.push(...(await Promise.all(partitions.map((partition) => world.serveHere(partition)))));
  };

  async function play(id: string, options: { paused?: true; loop?: number } = {}): Promise<void> {
    await world.play({ id, recordings: [{ id: 'cars.csv', channel: 'gps' }], rate: 'max', ...options });
    await world.replays.finished(id);
    await world.replays.remove(id);
  }

  /** The events derived for each subject, in order. */
  function bySubject(lines: string[]): string[] {
    const subjectOf = (line: string) => (JSON.parse(line) as [string])[0];
    const keyed = lines.map((line, i) => [subjectOf(line), i] as const);
    return keyed.sort(([a, i], [b, j]) => (a < b ? -1 : a > b ? 1 : i - j)).map(([, i]) => lines[i]!);
  }

  function isExpected(channel: string, lines: string[]): void {
    const found = difference(expected.get(channel)!, bySubject(lines));
    assert.deepEqual(found, { missing: 0, doubled: 0, isSame: true }, channel);
  }

  async function isAsExpected(afterEpoch: Map<string, number>): Promise<void> {
    for (const channel of DERIVED) {
      const lines = await world.derived(channel, afterEpoch.get(channel));
      isExpected(channel, lines);
    }
  }

  const epochs = async () => {
    const heads = await Promise.all(DERIVED.map((channel) => readHead(world.redis, channel)));
    return new Map(DERIVED.map((channel, i) => [channel, heads[i]!.epoch]));
  };

  it('derive together what one process derives, also if one starts later', async () => {
    await serve(undefined);
    await play('one');
    for (const channel of DERIVED) expected.set(channel, bySubject(await world.derived(channel)));
    assert.ok(expected.get('sessions')!.length > CARS);
    await serving.pop()!.close();

    const before = await epochs();
    await serve('1/3', '3/3');
    const playing = play('three', { paused: true });
    await eventually('the replay to be there', () => world.replays.has('three'));
    await world.replays.patch('three', { step: 500 });
    await eventually('the first to be ahead', async () => {
      return (await world.committed('movement#1/3', 'gps')) === 500;
    });
    await serve('2/3');
    await eventually('the second to run', () => world.redis.exists(keys.holder('movement#2/3')));
    await world.replays.patch('three', { state: 'playing' });
    await playing;
    await isAsExpected(before);
    // Each process has derived its share.
    for (const partition of THREE)
      assert.ok(
        Array.from({ length: CARS }, (_, car) => `car-${car}`).some((car) =>
          ownsKey(parsePartition(partition), car),
        ),
      );
  });

  it('bring an epoch to its end together before the next begins', async () => {
    await serve(...THREE);
    const before = await epochs();
    await play('loop', { loop: 2 });
    // Two epochs later.
    await isAsExpected(new Map(Array.from(before, ([channel, epoch]) => [channel, epoch + 1])));
    for (const channel of DERIVED) isExpected(channel, await world.logged(channel, 1));
  });

  it('stand by while the service runs with another number of partitions, and start the epoch again afterwards', async () => {
    const before = await epochs();
    await serve('1/3');
    await eventually('movement#1/3 to run', () => world.redis.exists(keys.holder('movement#1/3')));
    await serve(undefined);
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.equal(await world.redis.exists(keys.checkpoint('movement')), 0);
    await serving.shift()!.close();
    await isAsExpected(before);
  });

  it('with nothing to derive do not hold up the readers of the others', async () => {
    await serve(...THREE);
    const rows = Array.from({ length: 60 }, (_, s) => `${1_700_000_000 + s},lonely,${52 + s / 1e4},13`);
    await writeFile(
      join(world.folder, 'one.csv'),
      `timestamp,vehicle_id,latitude,longitude\n${rows.join('\n')}\n`,
    );
    const { epoch } = await readHead(world.redis, 'tens');
    await world.play({ id: 'one', recordings: [{ id: 'one.csv', channel: 'gps' }], paused: true });
    await world.replays.patch('one', { step: 45 });
    await eventually('the windows before the pause', async () => {
      const head = await readHead(world.redis, 'tens');
      return head.epoch > epoch && head.offset === 4;
    }).catch(async (error: Error) => {
      throw new Error(`${error.message}: ${await standing()}`);
    });
    await world.replays.remove('one');
  });

  /** The positions and watermarks of channels and partitions, for a failure that is rare and has no known cause yet. */
  async function standing(): Promise<string> {
    const { redis } = world;
    const heads = ['gps', ...DERIVED].map(async (name) => [name, await redis.hgetall(keys.head(name))]);
    const checkpoints = (await redis.keys(keys.checkpoint('*'))).map(async (key) => [
      key,
      await redis.hmget(key, '@gps', '@gps.movement', '#mark', '#commit'),
    ]);
    return JSON.stringify(await Promise.all([...heads, ...checkpoints]));
  }

  it('are asked for on the command line', async () => {
    const child = world.startProcess('--partition', '2/2');
    await eventually('movement#2/2 to run', () => world.redis.exists(keys.holder('movement#2/2')));
    await world.kill(await child);
    assert.throws(() => parsePartition('3/2'), /"3\/2" is not a valid partition/);
    assert.throws(() => parsePartition('0/2'), /is not a valid partition/);
  });
});
