import type { RecordingDescription } from '../../../../schemas/types.ts';
import type { TimeRange } from '../ui/time-range.ts';

type Described = Pick<RecordingDescription, 'start' | 'histogram'>;

/** How many records must be missing before a silence counts as a gap. By chance that happens once in 160,000 (e^-12). */
const MISSING = 12;

/**
 * The gaps of a recording: runs of empty buckets in which at least a dozen records would be expected at the recording's mean
 * rate. Sparse data has pauses; those are not gaps.
 */
export function gapsOf({ start, histogram: { bucketSeconds, counts } }: Described): TimeRange[] {
  if (!start) return [];
  const mean = counts.reduce((sum, n) => sum + n, 0) / Math.max(1, counts.length);
  const first = Date.parse(start);
  const gaps: TimeRange[] = [];
  let empty = 0;
  counts.forEach((n, i) => {
    if (n === 0) return void empty++;
    if (empty * mean >= MISSING) {
      const to = first + i * bucketSeconds * 1000;
      gaps.push({ from: to - empty * bucketSeconds * 1000, to });
    }
    empty = 0;
  });
  return gaps;
}
