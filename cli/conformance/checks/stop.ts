import { setTimeout as delay } from 'node:timers/promises';
import type { Check } from '../check.ts';
import { Fault, type Sent } from '../lab.ts';
import { isFinished } from '../target.ts';
import { beats } from './heartbeat.ts';
import { tally } from './once.ts';

const HEARD_MS = 2_500;
const STILL_MS = 700;
const EVENTS = 5;

/** Stopped, it leaves events where they are; started again, it does them all. */
export default {
  name: 'stop',
  async run(lab) {
    const out = await lab.channel();
    await lab.target.configure({ state: 'stopped', params: {} });
    const isStopped = async () => {
      const found = await beats(lab);
      return found.length > 0 && found.every(({ state }) => state === 'stopped');
    };
    const says = await lab.comes(isStopped, HEARD_MS);
    // It may have asked for more just before it heard.
    await delay(STILL_MS);
    const sent: Sent[] = [];
    for (let n = 0; n < EVENTS; n++) sent.push(await lab.send({ route: [out] }));
    await delay(STILL_MS);
    const count = await lab.count(out);
    await lab.target.configure({ state: 'running', params: {} });
    if (count > 0)
      throw new Fault(
        `It was told to stop, and did ${Math.min(EVENTS, Math.ceil(count / lab.perEvent))} of ${EVENTS} events all the same.`,
        'reprise_alive answers {"state":"stopped"}: read nothing until it says "running".',
      );
    await lab.until(
      () => isFinished(lab.target, sent.at(-1)!.position),
      'Told to run again, it did not do what had waited.',
      'Ask reprise_alive once a second also while it is stopped.',
    );
    await tally(lab, out, sent);
    if (!says)
      throw new Fault(
        'Stopped, it does not say so.',
        'Its sign of life says how it is set up: reprise_alive does that.',
      );
    return { ok: `${EVENTS} events waited while it was stopped` };
  },
} satisfies Check;
