import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CloudEvent } from '../core/wire/event.ts';
import { keys } from '../core/wire/keys.ts';
import { Requester } from '../core/redis/requests.ts';
import type { Replay } from '../schemas/types.ts';
import type { Bench } from './support/bench.ts';
import { withSetting } from './support/setting.ts';

const EVENTS = 100_000;
const STANDING_BY = 2;
const reprise = fileURLToPath(new URL('../bin/reprise.js', import.meta.url));

export default {
  summary:
    'How long a replay stands still when its replayer is killed, and whether the log has a hole or a double afterwards. Option: kills (50).',
  async run(report, [kills = '50']) {
    await withSetting(async ({ redis, folder }) => {
      const rows = Array.from({ length: EVENTS }, (_, n) => `${1_700_000_000_000 + n},s${n % 9},${n}`);
      await writeFile(join(folder, 'long.csv'), `time,vehicle,n\n${rows.join('\n')}\n`);
      const replayers: ChildProcess[] = [];
      const { host, port } = redis.options;
      const env = {
        ...process.env,
        REDIS_URL: `redis://${host}:${port}`,
        REPRISE_RECORDINGS: folder,
        REPRISE_DATA: folder,
        LOG_LEVEL: 'error',
      };
      const start = () => replayers.push(fork(reprise, ['serve', 'replayer'], { env }));
      for (let i = 0; i < STANDING_BY; i++) start();
      const requester = new Requester(redis);
      // Long enough for all kills: each stops the replay for some 1.5 s, with half a second in between.
      const rate = Math.max(0.01, EVENTS / 1000 / (Number(kills) * 0.6 + 2));
      const recordings = [{ id: 'long.csv', channel: 'long', subject: 'vehicle' }];
      await requester.ask('replayer', 'create', { id: 'long', recordings, rate }, 20_000);
      const document = async () => JSON.parse((await redis.hget(keys.replays, 'long'))!) as Replay;
      const offset = async () => Number(await redis.hget(keys.head('long'), 'offset'));
      const stoodMs: number[] = [];
      while (stoodMs.length < Number(kills) && (await document()).state !== 'ended') {
        await delay(Math.random() * 1_000);
        const { instance } = await document();
        const victim = replayers.find(({ pid }) => instance!.endsWith(`-${pid}`));
        if (!victim) continue;
        replayers.splice(replayers.indexOf(victim), 1);
        victim.kill('SIGKILL');
        await once(victim, 'exit');
        const [last, killedMs] = [await offset(), performance.now()];
        start();
        while ((await offset()) === last && last < EVENTS) await delay(5);
        stoodMs.push(performance.now() - killedMs);
      }
      while ((await document()).state !== 'ended') await delay(100);
      const entries = await redis.xrange(keys.log('long'), '-', '+');
      const right = entries.filter(
        ([id, fields], n) =>
          id.endsWith(`-${n + 1}`) && (JSON.parse(fields[1]!) as CloudEvent).data['n'] === n,
      ).length;
      const { epoch } = await document();
      stoodMs.sort((a, b) => a - b);
      report({ name: 'kills', value: stoodMs.length, unit: 'kills' });
      report({ name: 'stood still, median', value: stoodMs[stoodMs.length >> 1]!, unit: 'ms' });
      report({ name: 'stood still, longest', value: stoodMs.at(-1)!, unit: 'ms' });
      report({ name: 'epochs', value: epoch, unit: 'epochs' });
      report({ name: 'events in the log in their place', value: right, unit: 'events', baseline: EVENTS });
      requester.close();
      for (const replayer of replayers) replayer.kill('SIGKILL');
    });
  },
} satisfies Bench;
