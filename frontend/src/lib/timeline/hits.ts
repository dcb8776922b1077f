import type { Moment } from './moments.ts';
import { HISTOGRAM, LANE, topOf, type Lane, type TimelineScene } from './timeline-painter.ts';
import { shareOf } from '../ui/time-range.ts';

const NEAR_PX = 7;

/** What lies under a pointer on the lanes. */
export type TimelineHit =
  | { kind: 'moment'; moment: Moment }
  | { kind: 'gap'; from: number; to: number }
  | { kind: 'loss'; count: number; channel: string }
  | { kind: 'bad'; source: string; line: number; reason: string }
  | { kind: 'late'; worstMs: number };

/** What is drawn nearest to a place on a picture of a width, CSS pixels; undefined where nothing is near. */
export function hitAt(picture: TimelineScene, width: number, x: number, y: number): TimelineHit | undefined {
  if (y < HISTOGRAM) return undefined;
  const { span, expanded } = picture;
  const at = (ms: number): number => shareOf(span, ms) * width;
  const inLane = (lane: Lane): boolean => y >= topOf(lane, expanded) && y < topOf(lane, expanded) + LANE;
  let best: TimelineHit | undefined;
  let least = NEAR_PX;
  const offer = (away: number, hit: () => TimelineHit): void => {
    if (away >= least) return;
    least = away;
    best = hit();
  };
  for (const moment of picture.moments)
    if (inLane(moment.kind)) offer(Math.abs(at(moment.timeMs) - x), () => ({ kind: 'moment', moment }));
  if (!expanded) return best;
  if (inLane('gap')) {
    for (const { from, to } of picture.gaps)
      offer(Math.max(at(from) - x, x - at(to), 0), () => ({ kind: 'gap', from, to }));
    for (const { timeMs, count, channel } of picture.losses)
      offer(Math.abs(at(timeMs) - x) - 1, () => ({ kind: 'loss', count, channel }));
  }
  if (inLane('bad'))
    for (const { timeMs, source, line, reason } of picture.badRows)
      offer(Math.abs(at(timeMs) - x), () => ({ kind: 'bad', source, line, reason }));
  if (inLane('late')) {
    const { worst, whole } = picture.lateness;
    const ms = span.from + (x / width) * (span.to - span.from);
    const worstMs = worst[Math.floor(shareOf(whole, ms) * worst.length)];
    if (worstMs !== undefined && !Number.isNaN(worstMs)) offer(0, () => ({ kind: 'late', worstMs }));
  }
  return best;
}
