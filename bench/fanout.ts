import { setTimeout as delay } from 'node:timers/promises';
import { channelSpec } from '../core/wire/channels.ts';
import type { TimedRecord } from '../core/wire/event.ts';
import type { Redis } from '../core/redis/connection.ts';
import { ChannelWriter } from '../core/writing/writer.ts';
import type { Tally } from './fanout/client.ts';
import type { ClientsQuestion } from './fanout/clients.ts';
import { Helper, percentile } from './fanout/process.ts';
import type { ServerQuestion, Usage, Way } from './fanout/server.ts';
import type { Bench, Figure } from './support/bench.ts';
import { datum, withSetting } from './support/setting.ts';

const EVENTS_PER_SECOND = 100;
/** How long a server may take to deliver its backlog after the run. */
const CATCH_UP_MS = 30_000;
const SETTLE_SECONDS = 2;
/** Warm-up before the measurement. */
const WARM_SECONDS = 3;
/** Load for clients that stop reading. Two kilobytes an event exceed every kernel buffer. */
const FROZEN = { clients: 20, eventsPerSecond: 1_000, seconds: 20, bytes: 2_000 };
const MB = 1e6;

export default {
  summary: `Socket.IO clients that each follow a channel of ${EVENTS_PER_SECOND} events/s: the gateway beside an emission for each event; then clients that stop reading. Options: clients (1000), seconds (20).`,
  async run(report, [clients = '1000', seconds = '20']) {
    await withSetting(async ({ server, redis, folder }) => {
      const setting = { redis, redisUrl: server.url, folder };
      const lateMs = await latenessOfATimer(2_000);
      report({ name: 'a bare timer, late, p99', value: percentile(lateMs, 99), unit: 'ms' });
      const baseline = await measure('emit to each', setting, Number(clients), Number(seconds), report);
      await measure('broadcast', setting, Number(clients), Number(seconds), report, baseline);
      await measure('gateway', setting, Number(clients), Number(seconds), report, baseline);
      await freeze(setting, report);
    });
  },
} satisfies Bench;

interface Setting {
  redis: Redis;
  redisUrl: string;
  folder: string;
}

type Report = (figure: Figure) => void;

/** Measures one kind of server. Returns the CPU seconds per delivered event. */
async function measure(
  way: Way,
  { redis, ...rest }: Setting,
  count: number,
  seconds: number,
  report: Report,
  baseline?: number,
): Promise<number> {
  const channel = `fan.${way.replaceAll(' ', '-')}`;
  const [server, clients] = [Helper.start('server.ts'), Helper.start('clients.ts')];
  const publisher = new Publisher(redis, channel, 480);
  try {
    await publisher.publish(1, 1);
    const port = await server.ask<number>({ start: way, channel, ...rest } satisfies ServerQuestion);
    const usage = (of: 'cpu' | 'memory') => server.ask<Usage>({ usage: of } satisfies ServerQuestion);
    const idle = await usage('memory');
    const ask = <T>(question: ClientsQuestion) => clients.ask<T>(question);
    await ask({ connect: count, port, channel: way === 'gateway' ? channel : null });
    const connected = await usage('memory');
    const warmed = ask<Tally>({
      untilEvents: EVENTS_PER_SECOND * WARM_SECONDS * count,
      limitMs: CATCH_UP_MS,
    });
    await publisher.publish(EVENTS_PER_SECOND * WARM_SECONDS, EVENTS_PER_SECOND);
    await warmed;
    const events = EVENTS_PER_SECOND * seconds;
    const before = await usage('cpu');
    const startMs = performance.now();
    const received = ask<Tally>({ untilEvents: events * count, limitMs: seconds * 1_000 + CATCH_UP_MS });
    await publisher.publish(events, EVENTS_PER_SECOND);
    const tally = await received;
    const elapsedSeconds = (performance.now() - startMs) / 1_000;
    const after = await usage('cpu');
    const cpuSeconds = (after.cpuSeconds - before.cpuSeconds) / tally.events;
    const latenciesMs = tally.latenciesMs.sort((a, b) => a - b);
    const figure = (name: string, value: number, unit: string, of?: number) =>
      report({ name: `${way}: ${name}`, value, unit, ...(of !== undefined && { baseline: of }) });
    figure('delivered', tally.events / elapsedSeconds, 'events/s', EVENTS_PER_SECOND * count);
    figure('CPU of the server', (after.cpuSeconds - before.cpuSeconds) / elapsedSeconds, 'cores');
    figure('CPU of an event delivered', cpuSeconds * 1e6, 'us', baseline && baseline * 1e6);
    figure('publish to client p50', percentile(latenciesMs, 50), 'ms');
    figure('publish to client p99', percentile(latenciesMs, 99), 'ms');
    figure('publish to client max', latenciesMs.at(-1) ?? NaN, 'ms');
    figure('lost', tally.lost, 'events');
    figure('conflated', tally.conflated, 'events');
    figure('memory of a client, connected', heldBytes(idle, connected) / count / 1e3, 'kB');
    figure('memory of a client, RSS, while it runs', (after.rssBytes - idle.rssBytes) / count / 1e3, 'kB');
    return cpuSeconds;
  } finally {
    await Promise.all([server.stop(), clients.stop()]);
  }
}

/** Memory cost of a client that stops reading. */
async function freeze({ redis, ...rest }: Setting, report: Report): Promise<void> {
  const channel = 'fan.frozen';
  const [server, clients] = [Helper.start('server.ts'), Helper.start('clients.ts')];
  const publisher = new Publisher(redis, channel, FROZEN.bytes);
  try {
    await publisher.publish(1, 1);
    const port = await server.ask<number>({ start: 'gateway', channel, ...rest } satisfies ServerQuestion);
    const ask = <T>(question: ClientsQuestion) => clients.ask<T>(question);
    await ask({ connect: FROZEN.clients, port, channel });
    const { eventsPerSecond, seconds } = FROZEN;
    await publisher.publish(eventsPerSecond * SETTLE_SECONDS, eventsPerSecond);
    const memory = () => server.ask<Usage>({ usage: 'memory' } satisfies ServerQuestion);
    const before = await memory();
    await ask({ freeze: true });
    let most = before;
    for (let second = 0; second < seconds; second++) {
      await publisher.publish(eventsPerSecond, eventsPerSecond);
      const now = await memory();
      if (heldBytes(before, now) > heldBytes(before, most)) most = now;
    }
    const figure = (name: string, bytes: number) =>
      report({
        name: `a client that stops reading: ${name}`,
        value: bytes / FROZEN.clients / MB,
        unit: 'MB',
      });
    figure('missed', FROZEN.bytes * eventsPerSecond * seconds * FROZEN.clients);
    figure('heap', most.heapBytes - before.heapBytes);
    figure('buffers', most.externalBytes - before.externalBytes);
    figure('RSS', most.rssBytes - before.rssBytes);
  } finally {
    await Promise.all([server.stop(), clients.stop()]);
  }
}

function heldBytes(before: Usage, after: Usage): number {
  return after.heapBytes + after.externalBytes - before.heapBytes - before.externalBytes;
}

/** Writes events of a given size as a replay does. */
class Publisher {
  readonly #writer: ChannelWriter;
  readonly #data: string;
  #count = 0;

  constructor(redis: Redis, channel: string, bytes: number) {
    this.#writer = new ChannelWriter(redis, channelSpec(channel), { source: '/bench' });
    this.#data = JSON.stringify({ ...datum(1), text: 'x'.repeat(Math.max(0, bytes - 480)) });
  }

  /** Writes `count` events at a steady rate; after a late timer the overdue ones leave at once. */
  async publish(count: number, perSecond: number): Promise<void> {
    const startMs = performance.now();
    for (let done = 0; done < count;) {
      const due = Math.ceil(((performance.now() - startMs) * perSecond) / 1_000);
      const next = Math.min(count, due) - done;
      if (next > 0) await this.#writer.emit(Array.from({ length: next }, () => this.#record()));
      done += Math.max(0, next);
      await delay(5);
    }
  }

  #record(): TimedRecord {
    const subject = `vehicle-${++this.#count % 100}`;
    return { timeMs: 1_700_000_000_000 + this.#count, subject, data: this.#data };
  }
}

/** How late a 10 ms timer is on this machine right now, sorted. */
async function latenessOfATimer(forMs: number): Promise<number[]> {
  const lateMs: number[] = [];
  for (const endMs = performance.now() + forMs; performance.now() < endMs;) {
    const startMs = performance.now();
    await delay(10);
    lateMs.push(performance.now() - startMs - 10);
  }
  return lateMs.sort((a, b) => a - b);
}
