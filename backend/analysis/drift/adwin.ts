import type { Detector, Evidence } from './detector.ts';

/** Number of buckets of one size before two of them are merged into one of the next size: M in the paper. */
const MAX_BUCKETS = 5;
/** A cut leaves at least this many values on both sides. */
const MIN_SIDE = 5;
const MIN_WIDTH = 10;

/** Sum of the values, sum of their squared distances from their mean, and the time of the first value, epoch ms. */
type Bucket = [sum: number, squares: number, fromMs: number];

/** What ADWIN keeps. */
export interface AdwinState {
  /** Row i has buckets of 2^i values, the oldest first. The newest value is in row 0. */
  rows: Bucket[][];
  seen: number;
}

/** How sensitive ADWIN is. */
export interface AdwinSettings {
  /** Bounds the chance of a false alarm at one look. */
  delta: number;
  /** Looks for a cut after this many values. */
  checkEvery: number;
}

/**
 * ADWIN (Bifet and Gavaldà, SDM 2007): a window of numbers that grows while their mean stays the same. When its older and
 * newer part differ, the older part is dropped. The window is kept as an exponential histogram: about 5 log2(n) buckets
 * for n values. The bound is the second of the paper, which uses the variance, with MOA's correction for short parts; it is
 * meant for values that differ by about 1.
 *
 * Every bucket of every row is a possible cut, as in MOA (River leaves out the newest bucket of each row). MOA drops one
 * bucket after the other while there is a cut, which leaves a mixture of old and new values that raises further alarms.
 * This implementation drops everything before the strongest cut at once.
 */
export class Adwin implements Detector<number> {
  readonly state: AdwinState;
  readonly #settings: AdwinSettings;

  constructor(settings: AdwinSettings, state: AdwinState = { rows: [], seen: 0 }) {
    this.#settings = settings;
    this.state = state;
  }

  update(value: number, timeMs: number): Evidence | null {
    this.#insert([value, 0, timeMs]);
    if (++this.state.seen % this.#settings.checkEvery !== 0) return null;
    const found = this.#strongestCut();
    for (let left = found?.reference.events ?? 0; left > 0;) left -= this.#dropOldest();
    return found;
  }

  #insert(bucket: Bucket): void {
    const { rows } = this.state;
    let next: Bucket | null = bucket;
    for (let i = 0; next; i++) {
      const row = (rows[i] ??= []);
      row.push(next);
      next = row.length > MAX_BUCKETS ? merged(row.shift()!, row.shift()!, 2 ** i) : null;
    }
  }

  /** Drops the oldest bucket. Returns the number of its values. */
  #dropOldest(): number {
    const { rows } = this.state;
    const size = 2 ** (rows.length - 1);
    rows.at(-1)!.shift();
    while (rows.at(-1)?.length === 0) rows.pop();
    return size;
  }

  /** The cut that exceeds its bound the most, as evidence; null if none does. */
  #strongestCut(): Evidence | null {
    const { rows } = this.state;
    let [width, sum, squares] = [0, 0, 0];
    rows.forEach((row, i) => row.forEach((bucket) => ((width += 2 ** i), (sum += bucket[0]))));
    if (width <= MIN_WIDTH) return null;
    rows.forEach((row, i) =>
      row.forEach((bucket) => (squares += bucket[1] + 2 ** i * (bucket[0] / 2 ** i - sum / width) ** 2)),
    );
    const logTerm = Math.log((2 * Math.log(width)) / this.#settings.delta);
    let strongest: Evidence | null = null;
    let [before, beforeSum] = [0, 0];
    for (let i = rows.length - 1; i >= 0; i--) {
      for (const [bucketSum, , fromMs] of rows[i]!) {
        const after = width - before;
        if (before >= MIN_SIDE && after >= MIN_SIDE) {
          const reference = { events: before, mean: beforeSum / before };
          const current = { events: after, mean: (sum - beforeSum) / after };
          const statistic = Math.abs(current.mean - reference.mean);
          const inverse = 1 / (before - MIN_SIDE + 1) + 1 / (after - MIN_SIDE + 1);
          const threshold =
            Math.sqrt(2 * inverse * (squares / width) * logTerm) + (2 / 3) * logTerm * inverse;
          const excess = strongest ? strongest.statistic - strongest.threshold : 0;
          if (statistic - threshold > excess)
            strongest = { statistic, threshold, severity: 'warning', reference, current, fromMs };
        }
        before += 2 ** i;
        beforeSum += bucketSum;
      }
    }
    return strongest;
  }
}

/** Merges two neighbouring buckets of one size. */
function merged(older: Bucket, newer: Bucket, size: number): Bucket {
  const betweenMeans = (older[0] - newer[0]) / size;
  return [older[0] + newer[0], older[1] + newer[1] + (size * betweenMeans ** 2) / 2, older[2]];
}
