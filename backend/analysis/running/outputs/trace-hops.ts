import type { CloudEvent } from '../../../../core/wire/event.ts';
import { parseTraceparent, spanIdOf } from '../../../../core/wire/trace.ts';
import type { Hop } from '../../../../schemas/types.ts';
import { limits } from '../../../../core/wire/limits.ts';
import type { OutputBatch } from '../checkpoint.ts';
import type { Results } from '../../engine/results.ts';
import type { Retry } from '../dead-letters.ts';

/** What hops report besides the events themselves. */
export interface TraceHopsParts {
  service: string;
  /** When the events were read: wall time, epoch ms. */
  receivedMs: number;
  retries: Pick<Retry, 'event'>[];
  /** The derived events with their positions. */
  batches: Pick<OutputBatch, 'spec' | 'from' | 'causes'>[];
}

/** One hop for each event of a sampled trace: what the service did with it. */
export function traceHops(
  { traced, rejected }: Pick<Results, 'traced' | 'rejected'>,
  { service, receivedMs, retries, batches }: TraceHopsParts,
): { trace: string; text: string }[] {
  if (traced.length === 0) return [];
  const derived = new Map<CloudEvent, string[]>();
  const contexts = traced.flatMap((event) => {
    const context = parseTraceparent(event.traceparent);
    if (!context?.isSampled) return [];
    derived.set(event, []);
    return [{ event, context }];
  });
  if (contexts.length === 0) return [];
  for (const { spec, from, causes } of batches)
    causes.forEach((cause, i) => {
      const to = cause && derived.get(cause);
      if (to && to.length < limits.HOP_OUTPUTS_MAX)
        to.push(`${spec.name}/${from.epoch}/${from.offset + 1 + i}`);
    });
  const failures = new Map(rejected.map(({ event, reason }): [CloudEvent, string] => [event, reason]));
  const retried = new Set(retries.map(({ event }) => event));
  const [received, finished] = [new Date(receivedMs).toISOString(), new Date().toISOString()];
  return contexts.map(({ event, context }) => {
    const reason = failures.get(event);
    const to = derived.get(event)!;
    const hop: Hop = {
      trace: context.trace,
      span: spanIdOf(service, event.id),
      parent: context.span,
      service,
      ...(event.pipeline !== undefined && { pipeline: event.pipeline }),
      channel: event.type,
      event: event.id,
      ...(event.attempt !== undefined && { attempt: event.attempt }),
      created: event.time,
      sent: event.sent,
      received,
      finished,
      status: reason === undefined ? 'finished' : retried.has(event) ? 'retried' : 'failed',
      ...(reason !== undefined && { reason }),
      ...(to.length > 0 && { to }),
    };
    return { trace: context.trace, text: JSON.stringify(hop) };
  });
}
