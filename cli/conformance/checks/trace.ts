import { keys } from '../../../core/wire/keys.ts';
import { newTrace, parseTraceparent, traceparentText } from '../../../core/wire/trace.ts';
import { explain, validator } from '../../../schemas/index.ts';
import type { Hop } from '../../../schemas/types.ts';
import type { Check } from '../harness/check.ts';
import { Fault } from '../harness/harness.ts';

const HINT = 'reprise_done passes the trace on, and notes the hop.';

/** It passes the trace on with a span of its own, and its hop is on record. */
export default {
  name: 'trace',
  async run(harness) {
    const channel = await harness.channel();
    const given = newTrace(true);
    const { out } = await harness.probe(channel, { traceparent: traceparentText(given) });
    const text = out[0]!.event.traceparent;
    const found = parseTraceparent(text);
    if (!found)
      throw new Fault(`traceparent is ${text === undefined ? 'missing' : JSON.stringify(text)}.`, HINT);
    if (found.trace !== given.trace)
      throw new Fault(`The trace ${given.trace} goes on as ${found.trace}.`, HINT);
    if (!found.isSampled) throw new Fault('A trace that is sampled goes on as one that is not.', HINT);
    if (found.span === given.span)
      throw new Fault('traceparent is that of the event it read: its own work needs a span.', HINT);
    const entries = await harness.redis.xrevrange(keys.traces, '+', '-', 'COUNT', 1_000);
    const hop = entries
      .filter(([, [, trace]]) => trace === given.trace)
      .map(([, fields]) => JSON.parse(fields[3]!) as Hop)
      .find(({ service }) => service === harness.target.service);
    if (!hop) throw new Fault(`Its hop of the trace is not on record in ${keys.traces}.`, HINT);
    const isHop = validator<Hop>('resources/hop');
    if (!isHop(hop)) throw new Fault(`Its hop of the trace is wrong: ${explain(isHop.errors, hop)}.`, HINT);
    if (hop.span !== found.span || hop.parent !== given.span || hop.status !== 'finished')
      throw new Fault(
        `Its hop of the trace is span ${hop.span} of ${hop.parent ?? 'none'}, ${hop.status}; it should be ${found.span} of ${given.span}, finished.`,
        HINT,
      );
    return { ok: 'the trace goes on, and its hop is on record' };
  },
} satisfies Check;
