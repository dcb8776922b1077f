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

/** The approximate time of a line of a recording's file, ms: as far through the records as the line is through the file. */
export function timeOfLine({ start, histogram: { bucketSeconds, counts } }: Described, line: number): number {
  if (!start) return NaN;
  let left = line;
  for (const [i, n] of counts.entries()) {
    if (left <= n) return Date.parse(start) + (i + left / Math.max(1, n)) * bucketSeconds * 1000;
    left -= n;
  }
  return Date.parse(start) + counts.length * bucketSeconds * 1000;
}
