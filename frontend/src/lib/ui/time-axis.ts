import type { TimeRange } from './time-range.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Round distances between the labels of a time axis, ms. */
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 30, 91, 182, 365, 730, 1826, 3652].map((n) => n * DAY),
];

/** The smallest round step, ms, that gives a range at most so many labels. */
export const stepOf = ({ from, to }: TimeRange, mostLabels: number): number =>
  STEPS.find((step) => (to - from) / step <= mostLabels) ?? (STEPS.at(-1) as number);

/**
 * The times of a range to label: multiples of the step in local time. `offsetMs` returns how far local time is ahead of UTC
 * at a time.
 */
export function ticksOf(range: TimeRange, step: number, offsetMs: (ms: number) => number): number[] {
  const ahead = offsetMs(range.from);
  const ticks: number[] = [];
  for (let local = Math.ceil((range.from + ahead) / step) * step; local - ahead <= range.to; local += step) {
    ticks.push(local - ahead);
  }
  return ticks;
}

/** The label of a tick, as fine as the step needs. `localMs` is its local time, written as if it were UTC. */
export function axisLabel(localMs: number, step: number): string {
  const text = new Date(localMs).toISOString();
  if (step >= 360 * DAY) return text.slice(0, 4);
  if (step >= DAY) return text.slice(0, 10);
  if (localMs % DAY === 0) return text.slice(5, 10);
  if (step >= MINUTE) return text.slice(11, 16);
  return step >= SECOND ? text.slice(11, 19) : text.slice(14, 23);
}
