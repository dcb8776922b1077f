import type { Event } from '../../core/event.ts';
import { parseTraceparent, spanOf } from '../../core/trace.ts';
import type { Hop } from '../../schemas/types.ts';
import type { Results } from './engine/engine.ts';

/** What a service did with the events of sampled traces, for the record of traces. `receivedMs`: wall time, epoch ms. */
export function hopsOf(
  { traced, rejected }: Pick<Results, 'traced' | 'rejected'>,
  service: string,
  receivedMs: number,
): { trace: string; text: string }[] {
  if (traced.length === 0) return [];
  const failures = new Map(rejected.map(({ event, reason }): [Event, string] => [event, reason]));
  const [received, finished] = [new Date(receivedMs).toISOString(), new Date().toISOString()];
  return traced.flatMap((event) => {
    const context = parseTraceparent(event.traceparent);
    if (!context?.isSampled) return [];
    const reason = failures.get(event);
    const hop: Hop = {
      trace: context.trace,
      span: spanOf(service, event.id),
      parent: context.span,
      service,
      ...(event.pipeline !== undefined && { pipeline: event.pipeline }),
      channel: event.type,
      event: event.id,
      created: event.time,
      sent: event.sent,
      received,
      finished,
      status: reason === undefined ? 'finished' : 'failed',
      ...(reason !== undefined && { reason }),
    };
    return [{ trace: context.trace, text: JSON.stringify(hop) }];
  });
}
