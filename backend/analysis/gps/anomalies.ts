import { isoTime, type Data } from '../../../core/wire/event.ts';
import type { GpsAnomaly } from '../../../schemas/types.ts';
import type { Derived } from '../engine/service.ts';
import type { Fix, OutlierReason } from './track.ts';

/** An anomaly of a subject; its message does not name the subject. */
export type Anomaly = Pick<GpsAnomaly, 'kind' | 'severity' | 'message' | 'value' | 'expected'>;

/** A speed that is unusual for the subject, m/s. */
export function unusualSpeed(speedMps: number, usualMps: number): Anomaly {
  return {
    kind: 'speed',
    severity: 'info',
    message: `${tenths(speedMps)} m/s is far from its usual ${tenths(usualMps)} m/s.`,
    value: round(speedMps),
    expected: round(usualMps),
  };
}

/** No fix for much longer than usual. */
export function silence(silentSeconds: number, usualSeconds: number): Anomaly {
  return {
    kind: 'silence',
    severity: 'warning',
    message: `No fix for ${tenths(silentSeconds)} s; usually one comes every ${tenths(usualSeconds)} s.`,
    value: silentSeconds,
    expected: usualSeconds,
  };
}

/** A fix that is an outlier. */
export function outlierAnomaly(reason: OutlierReason, data: Data): Anomaly {
  const numbers = { value: null, expected: null };
  switch (reason) {
    case 'null_island':
      return {
        kind: reason,
        severity: 'warning',
        message: 'Its receiver reports (0, 0): it has no fix.',
        ...numbers,
      };
    case 'invalid':
      return { kind: reason, severity: 'warning', message: 'Its coordinates are out of range.', ...numbers };
    case 'jump':
      return {
        kind: reason,
        severity: 'warning',
        message: "It can't have travelled that far in that time.",
        ...numbers,
      };
    case 'speed': {
      const speed = data['speed_meters_per_second'] ?? data['speed'];
      const value = typeof speed === 'number' ? speed : null;
      const message = `It reports ${value ?? 'a speed'} m/s, but its positions contradict that.`;
      return { kind: 'reported_speed', severity: 'info', message, value, expected: null };
    }
  }
}

/** Sends an anomaly to the channel of the service and to the alerts, with the last place of the subject. */
export function anomalyEvents(
  subject: string,
  { message, ...anomaly }: Anomaly,
  last: Fix | null,
): Derived[] {
  const data = {
    ...anomaly,
    message: `${subject}: ${message}`,
    subject,
    ...(last && { latitude: last.latitude, longitude: last.longitude, since: isoTime(last.timeMs) }),
  } satisfies GpsAnomaly;
  return [{ data }, { data, to: 'alerts' }];
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function tenths(value: number): string {
  return String(Math.round(value * 10) / 10);
}
