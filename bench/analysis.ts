import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Block } from '../core/wire/block.ts';
import { channelSpec } from '../core/wire/channels.ts';
import { keys } from '../core/wire/keys.ts';
import { createLog } from '../core/logging/log.ts';
import { duplicate, type Redis } from '../core/redis/connection.ts';
import { readHead } from '../core/redis/channel-store.ts';
import { ChannelWriter } from '../core/writing/writer.ts';
import { checkedParams, serviceKinds } from '../backend/analysis/hosting/registry.ts';
import { LiveRunner } from '../backend/analysis/running/live/live-runner.ts';
import { ServiceRunner } from '../backend/analysis/running/committed/service-runner.ts';
import { MAIN_OUTPUT, type ServiceKind } from '../backend/analysis/engine/service.ts';
import type { Bench } from './support/bench.ts';
import { withSetting } from './support/setting.ts';

const shell = promisify(execFile);
const EVENTS = 200_000;
const VEHICLES = 100;
/** The batch size of the runner. */
const BATCH = 1_000;
const NAMES: { [figure: string]: string } = {
  movement: 'movement, committed',
  live: 'movement, live',
  windows: 'windows, committed',
};
/** A service that is in no pipeline. */
const PLAIN = {
  variant: () => null,
  specOf: (name: string) => channelSpec(name),
  enters: null,
  retryPolicy: null,
  keepsPlace: false,
};

export default {
  summary: `Events per second through a service, ${EVENTS.toLocaleString('en')} fixes of ${VEHICLES} vehicles, one process, beside a bare XREADGROUP+XACK loop of batches of ${BATCH}. Option: one of movement, live, windows.`,
  async run(report, [only = '']) {
    await withSetting(async ({ redis, folder }) => {
      const gps = { ...channelSpec('gps'), logMax: EVENTS * 2 };
      await fill(redis, gps);
      const log = createLog('bench', 'silent');
      const kinds = await serviceKinds();
      const run = async (use: string, params: object, name: string) => {
        const kind = kinds.get(use)!;
        const service = kind.create(checkedParams(name, kind, params as { [name: string]: unknown }));
        const output = channelSpec(`${name}.out`);
        const outputs = new Map([[MAIN_OUTPUT, output]]);
        const runner = new ServiceRunner({
          redis,
          name,
          service,
          input: 'gps',
          outputs,
          partition: null,
          definition: '',
          ...PLAIN,
          log,
        });
        const started = performance.now();
        const done = runner.run();
        while (!(await redis.hget(keys.checkpoint(name), '@gps'))?.endsWith(`-${EVENTS}`))
          await new Promise((resolve) => setTimeout(resolve, 10));
        const perSecond = (EVENTS / (performance.now() - started)) * 1000;
        runner.close();
        await done;
        return perSecond;
      };
      const window = { kind: 'tumbling', size: '60s' };
      const select = {
        n: 'count()',
        speed: 'avg(speed_meters_per_second)',
        top: 'max(speed_meters_per_second)',
      };
      const figures: { [figure: string]: (name: string) => Promise<number> } = {
        movement: (name) => run('movement', {}, name),
        live: (name) => live(redis, kinds.get('movement')!, folder, `live-${name}`),
        windows: (name) => run('windows', { window, select }, name),
      };
      for (const [figure, measure] of Object.entries(figures)) {
        if (only && only !== figure) continue;
        await measure(`warm-${figure}`);
        // The baseline runs half before and half after, because the speed of a shared machine drifts.
        const before = await bareLoop(redis, `${figure}-before`);
        const value = await measure(figure);
        const baseline = (before + (await bareLoop(redis, `${figure}-after`))) / 2;
        report({ name: NAMES[figure]!, value, unit: 'events/s', baseline });
      }
    });
  },
} satisfies Bench;

/** Publishes as fast as the service listens. Events per second, from the first event to the last result in Redis. */
async function live(redis: Redis, kind: ServiceKind, folder: string, name: string): Promise<number> {
  const input = { ...channelSpec(`${name}.in`), logMax: 0, keepsState: false };
  const output = { ...channelSpec(`${name}.out`), logMax: 0, keepsState: false };
  const runner = new LiveRunner({
    redis,
    name,
    service: kind.create(checkedParams(name, kind, {})),
    input: input.name,
    outputs: new Map([[MAIN_OUTPUT, output]]),
    partition: null,
    definition: '',
    ...PLAIN,
    log: createLog('bench', 'silent'),
  });
  const file = join(folder, name);
  await writeFile(file, await publishing(redis, input.name));
  const done = runner.run();
  while (runner.position === null) await new Promise((resolve) => setTimeout(resolve, 10));
  await new Promise((resolve) => setTimeout(resolve, 200));
  // By default Redis disconnects a subscriber that is far behind.
  await redis.config('SET', 'client-output-buffer-limit', 'pubsub 0 0 0');
  const started = performance.now();
  // redis-cli writes as fast as Redis accepts, and needs little processor time.
  await shell('sh', ['-c', 'redis-cli -p "$0" --pipe < "$1"', String(redis.options.port), file]);
  while ((await readHead(redis, output.name)).offset < EVENTS) {
    if (runner.lost > 0) throw new Error(`the service missed ${runner.lost} events`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const perSecond = (EVENTS / (performance.now() - started)) * 1000;
  runner.close();
  await done;
  return perSecond;
}

/** Commands that publish the events of gps on another channel. */
async function publishing(redis: Redis, channel: string): Promise<string> {
  const entries = await redis.xrange(keys.log('gps'), '-', '+');
  const commands = entries.map(([, fields]) => {
    const event = fields[1]!;
    return `*3\r\n$7\r\nPUBLISH\r\n$${channel.length}\r\n${channel}\r\n$${Buffer.byteLength(event)}\r\n${event}\r\n`;
  });
  return commands.join('');
}

/** Fixes of vehicles that drive in circles, 10 Hz in all. */
async function fill(redis: Redis, spec: ReturnType<typeof channelSpec>): Promise<void> {
  const writer = new ChannelWriter(redis, spec, { source: '/replays/bench', replay: 'bench' });
  await redis.ping();
  for (let from = 0; from < EVENTS; from += BATCH) {
    const records = Array.from({ length: BATCH }, (_, i) => {
      const n = from + i;
      const angle = n / 5_000;
      const data = {
        latitude: 52 + Math.sin(angle + (n % VEHICLES)) / 100,
        longitude: 13 + Math.cos(angle + (n % VEHICLES)) / 100,
        speed_meters_per_second: 8 + (n % 7),
        bearing: n % 360,
      };
      return { timeMs: 1.7e12 + n * 10, subject: `vehicle-${n % VEHICLES}`, data: JSON.stringify(data) };
    });
    await writer.emit(Block.of(records));
  }
}

/** Reads the same log in a consumer group and only acknowledges. Events per second. */
async function bareLoop(redis: Redis, group: string): Promise<number> {
  const reader = duplicate(redis);
  await reader.xgroup('CREATE', keys.log('gps'), group, '0');
  const started = performance.now();
  for (let count = 0; count < EVENTS;) {
    const reply = (await reader.xreadgroup(
      'GROUP',
      group,
      'one',
      'COUNT',
      BATCH,
      'STREAMS',
      keys.log('gps'),
      '>',
    )) as [string, [string, string[]][]][];
    const entries = reply[0]![1];
    await reader.xack(keys.log('gps'), group, ...entries.map(([id]) => id));
    count += entries.length;
  }
  const perSecond = (EVENTS / (performance.now() - started)) * 1000;
  reader.disconnect();
  return perSecond;
}
