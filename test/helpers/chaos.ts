import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { keys } from '../../core/wire/keys.ts';
import type { Config } from '../../schemas/types.ts';
import { AnalysisWorld, difference } from './analysis.ts';

const RECORDING = 'vehicles.csv';
const VEHICLES = 20;
const START_SECONDS = 1_700_000_000;

/** Outputs of services of every sort: without timers, with timers, with windows, and one that reads another's output. */
const DERIVED = ['gps.movement', 'gps.stops', 'gps.trips', 'minutes', 'sessions'];
const windows = (input: string, output: string, params: { [name: string]: unknown }) => ({
  use: 'windows',
  input,
  output,
  params,
});

function configOf(events: number): Config {
  // The logs must hold two runs.
  const channels = Object.fromEntries(['gps', ...DERIVED].map((name) => [name, { log: events * 3 }]));
  const select = { n: 'count()', top: 'max(speed_meters_per_second)', p90: 'quantile(latitude, 0.9)' };
  const services = {
    movement: { use: 'movement' },
    stops: { use: 'stops', params: { minimum_seconds: 60, radius_m: 60, gap_seconds: 600 } },
    trips: { use: 'trips', params: { stop_seconds: 60, stop_radius_m: 60, gap_seconds: 300 } },
    minutes: windows('gps', 'minutes', { window: { kind: 'tumbling', size: '1m' }, lateness: '5s', select }),
    sessions: windows('gps.movement', 'sessions', {
      window: { kind: 'session', size: '20s' },
      select: { n: 'count()', way: 'sum(distance_m)', kinds: 'distinct(state)', top: 'max(speed_mps)' },
    }),
  };
  return { channels, services };
}

/** Fixes at 1 Hz each of vehicles that drive, stand, fall silent, and jump now and then. */
function recording(events: number): string {
  const rows = ['timestamp,vehicle_id,latitude,longitude,speed_meters_per_second'];
  for (let second = 0; rows.length <= events; second++) {
    for (let vehicle = 0; vehicle < VEHICLES && rows.length <= events; vehicle++) {
      const phase = (second + vehicle * 37) % 420;
      if (phase >= 380) continue;
      const driven = Math.floor((second + vehicle * 37) / 420) * 200 + Math.min(phase, 200);
      const noise = ((second * 7 + vehicle * 13) % 11) / 1e5;
      const jump = (second * VEHICLES + vehicle) % 9_973 === 0 ? 3 : 0;
      const latitude = (48 + vehicle / 50 + driven / 8_000 + noise + jump) % 80;
      const longitude = 11 + Math.sin(driven / 50) / 100 + noise;
      const time = START_SECONDS + second + vehicle / 100;
      rows.push(
        `${time.toFixed(2)},vehicle-${vehicle},${latitude.toFixed(6)},${longitude.toFixed(6)},${phase < 200 ? 14 : 0}`,
      );
    }
  }
  return `${rows.join('\n')}\n`;
}

/** How a disturbed run differs from an undisturbed one. */
export interface Damage {
  strikes: number;
  /** In all derived logs. */
  events: number;
  missing: number;
  doubled: number;
  /** Whether every derived log has the same events in the same order. */
  isSame: boolean;
  /** Time from each strike until `movement` committed again, ms. */
  stoodMs: number[];
}

/** Plays one recording repeatedly while something goes wrong, and reports the damage to derived events. */
export class Chaos {
  readonly world: AnalysisWorld;
  readonly #events: number;
  #expected = new Map<string, string[]>();
  #runs = 0;

  private constructor(world: AnalysisWorld, events: number) {
    this.world = world;
    this.#events = events;
  }

  /** Starts the parts and derives everything once, undisturbed and at full speed. */
  static async start(events: number, processes: number): Promise<Chaos> {
    const world = await AnalysisWorld.start(configOf(events));
    const chaos = new Chaos(world, events);
    await writeFile(join(world.folder, RECORDING), recording(events));
    await Promise.all(Array.from({ length: processes }, () => world.startProcess()));
    await chaos.#play('max');
    for (const channel of DERIVED) chaos.#expected.set(channel, await world.derived(channel, 0, 120_000));
    return chaos;
  }

  /** Plays the recording again in `seconds`, and calls `strike` `strikes` times at random moments. */
  async run(strikes: number, seconds: number, strike: () => Promise<void>): Promise<Damage> {
    const { world } = this;
    const before = new Map<string, number>();
    for (const channel of DERIVED)
      before.set(channel, Number(await world.redis.hget(keys.head(channel), 'epoch')));
    // Vehicles are silent for a tenth of the time.
    const span = this.#events / VEHICLES / 0.9;
    const playing = this.#play(Math.max(1, Math.round(span / seconds)));
    const stoodMs: number[] = [];
    while (stoodMs.length < strikes) {
      await delay(Math.random() * ((seconds * 1_000) / strikes));
      const last = await world.committed('movement', 'gps');
      const struckMs = performance.now();
      await strike();
      while (last < this.#events && (await world.committed('movement', 'gps')) === last) await delay(5);
      stoodMs.push(performance.now() - struckMs);
    }
    await playing;
    const damage = { strikes, events: 0, missing: 0, doubled: 0, isSame: true };
    for (const channel of DERIVED) {
      const derived = await world.derived(channel, before.get(channel), 120_000);
      const { missing, doubled, isSame } = difference(this.#expected.get(channel)!, derived);
      damage.events += derived.length;
      damage.missing += missing;
      damage.doubled += doubled;
      damage.isSame &&= isSame;
    }
    return { ...damage, stoodMs: stoodMs.sort((a, b) => a - b) };
  }

  async #play(rate: number | 'max'): Promise<void> {
    const id = `run-${++this.#runs}`;
    await this.world.play({ id, recordings: [{ id: RECORDING, channel: 'gps' }], rate });
    await this.world.replays.finished(id);
    await this.world.replays.remove(id);
  }
}
