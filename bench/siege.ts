import { Chaos } from '../test/helpers/chaos.ts';
import { besiege } from '../test/helpers/siege.ts';
import type { Bench } from './support/bench.ts';

const EVENTS = 20_000;

export default {
  summary:
    'Kills and stops processes, kills Redis, and lets it refuse in every way, while recordings are played and analysed; counts what is missing or doubled. Options: minutes (SIEGE_MINUTES, else 10), seed (1).',
  async run(report, [minutes = process.env['SIEGE_MINUTES'] ?? '10', seed = '1']) {
    const chaos = await Chaos.start(EVENTS, 2);
    try {
      const { runs, strikes, damage, handles } = await besiege(chaos, Number(minutes) * 60, Number(seed));
      report({ name: 'runs', value: runs, unit: 'runs' });
      for (const [name, count] of strikes) report({ name, value: count, unit: 'times' });
      report({ name: 'derived', value: damage.events, unit: 'events' });
      report({ name: 'missing', value: damage.missing, unit: 'events' });
      report({ name: 'doubled', value: damage.doubled, unit: 'events' });
      report({ name: 'derived logs the same', value: damage.isSame ? 1 : 0, unit: 'of 1' });
      report({ name: 'open resources', value: handles.last, baseline: handles.first, unit: 'resources' });
    } finally {
      await chaos.world.stop();
    }
  },
} satisfies Bench;
