import { keys } from '../../../core/wire/keys.ts';
import { explain, validator } from '../../../schemas/index.ts';
import type { Service } from '../../../schemas/types.ts';
import type { Check } from '../check.ts';
import { Fault, type Lab } from '../lab.ts';

const BEATS_MS = 2_500;
const HINT = 'Call reprise_alive once a second.';

/** It says that it is alive, again and again. */
export default {
  name: 'heartbeat',
  async run(lab) {
    const { service } = lab.target;
    await lab.until(
      async () => (await beats(lab)).length > 0,
      `There is no sign of life of "${service}" in reprise:services.`,
      `${HINT} Is it running under that name?`,
    );
    const first = await beats(lab);
    const isService = validator<Service>('resources/service');
    for (const beat of first)
      if (!isService(beat))
        throw new Fault(`Its sign of life is wrong: ${explain(isService.errors, beat)}.`, HINT);
    const seen = first
      .map((beat) => beat.seen)
      .sort()
      .at(-1)!;
    const isNewer = async () => (await beats(lab)).some((beat) => beat.seen > seen);
    if (!(await lab.comes(isNewer, BEATS_MS)))
      throw new Fault(`It was last seen at ${seen}, and not again for ${BEATS_MS / 1000} s.`, HINT);
    return { ok: `it is seen as "${first[0]!.instance}"` };
  },
} satisfies Check;

/** The service's signs of life, one of each instance. */
export async function beats({ redis, target }: Lab): Promise<Service[]> {
  const texts = Object.values(await redis.hgetall(keys.services));
  return texts.map((text) => JSON.parse(text) as Service).filter(({ name }) => name === target.service);
}
