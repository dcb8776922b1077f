import { isoTime } from '../../../core/wire/event.ts';
import type { Quality } from '../../../schemas/types.ts';
import { addTo, countOf, newSketch, quantileOf, type QuantileSketch } from './quantile-sketch.ts';

/** So many subjects, and kinds of violation, are told apart in a window. */
const MAX_SUBJECTS = 1_000;
const MAX_VIOLATIONS = 20;

/** What a window has seen so far; bounded, and plain JSON. */
export interface QualityWindow {
  fromMs: number;
  toMs: number;
  events: number;
  missing: number;
  disordered: number;
  longestSilenceMs: number;
  violations: number;
  violated: { [what: string]: number };
  subjects: { [subject: string]: 1 };
  disorder: QuantileSketch;
  delay: QuantileSketch;
}

/** What one event adds. */
export interface Observation {
  subject: string;
  /** Offsets between it and the event before that did not come. */
  missing: number;
  /** Event time since the newest event before, ms; negative where it is older than that. */
  sinceNewestMs: number;
  /** From its time to when it was sent, ms; null for replayed data, whose time is past. */
  delayMs: number | null;
  /** What of the schema it violates; null: nothing. */
  violation: string | null;
}

export function newQualityWindow(fromMs: number, toMs: number): QualityWindow {
  return {
    fromMs,
    toMs,
    events: 0,
    missing: 0,
    disordered: 0,
    longestSilenceMs: 0,
    violations: 0,
    violated: {},
    subjects: {},
    disorder: newSketch(),
    delay: newSketch(),
  };
}

/** Counts an event, in place. */
export function observe(tally: QualityWindow, seen: Observation): void {
  tally.events++;
  tally.missing += seen.missing;
  if (seen.sinceNewestMs < 0) tally.disordered++;
  tally.longestSilenceMs = Math.max(tally.longestSilenceMs, seen.sinceNewestMs);
  addTo(tally.disorder, -seen.sinceNewestMs);
  if (seen.delayMs !== null) addTo(tally.delay, seen.delayMs);
  if (Object.keys(tally.subjects).length < MAX_SUBJECTS) tally.subjects[seen.subject] = 1;
  if (seen.violation === null) return;
  tally.violations++;
  const { violated } = tally;
  const isKnown = Object.hasOwn(violated, seen.violation) || Object.keys(violated).length < MAX_VIOLATIONS;
  const what = isKnown ? seen.violation : 'others';
  violated[what] = (violated[what] ?? 0) + 1;
}

/** The window as it is published. */
export function qualityOf(tally: QualityWindow, channel: string): Quality {
  const { fromMs, toMs, events, violations } = tally;
  return {
    channel,
    from: isoTime(fromMs),
    to: isoTime(toMs),
    events,
    events_per_second: toMs > fromMs ? (events * 1000) / (toMs - fromMs) : null,
    subjects: Object.keys(tally.subjects).length,
    missing: tally.missing,
    longest_silence_seconds: tally.longestSilenceMs / 1000,
    disordered: tally.disordered,
    disorder: distribution(tally.disorder),
    delay: countOf(tally.delay) > 0 ? distribution(tally.delay) : null,
    violations,
    violation_share: events > 0 ? violations / events : 0,
    violated: tally.violated,
  };
}

function distribution(sketch: QuantileSketch) {
  const seconds = (ms: number) => Number((ms / 1000).toPrecision(4));
  return {
    p50_seconds: seconds(quantileOf(sketch, 0.5)),
    p95_seconds: seconds(quantileOf(sketch, 0.95)),
    max_seconds: sketch.max / 1000,
  };
}
