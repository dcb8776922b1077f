import { isDeepStrictEqual } from 'node:util';
import type { Check } from '../harness/check.ts';
import { Fault, type Harness } from '../harness/harness.ts';

const SETUP_MS = 3_000;

/** It obeys the parameters of its set-up, and those that an event carries. */
export default {
  name: 'parameters',
  async run(harness) {
    const { params } = harness.options;
    const { own } = harness.target;
    if (!params) return { skipped: 'give --params with some that change what it derives from the data' };
    const channel = await harness.channel();
    const derived = async (given?: object) => {
      const { out } = await harness.probe(channel, given && { params: JSON.stringify(given) });
      return out.map(({ event }) => event.data);
    };
    const plain = await derived();
    if (!isDeepStrictEqual(await derived(), plain))
      return { skipped: 'the same data give other results each time, so nothing can be compared' };
    if (!isDeepStrictEqual(await derived({ [`not-${own}`]: params }), plain))
      throw new Fault(
        'Parameters that an event carries for another service change its results.',
        `Use only those under "${own}".`,
      );
    const tuned = await derived({ [own]: params });
    if (isDeepStrictEqual(tuned, plain))
      throw new Fault(
        `With {"${own}":${JSON.stringify(params)}} as params an event gives the same as without.`,
        `params is JSON text; its member "${own}" counts for this event, over what the service is set up with.`,
      );
    const setUp = async () => isDeepStrictEqual(await derived(), tuned);
    await harness.target.configure({ state: 'running', params });
    const isSetUp = await harness.comes(setUp, SETUP_MS);
    await reset(harness, async () => isDeepStrictEqual(await derived(), plain));
    if (!isSetUp)
      throw new Fault(
        'The parameters of its set-up do not change its results as those of an event do.',
        'reprise_alive answers {"state","params"}: use them from then on.',
      );
    return { ok: 'those of its set-up count, and those of an event come before them' };
  },
} satisfies Check;

async function reset(harness: Harness, isPlain: () => Promise<boolean>): Promise<void> {
  await harness.target.configure({ state: 'running', params: {} });
  await harness.comes(isPlain, SETUP_MS);
}
