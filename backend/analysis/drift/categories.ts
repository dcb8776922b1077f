/** How often each category is there. */
export type Counts = Map<string, number>;

export function countsOf(values: Iterable<string>): Counts {
  const counts: Counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** So many categories are named in evidence. */
const NAMED = 12;

/** Shares of the commonest categories, the largest first. */
export function sharesOf(counts: Counts): { [name: string]: number } {
  const total = sum(counts);
  const largest = [...counts].sort((a, b) => b[1] - a[1]).slice(0, NAMED);
  return Object.fromEntries(largest.map(([name, count]) => [name, count / total]));
}

export function sum(counts: Counts): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}
