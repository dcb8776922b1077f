import type { Check } from '../harness/check.ts';
import { Fault } from '../harness/harness.ts';
import { RETRIES } from '../harness/target.ts';

/** Not JSON: a service that reads its parameters has to fail. */
const BROKEN = '{';

/** An event that it can't process is tried again, then becomes a dead letter; nothing else is held up. */
export default {
  name: 'retry',
  async run(harness) {
    const { bad } = harness.options;
    const { service, channel, isHosted } = harness.target;
    const out = await harness.channel();
    const what = bad ? `the data ${JSON.stringify(bad)}` : `the params ${BROKEN}`;
    const sent = await harness.send({ route: [out], ...(bad ? { data: bad } : { params: BROKEN }) });
    const isTold = await harness.comes(
      async () => (await harness.deadLetter(sent.subject)) ?? (await harness.count(out)) > 0,
    );
    if ((await harness.count(out)) > 0)
      throw new Fault(`An event with ${what} gave a result.`, 'Fail an event that you can not read.');
    if (!isTold)
      throw new Fault(
        `An event with ${what} was neither tried again nor made a dead letter: it is lost, or waits for ever.`,
        'Call reprise_fail with the reason instead of acknowledging it.',
      );
    const tries = (await harness.log(channel, sent.id)).filter(({ event }) => event.subject === sent.subject);
    if (tries.length !== RETRIES + 1 && !isHosted)
      throw new Fault(
        `An event with ${what} was tried ${tries.length} times; ${RETRIES + 1} were asked for.`,
        'Call reprise_fail, which brings it back as often as the pipeline says.',
      );
    const letter = await harness.deadLetter(sent.subject);
    if (letter?.reason.trim() === '' || letter?.source !== `/services/${service}`)
      throw new Fault(
        `Its dead letter is from "${letter?.source}": "${letter?.reason}".`,
        'Say why it failed.',
      );
    await harness.probe(out);
    return { ok: `after ${tries.length} tries it is a dead letter: ${letter.reason.slice(0, 60)}` };
  },
} satisfies Check;
