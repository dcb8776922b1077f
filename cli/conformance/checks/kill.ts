import type { Check } from '../check.ts';
import { isFinished } from '../target.ts';
import { sendMany, tally } from './once.ts';

/** Killed in the middle and started again, it goes on: nothing missing, nothing doubled. */
export default {
  name: 'kill',
  async run(lab) {
    const { program } = lab;
    if (!program) return { skipped: 'give --command, so that it can be killed and started again' };
    const out = await lab.channel();
    const { events } = lab.options;
    let at = 0;
    const sent = await sendMany(lab, out, events, async () => {
      await lab.comes(async () => (await lab.count(out)) > 0);
      await program.kill();
      at = Math.ceil((await lab.count(out)) / lab.perEvent);
      program.start();
    });
    const { position } = sent.at(-1)!;
    let before = -1;
    // As long as something comes out, there is hope.
    while (!(await lab.comes(() => isFinished(lab.target, position)))) {
      const count = await lab.count(out);
      if (count === before || program.end !== null) break;
      before = count;
    }
    await tally(lab, out, sent);
    return { ok: `killed after ${at} of ${events} events: nothing missing, nothing doubled` };
  },
} satisfies Check;
