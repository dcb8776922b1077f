/** How a value compares with those before it. */
export interface Comparison {
  median: number;
  /** How many robust standard deviations it lies from the median; signed. */
  deviations: number;
}

/** What makes the median absolute deviation an estimate of a normal distribution's standard deviation. */
const NORMAL = 1.4826;

/**
 * Holds a value against the window of values before it, as the Hampel identifier does (Hampel, JASA 1974; Pearson, IEEE
 * Trans. Control Systems Technology 2002): by median and median absolute deviation, which up to half of the window's
 * values can't spoil. `leastDeviation` stands in where the window hardly varies. The window must not be empty.
 */
export function compare(value: number, window: readonly number[], leastDeviation: number): Comparison {
  const middle = median(window);
  const deviation = NORMAL * median(window.map((each) => Math.abs(each - middle)));
  return { median: middle, deviations: (value - middle) / Math.max(deviation, leastDeviation) };
}

/** The mean of the two in the middle where there are two; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = new Float64Array(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** Adds a value to a window, and drops the oldest of more than `size`. */
export function push(window: number[], value: number, size: number): void {
  window.push(value);
  if (window.length > size) window.shift();
}
