import { keys } from '../../../core/wire/keys.ts';
import { explain, validator } from '../../../schemas/index.ts';
import type { CloudEvent } from '../../../schemas/types.ts';
import type { Check } from '../check.ts';
import { Fault, type Entry, type Lab, type Sent } from '../lab.ts';

const TIME = '2019-12-24T20:21:27.999Z';

/** What it writes is an event, about the same and of the same time as what it read, and carries what that carried. */
export default {
  name: 'envelope',
  async run(lab) {
    const channel = await lab.channel();
    const params = JSON.stringify({ [`not ${lab.target.own}`]: { text: '"é\\' } });
    const { sent, out } = await lab.probe(channel, {
      subject: `${lab.subject()} "é\\ü🚋`,
      params,
      time: TIME,
    });
    const texts = out.map(({ text }) => text.slice(text.indexOf(',"data":')));
    if (new Set(texts).size < texts.length)
      throw new Fault(
        `${out.length} events came of one, and two have the same data.`,
        'Write each only once.',
      );
    lab.perEvent = out.length;
    const problems = await Promise.all(
      out.map((entry, i) => problemsOf(lab, channel, entry, { sent, params, i })),
    );
    if (problems.flat().length > 0)
      throw new Fault(`${problems.flat().join('; ')}.`, 'Write through reprise_done, which frames events.');
    return { ok: `${out.length === 1 ? 'one event comes' : `${out.length} events come`} of one` };
  },
} satisfies Check;

async function problemsOf(
  lab: Lab,
  channel: string,
  { id, text, event }: Entry,
  { sent, params, i }: { sent: Sent; params: string; i: number },
): Promise<string[]> {
  const isEvent = validator<CloudEvent>('event');
  if (!isEvent(event)) return [`it is no event: ${explain(isEvent.errors, event)}`];
  const { service } = lab.target;
  const expected = {
    type: channel,
    id: `${channel}/${event.epoch}/${event.offset}`,
    source: `/services/${service}`,
    subject: sent.subject,
    time: TIME,
    pipeline: 'conformance',
    params,
    route: undefined,
    offset: i + 1,
  } satisfies Partial<{ [member in keyof CloudEvent]: unknown }>;
  const problems = Object.entries(expected).flatMap(([member, value]) => {
    const found = event[member as keyof CloudEvent];
    if (found === value) return [];
    return [
      `${member} is ${JSON.stringify(found) ?? 'missing'} and should be ${JSON.stringify(value) ?? 'absent'}`,
    ];
  });
  if (id !== `${event.epoch}-${event.offset}`) problems.push(`the log has it as ${id}`);
  if (Object.keys(event).at(-1) !== 'data') problems.push('data is not its last member');
  if (text.includes('\n')) problems.push('it takes more than one line');
  if (!(await lab.comes(async () => lab.heard(channel).includes(text), 500)))
    problems.push('what was published is not what was logged');
  const state = await lab.redis.hget(keys.state(channel), sent.subject);
  if (i === lab.perEvent - 1 && state !== text) problems.push('it is not the state of its subject');
  return problems;
}
