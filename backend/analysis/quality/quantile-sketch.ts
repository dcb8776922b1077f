/** The ratio between the limits of a bucket: quantiles are at most 2 % off. */
const GROWTH = 1.02 / 0.98;
/** Smaller values count as 0, in the unit of the values. */
const SMALLEST = 1;

/**
 * Counts of values by size, for quantiles with a relative error of 2 % in bounded memory (DDSketch: Masson, Rim and Lee,
 * VLDB 2019). It takes about 60 buckets for each factor of ten between the values. It is plain JSON.
 */
export interface QuantileSketch {
  /** Number of values that count as 0. */
  zeros: number;
  /** Bucket -> count; bucket i has the values above GROWTH^(i-1), up to GROWTH^i. */
  buckets: { [bucket: string]: number };
  max: number;
}

/** An empty sketch. */
export function newSketch(): QuantileSketch {
  return { zeros: 0, buckets: {}, max: 0 };
}

/** Adds a value, in place; a negative one counts as 0. */
export function addTo(sketch: QuantileSketch, value: number): void {
  if (value < SMALLEST) {
    sketch.zeros++;
    return;
  }
  const bucket = Math.ceil(Math.log(value) / Math.log(GROWTH));
  sketch.buckets[bucket] = (sketch.buckets[bucket] ?? 0) + 1;
  sketch.max = Math.max(sketch.max, value);
}

/** Number of values. */
export function countOf({ zeros, buckets }: QuantileSketch): number {
  return Object.values(buckets).reduce((sum, count) => sum + count, zeros);
}

/** The smallest value that at least this share of the values does not exceed; 0 for an empty sketch. */
export function quantileOf(sketch: QuantileSketch, share: number): number {
  let remaining = Math.ceil(share * countOf(sketch)) - sketch.zeros;
  if (remaining <= 0) return 0;
  for (const bucket of Object.keys(sketch.buckets)
    .map(Number)
    .sort((a, b) => a - b)) {
    remaining -= sketch.buckets[bucket]!;
    // The middle of the bucket by ratio: the largest relative error is the same in both directions.
    if (remaining <= 0) return Math.min(sketch.max, (2 * GROWTH ** bucket) / (1 + GROWTH));
  }
  return sketch.max;
}
