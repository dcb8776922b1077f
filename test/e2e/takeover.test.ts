import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Event } from '../../core/event.ts';
import { keys } from '../../core/keys.ts';
import { connect, type Redis } from '../../core/redis.ts';
import { Requester } from '../../core/requests.ts';
import type { Replay, ReplayRequest } from '../../schemas/types.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { killRole, startRole } from '../helpers/role.ts';
import { eventually } from '../helpers/wait.ts';

const ROWS = 20_000;
const KILLS = 5;

describe('a replay whose replayer is killed', function () {
  this.timeout(120_000);
  let server: TestRedis;
  let redis: Redis;
  let folder: string;
  let env: NodeJS.ProcessEnv;
  const replayers: ChildProcess[] = [];
  const start = async () => replayers.push(await startRole('replayer/main.ts', env));
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reprise-takeover-'));
    const rows = (name: string, every: number) =>
      Array.from(
        { length: ROWS / every },
        (_, n) => `${1_700_000_000_000 + n * every},${name}${n % 7},${n}`,
      ).join('\n');
    await writeFile(join(folder, 'a.csv'), `time,vehicle,n\n${rows('a', 1)}\n`);
    await writeFile(join(folder, 'b.csv'), `time,vehicle,n\n${rows('b', 2)}\n`);
    server = await startRedis();
    redis = await connect(server.url, 'test');
    env = { REDIS_URL: server.url, REPRISE_RECORDINGS: folder, REPRISE_DATA: folder };
    await Promise.all([start(), start()]);
  });
  after(async () => {
    await Promise.all(replayers.map(killRole));
    redis?.disconnect();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('goes on in another process, in its epoch, without a hole and without a double', async () => {
    const requester = new Requester(redis);
    const request: ReplayRequest = {
      id: 'long',
      recordings: [
        { id: 'a.csv', channel: 'a', subject: 'vehicle' },
        { id: 'b.csv', channel: 'b', subject: 'vehicle' },
      ],
      rate: 2,
    };
    await requester.ask('replayer', 'create', request);
    const document = async () => JSON.parse((await redis.hget(keys.replays, 'long'))!) as Replay;
    const { epoch } = await document();
    const offset = async () => Number(await redis.hget(keys.head('a'), 'offset'));
    for (let kill = 0; kill < KILLS; kill++) {
      await delay(300 + Math.random() * 200);
      const { instance } = await document();
      const at = replayers.findIndex(({ pid }) => instance!.endsWith(`-${pid}`));
      const [victim] = replayers.splice(at, 1);
      await killRole(victim!);
      const last = await offset();
      await eventually('another to go on', async () => (await offset()) > last);
      await start();
    }
    await eventually('the end', async () => (await document()).state === 'ended', 30_000);
    for (const [channel, count] of [
      ['a', ROWS],
      ['b', ROWS / 2],
    ] as const) {
      const entries = await redis.xrange(keys.log(channel), '-', '+');
      const events = entries.map(([, fields]) => JSON.parse(fields[1]!) as Event);
      assert.deepEqual(
        entries.map(([id]) => id),
        Array.from({ length: count }, (_, n) => `${epoch}-${n + 1}`),
      );
      assert.ok(events.every(({ data }, n) => data['n'] === n));
    }
    requester.close();
  });
});
