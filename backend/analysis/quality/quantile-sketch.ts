/** Neighbouring buckets' values are apart by this factor: quantiles come out at most 2 % off. */
const GROWTH = 1.02 / 0.98;
/** Less than this is 0, in the values' unit. */
const LEAST = 1;

/**
 * Counts of values by size, for quantiles at a relative error of 2 % in bounded memory (DDSketch: Masson, Rim and Lee,
 * VLDB 2019): some 60 buckets for each factor of ten that is there. It is plain JSON.
 */
export interface QuantileSketch {
  /** Values that are 0, less, or too small to matter. */
  zeros: number;
  /** Bucket -> count; bucket i holds what is above GROWTH^(i-1), up to GROWTH^i. */
  buckets: { [bucket: string]: number };
  max: number;
}

export function newSketch(): QuantileSketch {
  return { zeros: 0, buckets: {}, max: 0 };
}

/** Adds a value; what is below 0 counts as 0. */
export function addTo(sketch: QuantileSketch, value: number): void {
  if (value < LEAST) {
    sketch.zeros++;
    return;
  }
  const bucket = Math.ceil(Math.log(value) / Math.log(GROWTH));
  sketch.buckets[bucket] = (sketch.buckets[bucket] ?? 0) + 1;
  sketch.max = Math.max(sketch.max, value);
}

export function countOf({ zeros, buckets }: QuantileSketch): number {
  return Object.values(buckets).reduce((sum, count) => sum + count, zeros);
}

/** The least value that at least this share of the values does not exceed; 0 when there is none. */
export function quantileOf(sketch: QuantileSketch, share: number): number {
  let left = Math.ceil(share * countOf(sketch)) - sketch.zeros;
  if (left <= 0) return 0;
  for (const bucket of Object.keys(sketch.buckets)
    .map(Number)
    .sort((a, b) => a - b)) {
    left -= sketch.buckets[bucket]!;
    // The bucket's middle, by ratio: the most that it can be off is the same to both sides.
    if (left <= 0) return Math.min(sketch.max, (2 * GROWTH ** bucket) / (1 + GROWTH));
  }
  return sketch.max;
}
