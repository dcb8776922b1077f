import type { Hop, Trace } from '../../../schemas/types.ts';

/** The services that have not read an event yet. */
export type ReadersOf = (event: string) => Promise<string[]>;

/** The summary of a trace, without its hops. */
export async function summaryOf(id: string, hops: Hop[], readersOf: ReadersOf): Promise<Trace> {
  const first = hops.find(({ status }) => status === 'sent') ?? hops[0]!;
  const started = hops.map(({ sent }) => sent).reduce(earlier);
  const ended = hops.map(({ finished }) => finished).reduce((a, b) => (earlier(a, b) === a ? b : a));
  const passed = hops.filter(({ status }) => status !== 'sent');
  const pipeline = hops.find((hop) => hop.pipeline !== undefined)?.pipeline;
  const last = lastTries(passed);
  const failures = last
    .filter(({ status }) => status === 'failed')
    .map(({ channel, service, event, reason = '' }) => ({ channel, service, event, reason }));
  const waiting = [...(await unread(hops, passed, readersOf)), ...awaitingRetry(last)];
  return {
    id,
    status: failures.length > 0 ? 'failed' : waiting.length > 0 ? 'waiting' : 'finished',
    ...(pipeline !== undefined && { pipeline }),
    channel: first.channel,
    started,
    ended,
    durationMs: Date.parse(ended) - Date.parse(started),
    services: [...new Set(passed.map(({ service }) => service))],
    spans: hops.length,
    waiting,
    failures,
  };
}

/** Resulting events that some of their readers have not handled yet. */
async function unread(hops: Hop[], passed: Hop[], readersOf: ReadersOf): Promise<Trace['waiting']> {
  const found: Trace['waiting'] = [];
  for (const { to = [], finished } of hops) {
    for (const event of to) {
      const takers = new Set(passed.filter((hop) => hop.event === event).map(({ service }) => service));
      for (const service of await readersOf(event)) {
        if (takers.has(service)) continue;
        const channel = channelOf(event);
        found.push({ channel, service, event, since: finished, ms: msSince(finished), reason: 'unread' });
      }
    }
  }
  return found;
}

/** Failed events that will be tried again. */
function awaitingRetry(last: Hop[]): Trace['waiting'] {
  return last
    .filter(({ status }) => status === 'retried')
    .map(({ channel, service, event, finished }) => ({
      channel,
      service,
      event,
      since: finished,
      ms: msSince(finished),
      reason: 'retry' as const,
    }));
}

/** Only the last try at each event. A retry is another event, sent after the failed one. */
function lastTries(hops: Hop[]): Hop[] {
  const last: Hop[] = [];
  for (const hop of hops) {
    const isNextOf = (before: Hop) =>
      before.status !== 'finished' &&
      before.service === hop.service &&
      before.channel === hop.channel &&
      before.parent === hop.parent &&
      ((hop.attempt ?? 1) > (before.attempt ?? 1) || earlier(before.finished, hop.sent) === before.finished);
    const at = last.findIndex(isNextOf);
    if (at < 0) last.push(hop);
    else last[at] = hop;
  }
  return last;
}

const channelOf = (event: string) => event.slice(0, event.lastIndexOf('/', event.lastIndexOf('/') - 1));

const earlier = (a: string, b: string) => (Date.parse(b) < Date.parse(a) ? b : a);

const msSince = (time: string) => Math.max(0, Date.now() - Date.parse(time));
