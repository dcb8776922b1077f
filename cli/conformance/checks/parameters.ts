import { isDeepStrictEqual } from 'node:util';
import type { Check } from '../check.ts';
import { Fault, type Lab } from '../lab.ts';

const SETUP_MS = 3_000;

/** It does what the parameters say that it is set up with, and those that an event brings. */
export default {
  name: 'parameters',
  async run(lab) {
    const { params } = lab.options;
    const { own } = lab.target;
    if (!params) return { skipped: 'give --params with some that change what it makes of the datum' };
    const channel = await lab.channel();
    const derived = async (given?: object) => {
      const { out } = await lab.probe(channel, given && { params: JSON.stringify(given) });
      return out.map(({ event }) => event.data);
    };
    const plain = await derived();
    if (!isDeepStrictEqual(await derived(), plain))
      return { skipped: 'the same datum gives other data each time, so nothing can be compared' };
    if (!isDeepStrictEqual(await derived({ [`not-${own}`]: params }), plain))
      throw new Fault(
        'Parameters that an event brings for another service change what it does.',
        `Take those under "${own}" alone.`,
      );
    const tuned = await derived({ [own]: params });
    if (isDeepStrictEqual(tuned, plain))
      throw new Fault(
        `With {"${own}":${JSON.stringify(params)}} as params an event gives the same as without.`,
        `params is JSON text; its member "${own}" counts for this event, over what the service is set up with.`,
      );
    const setUp = async () => isDeepStrictEqual(await derived(), tuned);
    await lab.target.configure({ state: 'running', params });
    const isSetUp = await lab.comes(setUp, SETUP_MS);
    await reset(lab, async () => isDeepStrictEqual(await derived(), plain));
    if (!isSetUp)
      throw new Fault(
        'Parameters that it is set up with do not change what it does as those of an event do.',
        'reprise_alive answers {"state","params"}: hold to them from then on.',
      );
    return { ok: 'those it is set up with count, and those of an event over them' };
  },
} satisfies Check;

async function reset(lab: Lab, isPlain: () => Promise<boolean>): Promise<void> {
  await lab.target.configure({ state: 'running', params: {} });
  await lab.comes(isPlain, SETUP_MS);
}
