import { isoTime, type Data } from '../../../core/wire/event.ts';
import type { Derived } from '../engine/service.ts';
import type { QualityWindow } from './quality-window.ts';

/** The output for alerts, and the channel that it writes by default. */
export const ALERTS = 'alerts';
/** From this share of violations on, an alert is critical. */
const CRITICAL_SHARE = 0.5;

/** Alert on a window in which too many events violate the schema. */
export function violationAlert(channel: string, window: QualityWindow, limit: number): Derived {
  const { events, violations, violated, fromMs, toMs } = window;
  const share = violations / events;
  return alert(channel, toMs, {
    severity: share >= CRITICAL_SHARE ? 'critical' : 'warning',
    message: `${violations} of ${events} events on ${channel} violate its schema.`,
    measure: 'violation_share',
    value: share,
    limit,
    violated,
    window: { from: isoTime(fromMs), to: isoTime(toMs), events },
  });
}

/** Alert on a channel without events for too long. */
export function silenceAlert(
  channel: string,
  newestMs: number,
  timeMs: number,
  limitSeconds: number,
): Derived {
  return alert(channel, timeMs, {
    severity: 'warning',
    message: `No event on ${channel} for ${limitSeconds} seconds.`,
    measure: 'silence_seconds',
    value: limitSeconds,
    limit: limitSeconds,
    last_event: isoTime(newestMs),
  });
}

function alert(channel: string, timeMs: number, evidence: Data): Derived {
  return { to: ALERTS, subject: channel, timeMs, data: { kind: 'quality', ...evidence, channel } };
}
