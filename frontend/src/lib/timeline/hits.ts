import { shareOf, timeAt } from '../ui/time-range.ts';
import type { Moment } from './moments.ts';
import { HISTOGRAM_PX, LANE_PX, topOf, type Lane, type TimelineScene } from './timeline-scene.ts';

const NEAR_PX = 7;

/** Something in the lanes that the pointer is on. */
export type TimelineHit =
  | { kind: 'moment'; moment: Moment }
  | { kind: 'gap'; from: number; to: number }
  | { kind: 'loss'; count: number; channel: string }
  | { kind: 'bad'; source: string; line: number; reason: string }
  | { kind: 'late'; worstMs: number };

/** The mark nearest to a point of a timeline of a width, CSS pixels; undefined where none is near. */
export function hitAt(scene: TimelineScene, width: number, x: number, y: number): TimelineHit | undefined {
  if (y < HISTOGRAM_PX) return undefined;
  const { shown, expanded } = scene;
  const at = (ms: number): number => shareOf(shown, ms) * width;
  const inLane = (lane: Lane): boolean => y >= topOf(lane, expanded) && y < topOf(lane, expanded) + LANE_PX;
  let nearest: TimelineHit | undefined;
  let leastPx = NEAR_PX;
  const offer = (awayPx: number, hit: () => TimelineHit): void => {
    if (awayPx >= leastPx) return;
    leastPx = awayPx;
    nearest = hit();
  };
  for (const moment of scene.moments)
    if (inLane(moment.kind)) offer(Math.abs(at(moment.timeMs) - x), () => ({ kind: 'moment', moment }));
  if (!expanded) return nearest;
  if (inLane('gap')) {
    for (const { from, to } of scene.gaps)
      offer(Math.max(at(from) - x, x - at(to), 0), () => ({ kind: 'gap', from, to }));
    for (const { timeMs, count, channel } of scene.losses)
      offer(Math.abs(at(timeMs) - x) - 1, () => ({ kind: 'loss', count, channel }));
  }
  if (inLane('bad'))
    for (const { timeMs, source, line, reason } of scene.badRows)
      offer(Math.abs(at(timeMs) - x), () => ({ kind: 'bad', source, line, reason }));
  if (inLane('late')) {
    const { worst, whole } = scene.lateness;
    const worstMs = worst[Math.floor(shareOf(whole, timeAt(shown, x / width)) * worst.length)];
    if (worstMs !== undefined && !Number.isNaN(worstMs)) offer(0, () => ({ kind: 'late', worstMs }));
  }
  return nearest;
}
