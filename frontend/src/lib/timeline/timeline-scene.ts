import type { Loss } from '../live/channel-state.ts';
import type { TimeRange } from '../ui/time-range.ts';
import type { Moment } from './moments.ts';
import type { BadRow } from './timeline.svelte.ts';

/** The lanes of the timeline, from top to bottom. */
export const lanes = ['alert', 'stop', 'fence', 'gap', 'bad', 'late'] as const;
/** One of `lanes`. */
export type Lane = (typeof lanes)[number];

/** Height of the histogram in CSS pixels. */
export const HISTOGRAM_PX = 34;
/** Height of a lane in CSS pixels. */
export const LANE_PX = 11;
/** Height of the time axis in CSS pixels. */
export const AXIS_PX = 15;

/** Everything that one picture of the timeline shows. Times are recording time, ms. */
export interface TimelineScene {
  /** The visible part of the recording. */
  shown: TimeRange;
  /** The number of records in each of `bars` bars; null while unknown. */
  counts: (bars: number) => Float64Array | null;
  positionMs: number;
  cursorMs: number | undefined;
  /** The looped range. */
  loop: TimeRange | undefined;
  /** The start of a loop whose end is not set yet. */
  mark: number | undefined;
  /** Whether each kind of moment has its own lane; otherwise all share one. */
  expanded: boolean;
  moments: readonly Moment[];
  /** The subject whose moments are highlighted. */
  key: string | undefined;
  gaps: readonly TimeRange[];
  losses: readonly Loss[];
  badRows: readonly BadRow[];
  /** The worst lateness, ms, in equal parts of the whole recording. */
  lateness: { worst: Float32Array; whole: TimeRange };
  offsetMs: (ms: number) => number;
  label: (ms: number, step: number) => string;
}

/** Height of the whole picture in CSS pixels. */
export const heightOf = (expanded: boolean): number =>
  HISTOGRAM_PX + (expanded ? lanes.length : 1) * LANE_PX + AXIS_PX;

/** Top of a lane in CSS pixels. */
export const topOf = (lane: Lane, expanded: boolean): number =>
  HISTOGRAM_PX + (expanded ? lanes.indexOf(lane) : 0) * LANE_PX;
