import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Contender } from './pipeline/contender.ts';
import { moleculer } from './pipeline/moleculer.ts';
import { reprise } from './pipeline/reprise.ts';
import type { Bench } from './support/bench.ts';
import { withSetting } from './support/setting.ts';

const EVENTS = 20_000;
/** Events in flight: enough to keep every step busy, too few to build queues. */
const WINDOW = 4_000;
const PORTION = 500;
const ROUNDS = 3;
/** A rate far below either system's limit, so that hops are measured and not queues. */
const STEADY = { perSecond: 200, seconds: 5 };
const STALL_MS = 30_000;

export default {
  summary: `A pipeline of three steps in one process beside Moleculer with its Redis transporter: ${EVENTS.toLocaleString('en')} events with ${WINDOW.toLocaleString('en')} under way, ${ROUNDS} times each in turn, then ${STEADY.perSecond} a second.`,
  async run(report) {
    await withSetting(async ({ server, redis, folder }) => {
      const ours = await reprise(redis, server.url, folder);
      const theirs = await moleculer(server.port);
      for (const contender of [ours, theirs]) await through(contender, EVENTS / 4);
      const runs: { ours: Run; theirs: Run }[] = [];
      for (let round = 0; round < ROUNDS; round++)
        runs.push({ theirs: await through(theirs, EVENTS), ours: await through(ours, EVENTS) });
      const value = median(runs.map((run) => run.ours.perSecond));
      const baseline = median(runs.map((run) => run.theirs.perSecond));
      report({ name: 'three steps', value, unit: 'events/s', baseline });
      report({
        name: 'three steps, per second of processor time',
        value: median(runs.map((run) => run.ours.perCpuSecond)),
        unit: 'events',
        baseline: median(runs.map((run) => run.theirs.perCpuSecond)),
      });
      const [hops, baselines] = [await steady(ours), await steady(theirs)];
      for (const share of [50, 99])
        report({
          name: `one hop p${share}, ${STEADY.perSecond} events/s`,
          value: at(hops, share),
          unit: 'ms',
          // Timestamps are whole milliseconds.
          baseline: Math.max(0.5, at(baselines, share)),
        });
      await ours.close();
      await theirs.close();
    });
  },
} satisfies Bench;

interface Run {
  perSecond: number;
  perCpuSecond: number;
}

async function through(contender: Contender, count: number): Promise<Run> {
  const [before, cpu, started] = [await contender.count(), cpuSeconds(contender.pid), performance.now()];
  for (let sent = 0; sent < count; sent += PORTION) {
    await arrived(contender, before + sent + PORTION - WINDOW);
    await contender.send(PORTION);
  }
  await arrived(contender, before + count);
  return {
    perSecond: count / ((performance.now() - started) / 1000),
    perCpuSecond: count / (cpuSeconds(contender.pid) - cpu),
  };
}

/** Hop times at a steady rate, sorted. */
async function steady(contender: Contender): Promise<number[]> {
  const before = await contender.count();
  const total = STEADY.perSecond * STEADY.seconds;
  for (let sent = 0, start = performance.now(); sent < total; sent++) {
    await delay(Math.max(0, start + (sent * 1000) / STEADY.perSecond - performance.now()));
    await contender.send(1);
  }
  await arrived(contender, before + total);
  return (await contender.hopsMs(before)).sort((a, b) => a - b);
}

async function arrived(contender: Contender, count: number): Promise<void> {
  let [seen, at] = [-1, performance.now()];
  for (;;) {
    const now = await contender.count();
    if (now >= count) return;
    if (now !== seen) [seen, at] = [now, performance.now()];
    else if (performance.now() - at > STALL_MS)
      throw new Error(`${contender.name}: ${count - now} of ${count} events are missing`);
    await delay(2);
  }
}

/** CPU time of a process so far; Linux counts hundredths of a second. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function at(sorted: number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * share) / 100))]!;
}
