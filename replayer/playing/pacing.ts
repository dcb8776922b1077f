import type { Clock } from '../../core/time/clock.ts';

/** What to do about records that are late because something can't keep up. */
export type LatePolicy = 'slow' | 'drop' | 'burst';

/** How a player plays; it may change meanwhile. */
export interface PlaybackOptions {
  /** Nothing after this recording time is played; Infinity: everything is. */
  endMs: number;
  /** `slow`: the whole timeline slows together; `drop`: late records are left out; `burst`: they go out at once. */
  late: LatePolicy;
  /** Gaps without records that are longer than this are cut down to it; 0: they are kept. */
  skipIdleMs: number;
  /** Waits for the attached services after each batch. */
  lockstep: boolean;
}

/** Less is a hiccup, which is made up for. */
const LATE_MAX_MS = 250;

/** Moves the clock over a long gap before the next record. */
export function skipIdle(clock: Clock, skipIdleMs: number, previousMs: number, nextMs: number): void {
  if (skipIdleMs === 0 || clock.paused || clock.rate === 'max') return;
  if (nextMs - Math.max(previousMs, clock.positionMs()) > skipIdleMs) clock.jump(nextMs - skipIdleMs);
}

/** What the late policy makes of the records from `at` on: how many are left out, and how far the timeline slips. */
export function handleLate(
  clock: Clock,
  late: LatePolicy,
  timesMs: Float64Array,
  at: number,
): { dropped: number; slippedMs: number } {
  const lateMs = -clock.dueInMs(timesMs[at]!);
  if (late === 'burst' || clock.paused || clock.rate === 'max' || lateMs <= LATE_MAX_MS)
    return { dropped: 0, slippedMs: 0 };
  if (late === 'slow') {
    clock.jump(timesMs[at]!);
    return { dropped: 0, slippedMs: lateMs };
  }
  let end = at + 1;
  while (end < timesMs.length && -clock.dueInMs(timesMs[end]!) > LATE_MAX_MS) end++;
  return { dropped: end - at, slippedMs: 0 };
}
