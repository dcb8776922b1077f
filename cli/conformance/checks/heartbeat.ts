import { keys } from '../../../core/wire/keys.ts';
import { explain, validator } from '../../../schemas/index.ts';
import type { Service } from '../../../schemas/types.ts';
import type { Check } from '../harness/check.ts';
import { Fault, type Harness } from '../harness/harness.ts';

const BEATS_MS = 2_500;
const HINT = 'Call reprise_alive once a second.';

/** It sends heartbeats. */
export default {
  name: 'heartbeat',
  async run(harness) {
    const { service } = harness.target;
    await harness.until(
      async () => (await beats(harness)).length > 0,
      `There is no heartbeat of "${service}" in ${keys.services}.`,
      `${HINT} Is it running under that name?`,
    );
    const first = await beats(harness);
    const isService = validator<Service>('resources/service');
    for (const beat of first)
      if (!isService(beat))
        throw new Fault(`Its heartbeat is wrong: ${explain(isService.errors, beat)}.`, HINT);
    const seen = first
      .map((beat) => beat.seen)
      .sort()
      .at(-1)!;
    const isNewer = async () => (await beats(harness)).some((beat) => beat.seen > seen);
    if (!(await harness.comes(isNewer, BEATS_MS)))
      throw new Fault(`It was last seen at ${seen}, and not again for ${BEATS_MS / 1000} s.`, HINT);
    return { ok: `it is seen as "${first[0]!.instance}"` };
  },
} satisfies Check;

/** The service's latest heartbeats, one from each instance. */
export async function beats({ redis, target }: Harness): Promise<Service[]> {
  const texts = Object.values(await redis.hgetall(keys.services));
  return texts.map((text) => JSON.parse(text) as Service).filter(({ name }) => name === target.service);
}
