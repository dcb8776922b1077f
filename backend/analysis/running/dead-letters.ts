import type { CloudEvent, DeadLetter } from '../../../schemas/types.ts';
import { limits } from '../../../core/wire/limits.ts';
import type { RejectedEvent, Results } from '../engine/results.ts';

/** Retries of events at which a service failed. The delay doubles with each retry, up to an hour. */
export interface RetryPolicy {
  retries: number;
  /** Delay before the first retry. */
  backoffMs: number;
}

/** A dead letter before it is stored. */
type NewDeadLetter = Omit<DeadLetter, 'id' | 'at'>;

/** Where a dead letter comes from. */
interface Origin {
  /** The input of the service. */
  channel: string;
  service: string;
}

/** The dead letters of a service: input events that it rejected, and timers at which it failed. */
export function deadLettersOf(
  { rejected, failed }: Pick<Results, 'rejected' | 'failed'>,
  { channel, service }: Origin,
): NewDeadLetter[] {
  const source = `/services/${service}`;
  const events = rejected.map(({ event, code, reason }) => ({
    channel,
    source,
    ...(code !== undefined && { code }),
    reason,
    content: JSON.stringify(event),
    ...(event.replay !== undefined && { replay: event.replay }),
  }));
  const timers = failed.map(({ code, reason, ...timer }) => ({
    channel,
    source,
    ...(code !== undefined && { code }),
    reason,
    content: JSON.stringify(timer),
  }));
  return [...events, ...timers];
}

/** The dead letter of a line that is not a valid event. */
export function invalidEventLetter(content: string, { channel, service }: Origin): NewDeadLetter {
  return { channel, source: `/services/${service}`, reason: 'The line is not a valid event.', content };
}

/** An event that comes back later. */
export interface Retry {
  event: CloudEvent;
  /** The event as JSON text. */
  text: string;
  /** Wall time, epoch ms. */
  dueMs: number;
}

/** Separates rejected events that come back from those that are dead letters. */
export function splitRetries(
  rejected: RejectedEvent[],
  policy: RetryPolicy | null,
): { retries: Retry[]; dead: RejectedEvent[] } {
  if (!policy || rejected.length === 0) return { retries: [], dead: rejected };
  const comesBack = ({ isFailure, event }: RejectedEvent) =>
    isFailure && (event.attempt ?? 1) <= policy.retries;
  const now = Date.now();
  return {
    retries: rejected.filter(comesBack).map(({ event }) => ({
      event,
      text: JSON.stringify(event),
      dueMs: now + Math.min(policy.backoffMs * 2 ** ((event.attempt ?? 1) - 1), limits.BACKOFF_MAX_MS),
    })),
    dead: rejected.filter((each) => !comesBack(each)),
  };
}
