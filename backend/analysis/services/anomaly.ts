import { isoTime, type CloudEvent } from '../../../core/wire/event.ts';
import type { GpsAnomaly } from '../../../schemas/types.ts';
import { compare, median, push } from '../gps/hampel.ts';
import { MAX_SPEED, newTrack, Tracker, type OutlierReason, type Step, type Track } from '../gps/track.ts';
import { Service, type Context, type Derived, type ServiceKind, type Timer } from '../engine/service.ts';

interface Params {
  deviations: number;
  window_fixes: number;
  silent_intervals: number;
  silent_seconds: number;
  max_speed_mps: number;
}

interface State {
  track: Track;
  /** The latest of each, up to a window of them. */
  speedsMps: number[];
  intervalsSeconds: number[];
  /** What was wrong with the fix before: a row of outliers of one kind is one anomaly. */
  outlier: OutlierReason | null;
  isFast: boolean;
}

type Finding = Pick<GpsAnomaly, 'kind' | 'severity' | 'message' | 'value' | 'expected'>;

const SILENCE = 'silence';
/** With fewer values nobody knows what is usual. */
const LEAST_VALUES = 10;
/** Speeds that differ by less are the same, m/s: a subject that had stood does not alarm when it starts. */
const SAME_MPS = 2;

/**
 * What is unusual about a subject, measured by itself: a speed far from its recent ones (Hampel identifier), no fix for
 * many times its usual interval, fixes that can't be. Each is told when it begins, to `gps.anomaly` and to the alerts.
 */
class Anomaly extends Service<State> {
  readonly #params: Params;
  readonly #tracker: Tracker;

  constructor(params: Params) {
    super();
    this.#params = params;
    this.#tracker = new Tracker(params.max_speed_mps);
  }

  override receive(event: CloudEvent, context: Context<State>): Derived[] {
    const state = context.state ?? newState();
    const before = state.track.last;
    const step = this.#tracker.follow(state.track, event.data, context.timeMs);
    if (!step) return [];
    context.state = state;
    const wasOutlier = state.outlier;
    state.outlier = step.outlier;
    if (step.outlier !== null) {
      if (step.outlier === wasOutlier || event.restored) return [];
      return anomalies(event.subject, findingOf(step.outlier, event.data), before);
    }
    const finding = this.#speed(state, step);
    this.#listen(state, step, context);
    return finding ? anomalies(event.subject, finding, before) : [];
  }

  override due({ ended, timeMs }: Timer, context: Context<State>): Derived[] {
    if (ended) return [];
    const { track, intervalsSeconds } = context.state!;
    const silentSeconds = (timeMs - track.last!.timeMs) / 1000;
    const usualSeconds = median(intervalsSeconds);
    return anomalies(
      context.key,
      {
        kind: 'silence',
        severity: 'warning',
        message: `No fix for ${text(silentSeconds)} s; one comes every ${text(usualSeconds)} s.`,
        value: silentSeconds,
        expected: usualSeconds,
      },
      track.last,
    );
  }

  #speed(state: State, { distanceM, elapsedSeconds }: Step): Finding | null {
    if (!(elapsedSeconds > 0)) return null;
    const { speedsMps } = state;
    const speedMps = distanceM / elapsedSeconds;
    const known =
      speedsMps.length >= LEAST_VALUES
        ? compare(speedMps, speedsMps, SAME_MPS / this.#params.deviations)
        : null;
    push(speedsMps, speedMps, this.#params.window_fixes);
    const wasFast = state.isFast;
    state.isFast = known !== null && Math.abs(known.deviations) > this.#params.deviations;
    if (!known || !state.isFast || wasFast) return null;
    return {
      kind: 'speed',
      severity: 'info',
      message: `${text(speedMps)} m/s is far from its usual ${text(known.median)} m/s.`,
      value: round(speedMps),
      expected: round(known.median),
    };
  }

  /** Waits for the next fix, where it is known when that should come. */
  #listen({ intervalsSeconds }: State, { elapsedSeconds }: Step, context: Context<State>): void {
    if (elapsedSeconds > 0) push(intervalsSeconds, elapsedSeconds, this.#params.window_fixes);
    if (intervalsSeconds.length < LEAST_VALUES) return;
    const { silent_intervals: intervals, silent_seconds: leastSeconds } = this.#params;
    const waitSeconds = Math.max(intervals * median(intervalsSeconds), leastSeconds);
    context.setTimer(SILENCE, context.timeMs + waitSeconds * 1000);
  }
}

function newState(): State {
  return { track: newTrack(), speedsMps: [], intervalsSeconds: [], outlier: null, isFast: false };
}

function findingOf(outlier: OutlierReason, data: CloudEvent['data']): Finding {
  const nothing = { value: null, expected: null };
  switch (outlier) {
    case 'null_island':
      return { kind: outlier, severity: 'warning', message: 'Its receiver says (0, 0): no fix.', ...nothing };
    case 'invalid':
      return { kind: outlier, severity: 'warning', message: 'Its coordinates are out of range.', ...nothing };
    case 'jump':
      return {
        kind: outlier,
        severity: 'warning',
        message: 'It can not have come there so fast.',
        ...nothing,
      };
    case 'speed': {
      const speed = data['speed_meters_per_second'] ?? data['speed'];
      const value = typeof speed === 'number' ? speed : null;
      const message = `It reports ${value ?? 'a speed'} m/s, but its places contradict that.`;
      return { kind: 'reported_speed', severity: 'info', message, value, expected: null };
    }
  }
}

/** To the service's own channel, and to that of alerts. */
function anomalies(subject: string, { message, ...finding }: Finding, last: Track['last']): Derived[] {
  const data = {
    ...finding,
    message: `${subject}: ${message}`,
    subject,
    ...(last && { latitude: last.latitude, longitude: last.longitude, since: isoTime(last.timeMs) }),
  } satisfies GpsAnomaly;
  return [{ data }, { data, to: 'alerts' }];
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function text(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export default {
  name: 'anomaly',
  summary: 'Finds what is unusual about how a subject moves and reports, measured by itself.',
  input: 'gps',
  output: 'gps.anomaly',
  outputs: { alerts: 'alerts' },
  params: {
    type: 'object',
    properties: {
      deviations: {
        type: 'number',
        exclusiveMinimum: 0,
        default: 6,
        description: 'A speed is unusual so many robust standard deviations from the median of those before.',
      },
      window_fixes: {
        type: 'integer',
        minimum: 10,
        maximum: 1000,
        default: 31,
        description: 'So many fixes before say what is usual.',
      },
      silent_intervals: {
        type: 'number',
        minimum: 1,
        default: 10,
        description: 'A subject is silent after so many times its usual (median) interval between fixes.',
      },
      silent_seconds: {
        type: 'number',
        minimum: 0,
        default: 60,
        description: 'But not before this.',
      },
      max_speed_mps: MAX_SPEED,
    },
    additionalProperties: false,
  },
  create: (params) => new Anomaly(params as unknown as Params),
} satisfies ServiceKind;
