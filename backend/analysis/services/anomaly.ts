import type { CloudEvent } from '../../../core/wire/event.ts';
import type { ParamsOf, ParamsSchema } from '../engine/params.ts';
import { Service, type Context, type Derived, type ServiceKind, type Timer } from '../engine/service.ts';
import { anomalyEvents, outlierAnomaly, silence, unusualSpeed, type Anomaly } from '../gps/anomalies.ts';
import { compare, median, push } from '../gps/hampel.ts';
import { MAX_SPEED, newTrack, Tracker, type OutlierReason, type Step, type Track } from '../gps/track.ts';

const params = {
  type: 'object',
  properties: {
    deviations: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 6,
      description:
        'A speed is unusual when it is more than this many robust standard deviations from the median of recent speeds.',
    },
    window_fixes: {
      type: 'integer',
      minimum: 10,
      maximum: 1000,
      default: 31,
      description: 'Number of recent fixes that show what is usual.',
    },
    silent_intervals: {
      type: 'number',
      minimum: 1,
      default: 10,
      description: 'A subject is silent after this many of its usual (median) intervals between fixes.',
    },
    silent_seconds: {
      type: 'number',
      minimum: 0,
      default: 60,
      description: 'A subject is never silent before this time has passed.',
    },
    max_speed_mps: MAX_SPEED,
  },
  additionalProperties: false,
} as const satisfies ParamsSchema;
type Params = ParamsOf<typeof params>;

interface State {
  track: Track;
  /** Recent values, at most `window_fixes` of each. */
  speedsMps: number[];
  intervalsSeconds: number[];
  /** Why the fix before was an outlier: a run of outliers of one kind is one anomaly. */
  outlier: OutlierReason | null;
  /** Whether the last speed was unusual. */
  isFast: boolean;
}

const SILENCE = 'silence';
/** With fewer values there is no usual value yet. */
const MIN_VALUES = 10;
/** Smaller differences in speed do not count, m/s: a subject that starts after standing is not unusual. */
const SAME_SPEED_MPS = 2;

/**
 * Finds what is unusual for a subject, compared with its own past: a speed far from its recent ones (Hampel identifier),
 * no fix for many times its usual interval, and outliers. Each anomaly is reported when it begins, on `gps.anomaly` and on
 * the alerts.
 */
class AnomalyService extends Service<State> {
  readonly #params: Params;
  readonly #tracker: Tracker;

  constructor(given: Params) {
    super();
    this.#params = given;
    this.#tracker = new Tracker(given.max_speed_mps);
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
      return anomalyEvents(event.subject, outlierAnomaly(step.outlier, event.data), before);
    }
    const anomaly = this.#checkSpeed(state, step);
    this.#awaitNextFix(state, step, context);
    return anomaly ? anomalyEvents(event.subject, anomaly, before) : [];
  }

  override due({ ended, timeMs }: Timer, context: Context<State>): Derived[] {
    if (ended) return [];
    const { track, intervalsSeconds } = context.state!;
    const silentSeconds = (timeMs - track.last!.timeMs) / 1000;
    return anomalyEvents(context.key, silence(silentSeconds, median(intervalsSeconds)), track.last);
  }

  #checkSpeed(state: State, { distanceM, elapsedSeconds }: Step): Anomaly | null {
    if (!(elapsedSeconds > 0)) return null;
    const { deviations: limit, window_fixes: windowFixes } = this.#params;
    const { speedsMps } = state;
    const speedMps = distanceM / elapsedSeconds;
    const usual =
      speedsMps.length >= MIN_VALUES ? compare(speedMps, speedsMps, SAME_SPEED_MPS / limit) : null;
    push(speedsMps, speedMps, windowFixes);
    const wasFast = state.isFast;
    state.isFast = usual !== null && Math.abs(usual.deviations) > limit;
    return usual && state.isFast && !wasFast ? unusualSpeed(speedMps, usual.median) : null;
  }

  /** Sets a timer for the time when the subject is silent, once its usual interval is known. */
  #awaitNextFix({ intervalsSeconds }: State, { elapsedSeconds }: Step, context: Context<State>): void {
    const {
      silent_intervals: intervals,
      silent_seconds: minSeconds,
      window_fixes: windowFixes,
    } = this.#params;
    if (elapsedSeconds > 0) push(intervalsSeconds, elapsedSeconds, windowFixes);
    if (intervalsSeconds.length < MIN_VALUES) return;
    const waitSeconds = Math.max(intervals * median(intervalsSeconds), minSeconds);
    context.setTimer(SILENCE, context.timeMs + waitSeconds * 1000);
  }
}

function newState(): State {
  return { track: newTrack(), speedsMps: [], intervalsSeconds: [], outlier: null, isFast: false };
}

export default {
  name: 'anomaly',
  summary: 'Finds what is unusual in how a subject moves and reports, compared with its own past.',
  input: 'gps',
  output: 'gps.anomaly',
  outputs: { alerts: 'alerts' },
  params,
  create: (given: Params) => new AnomalyService(given),
} satisfies ServiceKind;
