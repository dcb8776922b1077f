import type { RecordingDescription } from '../../../../schemas/types.ts';
import { TimeSeries } from '../live/subjects/time-series.ts';

/** More points than this look like a comb instead of a curve. */
const POINTS_MAX = 60;

/** The number of records over time; undefined if the recording has no records. */
export function recordsOverTime({
  start,
  histogram,
}: Pick<RecordingDescription, 'start' | 'histogram'>):
  { intervalMs: number; series: TimeSeries } | undefined {
  if (!start) return undefined;
  const { bucketSeconds, counts } = histogram;
  const startMs = Date.parse(start);
  const bucketsPerPoint = Math.max(1, Math.ceil(counts.length / POINTS_MAX));
  const series = new TimeSeries();
  for (let i = 0; i < counts.length; i += bucketsPerPoint) {
    const records = counts.slice(i, i + bucketsPerPoint).reduce((sum, each) => sum + each, 0);
    series.add(startMs + i * bucketSeconds * 1000, records);
  }
  return { intervalMs: bucketSeconds * 1000 * bucketsPerPoint, series };
}
