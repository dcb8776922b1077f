/** A part of a recording, ms of recording time; `from` lies before `to`. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** The timeline shows no less than this. */
const LEAST_MS = 1000;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 30, 91, 182, 365, 730, 1826, 3652].map((n) => n * DAY),
];

const lengthOf = ({ from, to }: TimeRange): number => to - from;

/** Where a moment lies in a span: 0 at its begin, 1 at its end, beyond them outside. */
export const shareOf = (span: TimeRange, ms: number): number =>
  (ms - span.from) / Math.max(1e-9, lengthOf(span));

/** The moment at a share of a span. */
export const momentAt = (span: TimeRange, share: number): number => span.from + share * lengthOf(span);

/** The span seen from nearer (`factor` below 1) or further away; `about` stays where it is. Never beyond the whole. */
export function zoomed(span: TimeRange, whole: TimeRange, factor: number, about: number): TimeRange {
  const most = lengthOf(whole);
  const length = Math.min(most, Math.max(Math.min(LEAST_MS, most), lengthOf(span) * factor));
  const from = about - shareOf(span, about) * length;
  return within({ from, to: from + length }, whole);
}

/** The span moved by a time, as far as the whole goes. */
export const moved = ({ from, to }: TimeRange, whole: TimeRange, byMs: number): TimeRange =>
  within({ from: from + byMs, to: to + byMs }, whole);

/** The span, moved so that it lies in the whole. */
function within({ from, to }: TimeRange, whole: TimeRange): TimeRange {
  const length = Math.min(to - from, lengthOf(whole));
  const start = Math.max(whole.from, Math.min(from, whole.to - length));
  return { from: start, to: start + length };
}

/** The step between labels of a span, ms: a round one, so that there are at most so many. */
export const stepOf = (span: TimeRange, most: number): number =>
  STEPS.find((step) => lengthOf(span) / step <= most) ?? (STEPS.at(-1) as number);

/** The moments to be labelled, multiples of the step on clocks that are ahead of UTC by `offsetMs` of a moment. */
export function ticksOf(span: TimeRange, step: number, offsetMs: (ms: number) => number): number[] {
  const ahead = offsetMs(span.from);
  const ticks: number[] = [];
  for (let local = Math.ceil((span.from + ahead) / step) * step; local - ahead <= span.to; local += step) {
    ticks.push(local - ahead);
  }
  return ticks;
}

/** What a tick reads, where UTC is read: `localMs` is its moment on the clocks that are shown. As fine as its step needs. */
export function axisLabel(localMs: number, step: number): string {
  const text = new Date(localMs).toISOString();
  if (step >= 360 * DAY) return text.slice(0, 4);
  if (step >= DAY) return text.slice(0, 10);
  if (localMs % DAY === 0) return text.slice(5, 10);
  if (step >= MINUTE) return text.slice(11, 16);
  return step >= SECOND ? text.slice(11, 19) : text.slice(14, 23);
}
