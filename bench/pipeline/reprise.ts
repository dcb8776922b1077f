import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { channelSpec } from '../../core/wire/channels.ts';
import type { CloudEvent } from '../../core/wire/event.ts';
import { keys } from '../../core/wire/keys.ts';
import { pipelineMembersText, planPipeline } from '../../core/wire/pipeline.ts';
import { services } from '../../core/redis/presence.ts';
import type { Redis } from '../../core/redis/connection.ts';
import { readHead, readLog } from '../../core/redis/channel-store.ts';
import { newTrace, traceparentText } from '../../core/wire/trace.ts';
import { ChannelWriter } from '../../core/writing/writer.ts';
import { killRole, startRole } from '../../test/helpers/role.ts';
import { eventually } from '../../test/helpers/wait.ts';
import type { Contender } from './contender.ts';
import { post, STEPS } from './message.ts';

/** The share of traces that are recorded. */
const SAMPLED = 0.01;
const NAME = 'bench';

/** A pipeline of three steps, run by the analysis host; events are sent as the API does it. */
export async function reprise(redis: Redis, redisUrl: string, folder: string): Promise<Contender> {
  const pipeline = { steps: STEPS.map((name) => ({ service: 'copy', name })) };
  const config = join(folder, 'pipeline.json');
  // The logs hold two runs, because the times are read from them afterwards.
  const logs = [...STEPS.map((step) => `${NAME}.${step}`), NAME].map((channel) => [
    channel,
    { log: 1_000_000 },
  ]);
  await writeFile(
    config,
    JSON.stringify({ channels: Object.fromEntries(logs) as object, pipelines: { [NAME]: pipeline } }),
  );
  const child = await startRole('backend/analysis/main.ts', { REDIS_URL: redisUrl, REPRISE_CONFIG: config });
  const { steps, input, route, to } = planPipeline(NAME, pipeline);
  await eventually('the steps', async () => {
    const running = (await services(redis)).filter(({ state }) => state === 'running');
    return steps.every(({ service }) => running.some(({ name }) => name === service));
  });
  const writer = new ChannelWriter(
    redis,
    { ...channelSpec(input), logMax: 1_000_000 },
    { source: '/ingest' },
  );
  const channels = [...steps.map(({ channel }) => channel), to];
  let sent = 0;
  return {
    name: 'Reprise',
    pid: child.pid!,
    async send(count) {
      const records = Array.from({ length: count }, () => {
        const traceparent = traceparentText(newTrace(Math.random() < SAMPLED));
        return {
          timeMs: Date.now(),
          subject: 'unknown',
          data: JSON.stringify(post(sent++)),
          extra: pipelineMembersText({ traceparent, pipeline: NAME, route }),
        };
      });
      await writer.emit(records);
    },
    count: async () => (await readHead(redis, to)).offset,
    async hopsMs(from) {
      const { epoch } = await readHead(redis, to);
      const times = await Promise.all(
        channels.map(async (channel) => {
          const { epoch: own } = channel === to ? { epoch } : await readHead(redis, channel);
          const entries = await readLog(redis, channel, { epoch: own, offset: from }, 1_000_000);
          return entries.map(({ event }) => Date.parse((JSON.parse(event) as CloudEvent).sent));
        }),
      );
      return times.slice(1).flatMap((after, i) => after.map((time, n) => time - times[i]![n]!));
    },
    async close() {
      await killRole(child);
      await redis.del(keys.setup);
    },
  };
}
