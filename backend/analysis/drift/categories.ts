/** Number of values of each category. */
export type Counts = Map<string, number>;

/** Counts the values of each category. */
export function countsOf(values: Iterable<string>): Counts {
  const counts: Counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Number of categories that evidence names at most. */
const NAMED_MAX = 12;

/** Shares of the most frequent categories, the largest first. */
export function sharesOf(counts: Counts): { [name: string]: number } {
  const total = sum(counts);
  const largest = [...counts].sort((a, b) => b[1] - a[1]).slice(0, NAMED_MAX);
  return Object.fromEntries(largest.map(([name, count]) => [name, count / total]));
}

/** Number of values in all categories. */
export function sum(counts: Counts): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}
