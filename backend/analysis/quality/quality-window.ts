import { isoTime } from '../../../core/wire/event.ts';
import type { Quality } from '../../../schemas/types.ts';
import { addTo, countOf, newSketch, quantileOf, type QuantileSketch } from './quantile-sketch.ts';

/** A window tells at most this many subjects and kinds of violation apart. */
const MAX_SUBJECTS = 1_000;
const MAX_VIOLATIONS = 20;

/** What has been observed in a window so far. It is plain JSON of bounded size. */
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

/** What one event adds to a window. */
export interface Observation {
  subject: string;
  /** Number of offsets that are missing between the event before and this one. */
  missing: number;
  /** Event time since the newest event before, ms; negative for an event that is older. */
  sinceNewestMs: number;
  /** Time from the event to its sending, ms; null for replayed data. */
  delayMs: number | null;
  /** How it violates the schema; null if it does not. */
  violation: string | null;
}

/** An empty window. */
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

/** Adds an event to a window, in place. */
export function observe(window: QualityWindow, event: Observation): void {
  window.events++;
  window.missing += event.missing;
  if (event.sinceNewestMs < 0) window.disordered++;
  window.longestSilenceMs = Math.max(window.longestSilenceMs, event.sinceNewestMs);
  addTo(window.disorder, -event.sinceNewestMs);
  if (event.delayMs !== null) addTo(window.delay, event.delayMs);
  if (Object.keys(window.subjects).length < MAX_SUBJECTS) window.subjects[event.subject] = 1;
  if (event.violation === null) return;
  window.violations++;
  const { violated } = window;
  const isKnown = Object.hasOwn(violated, event.violation) || Object.keys(violated).length < MAX_VIOLATIONS;
  const what = isKnown ? event.violation : 'others';
  violated[what] = (violated[what] ?? 0) + 1;
}

/** The window as it is published. */
export function qualityOf(window: QualityWindow, channel: string): Quality {
  const { fromMs, toMs, events, violations } = window;
  return {
    channel,
    from: isoTime(fromMs),
    to: isoTime(toMs),
    events,
    events_per_second: toMs > fromMs ? (events * 1000) / (toMs - fromMs) : null,
    subjects: Object.keys(window.subjects).length,
    missing: window.missing,
    longest_silence_seconds: window.longestSilenceMs / 1000,
    disordered: window.disordered,
    disorder: distribution(window.disorder),
    delay: countOf(window.delay) > 0 ? distribution(window.delay) : null,
    violations,
    violation_share: events > 0 ? violations / events : 0,
    violated: window.violated,
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
