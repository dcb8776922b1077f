import { Chaos, type Damage } from '../test/helpers/chaos.ts';
import type { Bench } from './support/bench.ts';

const REDIS_KILLS = 5;
/** About the time in which a killed process is running again. */
const SECONDS_PER_KILL = 1.5;

export default {
  summary:
    'Kills the analysis process, then Redis, while events flow, and counts what is missing or doubled of what is derived. Options: kills (100), events (200000).',
  async run(report, [kills = '100', events = '200000']) {
    const chaos = await Chaos.start(Number(events), 1);
    const { world } = chaos;
    const tell = (of: string, { strikes, stoodMs, ...damage }: Damage) => {
      report({ name: `kills of ${of}`, value: strikes, unit: 'kills' });
      report({ name: `${of} killed: derived`, value: damage.events, unit: 'events' });
      report({ name: `${of} killed: missing`, value: damage.missing, unit: 'events' });
      report({ name: `${of} killed: doubled`, value: damage.doubled, unit: 'events' });
      report({ name: `${of} killed: derived logs the same`, value: damage.isSame ? 1 : 0, unit: 'of 1' });
      report({
        name: `${of} killed: stood still, median`,
        value: stoodMs[stoodMs.length >> 1] ?? 0,
        unit: 'ms',
      });
      report({ name: `${of} killed: stood still, longest`, value: stoodMs.at(-1) ?? 0, unit: 'ms' });
    };
    const killProcess = async () => {
      await world.kill(world.processes[0]!);
      await world.startProcess();
    };
    const killRedis = async () => {
      await world.server.kill();
      await world.server.restart();
    };
    try {
      tell('analysis', await chaos.run(Number(kills), Number(kills) * SECONDS_PER_KILL, killProcess));
      tell('Redis', await chaos.run(REDIS_KILLS, REDIS_KILLS * SECONDS_PER_KILL, killRedis));
    } finally {
      await world.stop();
    }
  },
} satisfies Bench;
