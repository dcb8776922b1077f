import type { DeadLetter, CloudEvent } from '../../../schemas/types.ts';
import { limits } from '../../../core/wire/limits.ts';
import type { RejectedEvent, Results } from '../engine/engine.ts';

/** How often an event that a service failed at comes back to it, and after how long; twice as long each time, up to an hour. */
export interface RetryPolicy {
  retries: number;
  backoffMs: number;
}

/** The dead letters of a service: input events that it did not take, and timers that it failed at. */
export function deadLettersOf(
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

/** The dead letter of something that is no event. */
export function invalidEventLetter(
  content: string,
  { channel, service }: { channel: string; service: string },
): Omit<DeadLetter, 'id' | 'at'> {
  return { channel, source: `/services/${service}`, reason: 'What was written is no event.', content };
}

/** An event that comes back, as JSON text, and when, epoch ms. */
export interface Retry {
  event: CloudEvent;
  text: string;
  dueMs: number;
}

/** Those that come back, and those that do not. */
export function splitRetries(
  rejected: RejectedEvent[],
  policy: RetryPolicy | null,
): { retries: Retry[]; dead: RejectedEvent[] } {
  if (!policy || rejected.length === 0) return { retries: [], dead: rejected };
  const again = ({ isFailure, event }: RejectedEvent) => isFailure && (event.attempt ?? 1) <= policy.retries;
  const now = Date.now();
  return {
    retries: rejected.filter(again).map(({ event }) => ({
      event,
      text: JSON.stringify(event),
      dueMs: now + Math.min(policy.backoffMs * 2 ** ((event.attempt ?? 1) - 1), limits.BACKOFF_MAX_MS),
    })),
    dead: rejected.filter((each) => !again(each)),
  };
}
