/** How a value compares with the values before it. */
export interface Comparison {
  median: number;
  /** Its distance from the median in robust standard deviations; negative below the median. */
  deviations: number;
}

/** Scales the median absolute deviation to the standard deviation of a normal distribution. */
const NORMAL = 1.4826;

/**
 * Compares a value with a window of values before it, as the Hampel identifier does (Hampel, JASA 1974; Pearson, IEEE
 * Trans. Control Systems Technology 2002): by the median and the median absolute deviation, which stay right even if up
 * to half of the window's values are wrong. Where the window hardly varies, `leastDeviation` is used instead.
 * @param window must not be empty
 */
export function compare(value: number, window: readonly number[], leastDeviation: number): Comparison {
  const middle = median(window);
  const deviation = NORMAL * median(window.map((each) => Math.abs(each - middle)));
  return { median: middle, deviations: (value - middle) / Math.max(deviation, leastDeviation) };
}

/** The median; for an even number of values the mean of the two in the middle. NaN for an empty list. */
export function median(values: readonly number[]): number {
  const sorted = new Float64Array(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** Adds a value to a window, and removes the oldest when there are more than `size`. */
export function push(window: number[], value: number, size: number): void {
  window.push(value);
  if (window.length > size) window.shift();
}
