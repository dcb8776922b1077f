/** The state of an aggregate in one window: JSON values, so that an open window survives its process. */
export type Accumulator = number | string | boolean | null | Accumulator[];

/** How an aggregate is accumulated. Values are JSON values; null and missing ones are left out before, as in SQL. */
export interface AccumulatorFunctions {
  /** The accumulator before the first value. */
  empty(): Accumulator;
  /** The accumulator with one more value. May change it in place. @param timeMs time of the event, epoch ms */
  add(accumulator: Accumulator, value: unknown, timeMs: number): Accumulator;
  /** The accumulator of two windows that turn out to be one. */
  merge(a: Accumulator, b: Accumulator): Accumulator;
  /** The result; null if there was no value. */
  result(accumulator: Accumulator): unknown;
}

const number = (value: unknown): number | null =>
  typeof value === 'bigint' ? Number(value) : typeof value === 'number' ? value : null;

/** Adds to a sum and to what rounding has lost (Neumaier, ZAMM 54, 1974), so that the order of events hardly matters. */
function plus([sum, lost]: [number, number], value: number): [number, number] {
  const total = sum + value;
  const roundingError = Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum;
  return [total, lost + roundingError];
}

export const count: AccumulatorFunctions = {
  empty: () => 0,
  add: (accumulator) => (accumulator as number) + 1,
  merge: (a, b) => (a as number) + (b as number),
  result: (accumulator) => accumulator,
};

/** How many values there were, their sum, and what rounding has lost of it. */
type Sum = [count: number, sum: number, lost: number];
export const summing = (value: (sum: Sum) => number): AccumulatorFunctions => ({
  empty: () => [0, 0, 0],
  add(accumulator, given) {
    const value = number(given);
    if (value === null) return accumulator;
    const [n, sum, lost] = accumulator as Sum;
    return [n + 1, ...plus([sum, lost], value)];
  },
  merge(a, b) {
    const [n, sum, lost] = a as Sum;
    const [more, other, otherLost] = b as Sum;
    const [total, totalLost] = plus([sum, lost + otherLost], other);
    return [n + more, total, totalLost];
  },
  result: (accumulator) => ((accumulator as Sum)[0] === 0 ? null : value(accumulator as Sum)),
});

/** Numbers are compared by size, text by code point; the type of the first value decides which. */
export const extreme = (
  isBetter: (a: number | string, b: number | string) => boolean,
): AccumulatorFunctions => {
  const pick = (a: Accumulator, b: unknown): Accumulator => {
    const value = typeof b === 'string' ? b : number(b);
    if (value === null || (a !== null && typeof a !== typeof value)) return a;
    return a === null || isBetter(value, a as number | string) ? value : a;
  };
  return { empty: () => null, add: pick, merge: pick, result: (accumulator) => accumulator };
};

/** The value at the earliest or latest event time; at equal times the one that came first or last. */
export const atEdge = (isFurther: (timeMs: number, thanMs: number) => boolean): AccumulatorFunctions => {
  const pick = (a: Accumulator, b: Accumulator): Accumulator => {
    const [current, other] = [a as [number, Accumulator] | null, b as [number, Accumulator] | null];
    if (current === null || other === null) return current ?? other;
    return isFurther(other[0], current[0]) ? other : current;
  };
  return {
    empty: () => null,
    add: (accumulator, value, timeMs) => pick(accumulator, [timeMs, value as Accumulator]),
    merge: pick,
    result: (accumulator) => (accumulator as [number, Accumulator] | null)?.[1] ?? null,
  };
};

/** How many values there were, their mean, and the sum of squared distances from it. */
type Moments = [count: number, mean: number, squares: number];
/** Standard deviation of a sample (n - 1): added up by Welford (Technometrics 4, 1962), merged by Chan et al. (1979). */
export const stddev: AccumulatorFunctions = {
  empty: () => [0, 0, 0],
  add(accumulator, given) {
    const value = number(given);
    if (value === null) return accumulator;
    const [n, mean, squares] = accumulator as Moments;
    const delta = value - mean;
    const next = mean + delta / (n + 1);
    return [n + 1, next, squares + delta * (value - next)];
  },
  merge(a, b) {
    const [n, mean, squares] = a as Moments;
    const [m, other, more] = b as Moments;
    if (n === 0 || m === 0) return n === 0 ? b : a;
    const delta = other - mean;
    return [n + m, mean + (delta * m) / (n + m), squares + more + (delta * delta * n * m) / (n + m)];
  },
  result(accumulator) {
    const [n, , squares] = accumulator as Moments;
    return n < 2 ? null : Math.sqrt(squares / (n - 1));
  },
};

/** The exact quantile of all values of a window, interpolated linearly (type 7 of Hyndman and Fan, 1996). */
export const quantile = (share: number): AccumulatorFunctions => ({
  empty: () => [],
  add(accumulator, given) {
    const value = number(given);
    if (value !== null) (accumulator as number[]).push(value);
    return accumulator;
  },
  merge: (a, b) => [...(a as number[]), ...(b as number[])],
  result(accumulator) {
    const sorted = Float64Array.from(accumulator as number[]).sort();
    if (sorted.length === 0) return null;
    const at = (sorted.length - 1) * share;
    const low = Math.floor(at);
    const [below, above] = [sorted[low]!, sorted[Math.min(low + 1, sorted.length - 1)]!];
    return below + (above - below) * (at - low);
  },
});

/** Pairs of a value as JSON text and the number of its occurrences. */
type Counts = [text: string, count: number][];
/** The place of each text in counts, made when counts are added to: counts themselves are JSON values. */
const places = new WeakMap<Counts, Map<string, number>>();

function placesOf(counts: Counts): Map<string, number> {
  let known = places.get(counts);
  if (!known) places.set(counts, (known = new Map(counts.map(([text], i) => [text, i]))));
  return known;
}

export const counting = (value: (counts: Counts) => unknown): AccumulatorFunctions => {
  const add = (counts: Counts, text: string, more: number): void => {
    const known = placesOf(counts);
    const at = known.get(text);
    if (at !== undefined) counts[at]![1] += more;
    else known.set(text, counts.push([text, more]) - 1);
  };
  return {
    empty: () => [],
    add(accumulator, given) {
      add(accumulator as Counts, JSON.stringify(typeof given === 'bigint' ? Number(given) : given), 1);
      return accumulator;
    },
    merge(a, b) {
      for (const [text, n] of b as Counts) add(a as Counts, text, n);
      return a;
    },
    result: (accumulator) => value(accumulator as Counts),
  };
};

/** The most frequent values, the most frequent first; equally frequent ones in the order of their text. */
export const topk = (most: number) =>
  counting((counts) =>
    [...counts]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, most)
      .map(([text, n]) => ({ value: JSON.parse(text) as unknown, count: n })),
  );
