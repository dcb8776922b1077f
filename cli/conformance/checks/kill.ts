import type { Check } from '../harness/check.ts';
import { isFinished } from '../harness/target.ts';
import { sendMany, tally } from './once.ts';

/** Killed in the middle and started again, it goes on: nothing is missing or doubled. */
export default {
  name: 'kill',
  async run(harness) {
    const { program } = harness;
    if (!program) return { skipped: 'give --command, so that it can be killed and started again' };
    const out = await harness.channel();
    const { events } = harness.options;
    let at = 0;
    const sent = await sendMany(harness, out, events, async () => {
      await harness.comes(async () => (await harness.count(out)) > 0);
      await program.kill();
      at = Math.ceil((await harness.count(out)) / harness.perEvent);
      program.start();
    });
    const { position } = sent.at(-1)!;
    let before = -1;
    // It may be slow: wait for as long as results come.
    while (!(await harness.comes(() => isFinished(harness.target, position)))) {
      const count = await harness.count(out);
      if (count === before || program.end !== null) break;
      before = count;
    }
    await tally(harness, out, sent);
    return { ok: `killed after ${at} of ${events} events: nothing missing, nothing doubled` };
  },
} satisfies Check;
