import { setTimeout as delay } from 'node:timers/promises';
import type { Chaos } from './chaos.ts';
import { type Damage } from './chaos.ts';
import { refusalNames, refuse } from './refusals.ts';

const STRIKES_PER_RUN = 4;
/** How long a run lasts undisturbed; each strike takes up to some two seconds more. */
const RUN_SECONDS = 4;
const STRIKE_MS = { least: 300, most: 2_000 };

/** What a siege has done and found. */
export interface SiegeReport {
  runs: number;
  /** By kind of strike. */
  strikes: Map<string, number>;
  damage: Omit<Damage, 'strikes' | 'stoodMs'>;
  /** Resources of this process that are open, after the first run and after the last one. */
  handles: { first: number; last: number };
}

/**
 * Plays a recording over and over for some time while processes are killed and stopped, Redis is killed, and Redis refuses in
 * every way. The order of the strikes depends on the seed alone. Compares what is derived with an undisturbed run.
 */
export async function besiege(chaos: Chaos, seconds: number, seed: number): Promise<SiegeReport> {
  const { world } = chaos;
  const random = randomOf(seed);
  const lasting = () => STRIKE_MS.least + random() * (STRIKE_MS.most - STRIKE_MS.least);
  const kinds: { [name: string]: () => Promise<unknown> } = {
    'analysis is killed': async () => {
      await world.kill(world.processes[0]!);
      await world.startProcess();
    },
    'analysis is stopped': async () => {
      const { pid } = world.processes[0]!;
      process.kill(pid!, 'SIGSTOP');
      await delay(lasting());
      process.kill(pid!, 'SIGCONT');
    },
    'Redis is killed': async () => {
      await world.server.kill();
      await world.server.restart();
    },
    ...Object.fromEntries(
      refusalNames.map((name) => [`Redis ${name}`, () => refuse(world.server, name, lasting())]),
    ),
  };
  const strikes = new Map<string, number>();
  let order: string[] = [];
  const strike = async () => {
    if (order.length === 0) order = shuffled(Object.keys(kinds), random);
    const name = order.pop()!;
    strikes.set(name, (strikes.get(name) ?? 0) + 1);
    await kinds[name]!();
  };
  const damage = { events: 0, missing: 0, doubled: 0, isSame: true };
  const handles = { first: 0, last: 0 };
  let runs = 0;
  for (
    const untilMs = performance.now() + seconds * 1_000;
    runs === 0 || performance.now() < untilMs;
    runs++
  ) {
    const { events, missing, doubled, isSame } = await chaos.run(STRIKES_PER_RUN, RUN_SECONDS, strike);
    damage.events += events;
    damage.missing += missing;
    damage.doubled += doubled;
    damage.isSame &&= isSame;
    handles.last = process.getActiveResourcesInfo().length;
    if (runs === 0) handles.first = handles.last;
  }
  return { runs, strikes, damage, handles };
}

/** Numbers from 0 to 1 that depend on the seed alone (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled<T>(items: T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
