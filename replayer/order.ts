import type { Record } from '../core/event.ts';

/** How far from time order a file is. */
export interface Disorder {
  /** Steps back in time from one row to the next that were mended. */
  reordered: number;
  /** Rows too far behind for the window: played late, at once. */
  late: number;
}

const WINDOW_MS = 30_000;
const WINDOW_MAX_RECORDS = 200_000;

/** All records in time order, equal times in file order; null as soon as `fits` says it is too much for the memory. */
export async function sorted(
  chunks: AsyncIterable<Record[]>,
  disorder: Disorder,
  fits: () => boolean,
): Promise<Record[] | null> {
  const records: Record[] = [];
  for await (const chunk of chunks) {
    if (!fits()) return null;
    for (const record of chunk) records.push(record);
  }
  disorder.reordered = stepsBack(records);
  if (disorder.reordered > 0) records.sort((a, b) => a.timeMs - b.timeMs);
  return records;
}

/**
 * Records in time order as far as a window of 30 s of their time (or 200,000 records) can mend it. What comes later
 * than that is counted and goes out at once.
 */
export async function* reordered(
  chunks: AsyncIterable<Record[]>,
  disorder: Disorder,
): AsyncGenerator<Record[]> {
  let held: Record[] = [];
  let newestMs = -Infinity;
  let leftMs = -Infinity;
  let previousMs = -Infinity;
  for await (const chunk of chunks) {
    for (const record of chunk) {
      if (record.timeMs < previousMs) disorder.reordered++;
      previousMs = record.timeMs;
      if (record.timeMs > newestMs) newestMs = record.timeMs;
      if (record.timeMs < leftMs) disorder.late++;
      held.push(record);
    }
    // Nearly sorted already, which the engine's merge sort takes in one pass; and it is stable.
    held.sort((a, b) => a.timeMs - b.timeMs);
    const horizonMs = newestMs - WINDOW_MS;
    let count = 0;
    while (count < held.length && held[count]!.timeMs <= horizonMs) count++;
    count = Math.max(count, held.length - WINDOW_MAX_RECORDS);
    if (count === 0) continue;
    const leaving = held.slice(0, count);
    held = held.slice(count);
    leftMs = Math.max(leftMs, leaving.at(-1)!.timeMs);
    yield leaving;
  }
  if (held.length > 0) yield held;
}

function stepsBack(records: Record[]): number {
  let steps = 0;
  for (let i = 1; i < records.length; i++) if (records[i]!.timeMs < records[i - 1]!.timeMs) steps++;
  return steps;
}
