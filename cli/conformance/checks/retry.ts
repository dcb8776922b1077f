import type { Check } from '../check.ts';
import { Fault } from '../lab.ts';
import { RETRIES } from '../target.ts';

/** No parameters at all: whoever reads them has to fail. */
const BROKEN = '{';

/** What it can't do comes again, and goes to the dead letters in the end; nothing else is held up. */
export default {
  name: 'retry',
  async run(lab) {
    const { bad } = lab.options;
    const { service, channel, isHosted } = lab.target;
    const out = await lab.channel();
    const what = bad ? `the datum ${JSON.stringify(bad)}` : `the params ${BROKEN}`;
    const sent = await lab.send({ route: [out], ...(bad ? { data: bad } : { params: BROKEN }) });
    const isTold = await lab.comes(
      async () => (await lab.deadLetter(sent.subject)) ?? (await lab.count(out)) > 0,
    );
    if ((await lab.count(out)) > 0)
      throw new Fault(`An event with ${what} gave a result.`, 'What it can not read it has to fail.');
    if (!isTold)
      throw new Fault(
        `An event with ${what} came neither again nor to the dead letters: it is lost, or waits for ever.`,
        'Call reprise_fail with the reason instead of acknowledging it.',
      );
    const tries = (await lab.log(channel, sent.id)).filter(({ event }) => event.subject === sent.subject);
    if (tries.length !== RETRIES + 1 && !isHosted)
      throw new Fault(
        `An event with ${what} was tried ${tries.length} times; ${RETRIES + 1} were asked for.`,
        'Call reprise_fail, which brings it back as often as the pipeline says.',
      );
    const letter = await lab.deadLetter(sent.subject);
    if (letter?.reason.trim() === '' || letter?.source !== `/services/${service}`)
      throw new Fault(
        `Its dead letter is of "${letter?.source}": "${letter?.reason}".`,
        'Say why it failed.',
      );
    await lab.probe(out);
    return { ok: `after ${tries.length} tries it is a dead letter: ${letter.reason.slice(0, 60)}` };
  },
} satisfies Check;
