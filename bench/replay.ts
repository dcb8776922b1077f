import { join } from 'node:path';
import { createLog } from '../core/logging/log.ts';
import { Framer } from '../core/wire/event.ts';
import { convert } from '../replayer/files/convert.ts';
import { ReplayHost } from '../replayer/hosting/host.ts';
import type { Bench } from './support/bench.ts';
import { redisBenchmarkPublish, withSetting, writeRecording } from './support/setting.ts';

const RECORDS = 1_000_000;

export default {
  summary: `Events per second at rate max, ${RECORDS.toLocaleString('en')} records, file to Redis, beside redis-benchmark PUBLISH (one connection, pipeline 64, same size).`,
  async run(report, options) {
    const formats = options.length > 0 ? options : ['mcap', 'ndjson', 'csv'];
    await withSetting(async ({ server, redis, folder }) => {
      for (const format of formats) await write(folder, format);
      const sample = new Framer({ channel: 'bench', source: '/replays/bench', replay: 'bench' });
      const bytes = sample.frame(
        { timeMs: 1.7e12, subject: 'vehicle-77', data: 'x'.repeat(267) },
        1,
        100_000,
        new Date().toISOString(),
      ).length;
      const publishOnly = { log: 0, state: false };
      /** Plays a file. Returns when it was asked to, when the file was open, and when it had ended, ms. */
      const play = async (format: string, channel: object) => {
        const log = createLog('bench', 'silent');
        const host = new ReplayHost({ redis, instance: 'bench', channels: { bench: channel }, folder, log });
        const file = `trip.${format}`;
        const started = performance.now();
        const source = { id: file, path: join(folder, file), channel: 'bench' };
        const replay = await host.start({ id: 'bench', recordings: [file], rate: 'max' }, [source], false);
        const opened = performance.now();
        await host.finished('bench');
        const ended = performance.now();
        const { published } = replay.player.counts;
        if (published !== RECORDS) throw new Error(`${published} events instead of ${RECORDS}`);
        await host.close();
        return { started, opened, ended };
      };
      // The measured replayer is warm: its threads run and its code is compiled.
      for (const format of formats) await play(format, publishOnly);
      for (const [what, channel, appendonly] of [
        ['publish', publishOnly, 'yes'],
        ['publish+state+log', {}, 'yes'],
        // Redis runs with its defaults, without a file: the baseline PUBLISH reaches no disk either.
        ['publish+state+log, without an append-only file', {}, 'no'],
      ] as const) {
        await redis.config('SET', 'appendonly', appendonly);
        for (const format of formats) {
          const before = await redisBenchmarkPublish(server, bytes);
          const { started, opened, ended } = await play(format, channel);
          const baseline = (before + (await redisBenchmarkPublish(server, bytes))) / 2;
          const perSecond = (ms: number) => (RECORDS / ms) * 1000;
          report({
            name: `replay ${format} ${what}, from the file`,
            value: perSecond(ended - started),
            unit: 'events/s',
            baseline,
          });
          report({
            name: `replay ${format} ${what}, once in memory`,
            value: perSecond(ended - opened),
            unit: 'events/s',
            baseline,
          });
        }
      }
    });
  },
} satisfies Bench;

async function write(folder: string, format: string): Promise<void> {
  const out = join(folder, `trip.${format}`);
  if (format !== 'mcap') return writeRecording(out, RECORDS);
  const lines = join(folder, 'source.ndjson');
  await writeRecording(lines, RECORDS);
  await convert({ inputs: [lines], out, options: { channel: 'bench' } });
}
