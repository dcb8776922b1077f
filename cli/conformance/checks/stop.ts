import { setTimeout as delay } from 'node:timers/promises';
import type { Check } from '../harness/check.ts';
import { Fault, type SentEvent } from '../harness/harness.ts';
import { isFinished } from '../harness/target.ts';
import { beats } from './heartbeat.ts';
import { tally } from './once.ts';

const HEARD_MS = 2_500;
const STILL_MS = 700;
const EVENTS = 5;

/** Stopped, it leaves events where they are; started again, it processes all of them. */
export default {
  name: 'stop',
  async run(harness) {
    const out = await harness.channel();
    await harness.target.configure({ state: 'stopped', params: {} });
    const isStopped = async () => {
      const found = await beats(harness);
      return found.length > 0 && found.every(({ state }) => state === 'stopped');
    };
    const says = await harness.comes(isStopped, HEARD_MS);
    // It may have asked for more just before it heard.
    await delay(STILL_MS);
    const sent: SentEvent[] = [];
    for (let n = 0; n < EVENTS; n++) sent.push(await harness.send({ route: [out] }));
    await delay(STILL_MS);
    const count = await harness.count(out);
    await harness.target.configure({ state: 'running', params: {} });
    if (count > 0)
      throw new Fault(
        `It was told to stop, and processed ${Math.min(EVENTS, Math.ceil(count / harness.perEvent))} of ${EVENTS} events all the same.`,
        'reprise_alive answers {"state":"stopped"}: read nothing until it says "running".',
      );
    await harness.until(
      () => isFinished(harness.target, sent.at(-1)!.position),
      'Told to run again, it did not process what had waited.',
      'Ask reprise_alive once a second also while it is stopped.',
    );
    await tally(harness, out, sent);
    if (!says)
      throw new Fault(
        'Stopped, it does not say so.',
        'Its heartbeat says how it is set up: reprise_alive does that.',
      );
    return { ok: `${EVENTS} events waited while it was stopped` };
  },
} satisfies Check;
