import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLog } from '../core/logging/log.ts';
import { duplicate, type Redis } from '../core/redis/connection.ts';
import { ReplayHost } from '../replayer/hosting/host.ts';
import type { Bench } from './support/bench.ts';
import { withSetting } from './support/setting.ts';

export default {
  summary:
    'How late events leave at rate 1: by the player, and by a loop that does nothing but spin. Options: seconds (60), events a second (100).',
  async run(report, [seconds = '60', perSecond = '100']) {
    const everyMs = 1000 / Number(perSecond);
    const count = Math.round((Number(seconds) * 1000) / everyMs);
    await withSetting(async ({ redis, folder }) => {
      const rows = Array.from({ length: count }, (_, i) =>
        JSON.stringify({ timestamp: 1_700_000_000_000 + i * everyMs, n: i }),
      );
      const path = join(folder, 'steady.ndjson');
      await writeFile(path, rows.join('\n'));
      // Half of the baseline runs before the replay and half after it, because the speed of a shared machine drifts.
      const before = await spin(redis, everyMs, Math.round(count / 4));
      const cpuBefore = process.cpuUsage();
      const { lates, cpuShare } = await play(redis, path, folder, { everyMs, count }, cpuBefore);
      const spins = before.concat(await spin(redis, everyMs, Math.round(count / 4)));
      for (const share of [50, 99, 99.9]) {
        report({
          name: `lateness p${share}`,
          value: percentile(lates, share),
          unit: 'ms',
          baseline: percentile(spins, share),
        });
      }
      const tenSeconds = Math.round(Math.min(count / 2, 10_000 / everyMs));
      report({
        name: 'lateness p50 in the last ten seconds, beside the first ten',
        value: percentile(lates.slice(-tenSeconds), 50),
        unit: 'ms',
        baseline: percentile(lates.slice(0, tenSeconds), 50),
      });
      report({ name: 'core used by the player', value: cpuShare, unit: 'share' });
    });
  },
} satisfies Bench;

/** Lateness for a subscriber: the arrival of an event minus its due time, counted from the first event's arrival. */
async function play(
  redis: Redis,
  path: string,
  folder: string,
  { everyMs, count }: { everyMs: number; count: number },
  cpuBefore: NodeJS.CpuUsage,
) {
  const subscriber = duplicate(redis);
  const arrivals: number[] = [];
  subscriber.on('message', () => arrivals.push(performance.now()));
  await subscriber.subscribe('steady');
  const host = new ReplayHost({
    redis,
    instance: 'bench',
    channels: {},
    folder,
    log: createLog('bench', 'silent'),
  });
  const begun = performance.now();
  const replay = await host.start(
    { id: 'steady', recordings: ['steady'] },
    [{ id: 'steady', path, channel: 'steady' }],
    false,
  );
  const startMs = performance.now() - (replay.player.clock.positionMs() - replay.player.startMs);
  await host.finished('steady');
  while (arrivals.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
  const cpu = process.cpuUsage(cpuBefore);
  await host.close();
  subscriber.disconnect();
  return {
    lates: arrivals.map((atMs, i) => atMs - (startMs + i * everyMs)),
    cpuShare: (cpu.user + cpu.system) / 1000 / (performance.now() - begun),
  };
}

/** The best that one thread can do: spin until each event is due, then publish it. */
async function spin(redis: Redis, everyMs: number, count: number): Promise<number[]> {
  const subscriber = duplicate(redis);
  const arrivals: number[] = [];
  subscriber.on('message', () => arrivals.push(performance.now()));
  await subscriber.subscribe('spin');
  const startMs = performance.now();
  for (let i = 0; i < count; i++) {
    while (performance.now() < startMs + i * everyMs) await new Promise((resolve) => setImmediate(resolve));
    void redis.publish('spin', 'x'.repeat(400));
  }
  while (arrivals.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
  subscriber.disconnect();
  return arrivals.map((atMs, i) => atMs - (startMs + i * everyMs));
}

function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * share) / 100))]!;
}
