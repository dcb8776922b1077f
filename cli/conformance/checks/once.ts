import { keys } from '../../../core/wire/keys.ts';
import { parsePosition, type Position } from '../../../core/wire/event.ts';
import type { Check } from '../harness/check.ts';
import { Fault, type Harness, type SentEvent } from '../harness/harness.ts';
import { finishedTo, type GroupReplies } from '../harness/target.ts';

/** It writes the results of an event and acknowledges it in one step: at no instant is there one without the other. */
export default {
  name: 'once',
  async run(harness) {
    const out = await harness.channel();
    const { events } = harness.options;
    const sent = await sendMany(harness, out, events);
    const first = sent[0]!.position;
    const isAlone = sent.at(-1)!.position.offset - first.offset === events - 1;
    for (let before = -1, at = performance.now(); ;) {
      const { finished, count } = await instant(harness, out, first);
      if (isAlone && finished < events && count !== finished * harness.perEvent) throw apart(finished, count);
      if (finished >= events) break;
      if (finished !== before) [before, at] = [finished, performance.now()];
      else if (performance.now() - at > harness.options.patienceMs)
        throw new Fault(
          `It finished ${finished} of ${events} events, and no more.`,
          'Did it end, or does it wait?',
        );
    }
    await tally(harness, out, sent);
    return { ok: `${events} events: at every instant as many results as were acknowledged` };
  },
} satisfies Check;

function apart(finished: number, count: number): Fault {
  const hint = 'Let reprise_done write and acknowledge: it is one step.';
  return count < finished
    ? new Fault(
        `It had acknowledged ${finished} events when ${count} results were there: killed in between, it loses some.`,
        hint,
      )
    : new Fault(
        `${count} results were there when it had acknowledged ${finished} events: killed in between, it doubles some.`,
        hint,
      );
}

/** How many events it has finished, and how many results there are, at one instant. */
async function instant(
  harness: Harness,
  out: string,
  first: Position,
): Promise<{ finished: number; count: number }> {
  const { service, channel, isHosted } = harness.target;
  const log = keys.log(channel);
  const replies = await harness.redis
    .multi()
    .xlen(keys.log(out))
    .hget(keys.consumers(channel), service)
    .xpending(log, service)
    .xinfo('GROUPS', log)
    .exec();
  const [count, consumer, ...standing] = replies!.map(([, reply]) => reply) as [
    number,
    string | null,
    ...GroupReplies,
  ];
  const at = isHosted ? parsePosition(consumer?.split(' ')[0] ?? '0-0') : finishedTo(standing, service);
  if (isHosted || standing[0][1] === null) return { finished: at.offset - first.offset + 1, count };
  // A later event may be finished before an earlier one: count those that are not finished.
  const delivered = finishedTo([[0, null], standing[1]], service);
  return { finished: delivered.offset - first.offset + 1 - standing[0][0], count };
}

/** Sends events, each with a subject of its own. Calls `between` half-way. */
export async function sendMany(
  harness: Harness,
  out: string,
  count: number,
  between: () => Promise<void> = async () => {},
): Promise<SentEvent[]> {
  const sent: SentEvent[] = [];
  const portion = Math.ceil(count / 20);
  for (let isBefore = true; sent.length < count;) {
    const many = Math.min(portion, count - sent.length);
    sent.push(...(await Promise.all(Array.from({ length: many }, () => harness.send({ route: [out] })))));
    if (isBefore && sent.length >= count / 2) await between();
    isBefore = sent.length < count / 2;
  }
  return sent;
}

/** Compares the results with the events sent. @throws Fault when something is missing or doubled */
export async function tally(harness: Harness, out: string, sent: SentEvent[]): Promise<void> {
  const found = new Map<string, number>();
  for (const { event } of await harness.log(out))
    found.set(event.subject, (found.get(event.subject) ?? 0) + 1);
  const counts = sent.map(({ subject }) => found.get(subject) ?? 0);
  const missing = counts.filter((count) => count < harness.perEvent).length;
  const doubled = counts.filter((count) => count > harness.perEvent).length;
  if (missing + doubled > 0)
    throw new Fault(
      `Of ${sent.length} events ${missing} are missing and ${doubled} doubled.`,
      'Finish with reprise_done, and read pending events (from 0) before new ones (>).',
    );
}
