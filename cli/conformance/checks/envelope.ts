import { keys } from '../../../core/wire/keys.ts';
import { explain, validator } from '../../../schemas/index.ts';
import type { CloudEvent } from '../../../schemas/types.ts';
import type { Check } from '../harness/check.ts';
import { Fault, type LogEntry, type Harness, type SentEvent } from '../harness/harness.ts';

const TIME = '2019-12-24T20:21:27.999Z';

/** It writes valid events with the subject and time of the event that it read, which carry on its pipeline and parameters. */
export default {
  name: 'envelope',
  async run(harness) {
    const channel = await harness.channel();
    const params = JSON.stringify({ [`not ${harness.target.own}`]: { text: '"é\\' } });
    const { sent, out } = await harness.probe(channel, {
      subject: `${harness.subject()} "é\\ü🚋`,
      params,
      time: TIME,
    });
    const texts = out.map(({ text }) => text.slice(text.indexOf(',"data":')));
    if (new Set(texts).size < texts.length)
      throw new Fault(
        `${out.length} events came from one, and two have the same data.`,
        'Write each only once.',
      );
    harness.perEvent = out.length;
    const problems = await Promise.all(
      out.map((entry, i) => problemsOf(harness, channel, entry, { sent, params, i })),
    );
    if (problems.flat().length > 0)
      throw new Fault(`${problems.flat().join('; ')}.`, 'Write through reprise_done, which frames events.');
    return { ok: `${out.length === 1 ? 'one event gives one' : `one event gives ${out.length}`}` };
  },
} satisfies Check;

async function problemsOf(
  harness: Harness,
  channel: string,
  { id, text, event }: LogEntry,
  { sent, params, i }: { sent: SentEvent; params: string; i: number },
): Promise<string[]> {
  const isEvent = validator<CloudEvent>('event');
  if (!isEvent(event)) return [`it is not an event: ${explain(isEvent.errors, event)}`];
  const { service } = harness.target;
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
  if (!(await harness.comes(async () => harness.heard(channel).includes(text), 500)))
    problems.push('what was published is not what was logged');
  const state = await harness.redis.hget(keys.state(channel), sent.subject);
  if (i === harness.perEvent - 1 && state !== text) problems.push('it is not the state of its subject');
  return problems;
}
