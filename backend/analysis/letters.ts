import type { DeadLetter } from '../../schemas/types.ts';
import type { Results } from './engine/engine.ts';

/** The dead letters of a service: input events that it did not take, and timers that it failed at. */
export function lettersOf(
  { rejected, failed }: Pick<Results, 'rejected' | 'failed'>,
  { channel, service }: { channel: string; service: string },
): Omit<DeadLetter, 'id' | 'at'>[] {
  const source = `/services/${service}`;
  const events = rejected.map(({ event, reason }) => ({
    ...{ channel, source, reason, content: JSON.stringify(event) },
    ...(event.replay !== undefined && { replay: event.replay }),
  }));
  const timers = failed.map(({ reason, ...timer }) => {
    return { channel, source, reason, content: JSON.stringify(timer) };
  });
  return [...events, ...timers];
}
