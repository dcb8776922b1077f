/** Part of an aggregate: JSON values, so that an open window outlives its process. */
export type Accumulator = number | string | boolean | null | Accumulator[];

/** How an aggregate is built up. Values are JSON values; those that are null or missing never arrive here, as in SQL. */
export interface Aggregate {
  /** Before the first value. */
  empty(): Accumulator;
  /** With one more value of an event at a time, epoch ms. */
  add(partial: Accumulator, value: unknown, timeMs: number): Accumulator;
  /** Of two windows that turn out to be one. */
  merge(a: Accumulator, b: Accumulator): Accumulator;
  /** What it comes to; null where there was no value. */
  value(partial: Accumulator): unknown;
}

const number = (value: unknown): number | null =>
  typeof value === 'bigint' ? Number(value) : typeof value === 'number' ? value : null;

/** A sum with what was lost to rounding beside it (Neumaier, ZAMM 54, 1974): the order of events does not show. */
function plus([sum, lost]: [number, number], value: number): [number, number] {
  const total = sum + value;
  const slip = Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum;
  return [total, lost + slip];
}

const count: Aggregate = {
  empty: () => 0,
  add: (partial) => (partial as number) + 1,
  merge: (a, b) => (a as number) + (b as number),
  value: (partial) => partial,
};

type Sum = [count: number, sum: number, lost: number];
const summing = (value: (sum: Sum) => number): Aggregate => ({
  empty: () => [0, 0, 0],
  add(partial, given) {
    const value = number(given);
    if (value === null) return partial;
    const [n, sum, lost] = partial as Sum;
    return [n + 1, ...plus([sum, lost], value)];
  },
  merge(a, b) {
    const [n, sum, lost] = a as Sum;
    const [more, other, otherLost] = b as Sum;
    const [total, slip] = plus([sum, lost + otherLost], other);
    return [n + more, total, slip];
  },
  value: (partial) => ((partial as Sum)[0] === 0 ? null : value(partial as Sum)),
});

/** Numbers by size, text by code point; the first kind seen decides. */
const extreme = (isBetter: (a: number | string, b: number | string) => boolean): Aggregate => {
  const pick = (a: Accumulator, b: unknown): Accumulator => {
    const value = typeof b === 'string' ? b : number(b);
    if (value === null || (a !== null && typeof a !== typeof value)) return a;
    return a === null || isBetter(value, a as number | string) ? value : a;
  };
  return { empty: () => null, add: pick, merge: pick, value: (partial) => partial };
};

/** By event time; of several at the same time the one that came first, or last. */
const atEdge = (isFurther: (timeMs: number, thanMs: number) => boolean): Aggregate => {
  const pick = (a: Accumulator, b: Accumulator): Accumulator => {
    const [held, other] = [a as [number, Accumulator] | null, b as [number, Accumulator] | null];
    if (held === null || other === null) return held ?? other;
    return isFurther(other[0], held[0]) ? other : held;
  };
  return {
    empty: () => null,
    add: (partial, value, timeMs) => pick(partial, [timeMs, value as Accumulator]),
    merge: pick,
    value: (partial) => (partial as [number, Accumulator] | null)?.[1] ?? null,
  };
};

type Moments = [count: number, mean: number, squares: number];
/** Of a sample (n - 1), by Welford (Technometrics 4, 1962) and for merging by Chan et al. (1979). */
const stddev: Aggregate = {
  empty: () => [0, 0, 0],
  add(partial, given) {
    const value = number(given);
    if (value === null) return partial;
    const [n, mean, squares] = partial as Moments;
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
  value(partial) {
    const [n, , squares] = partial as Moments;
    return n < 2 ? null : Math.sqrt(squares / (n - 1));
  },
};

/** Exact, of all values of the window, between two by linear interpolation (type 7 of Hyndman and Fan, 1996). */
const quantile = (share: number): Aggregate => ({
  empty: () => [],
  add(partial, given) {
    const value = number(given);
    if (value !== null) (partial as number[]).push(value);
    return partial;
  },
  merge: (a, b) => [...(a as number[]), ...(b as number[])],
  value(partial) {
    const sorted = Float64Array.from(partial as number[]).sort();
    if (sorted.length === 0) return null;
    const at = (sorted.length - 1) * share;
    const low = Math.floor(at);
    const [below, above] = [sorted[low]!, sorted[Math.min(low + 1, sorted.length - 1)]!];
    return below + (above - below) * (at - low);
  },
});

/** Pairs of a value, as its JSON text, and how often it came. */
type Counts = [text: string, count: number][];
const counting = (value: (counts: Counts) => unknown): Aggregate => {
  const add = (counts: Counts, text: string, more: number): void => {
    const held = counts.find(([known]) => known === text);
    if (held) held[1] += more;
    else counts.push([text, more]);
  };
  return {
    empty: () => [],
    add(partial, given) {
      add(partial as Counts, JSON.stringify(typeof given === 'bigint' ? Number(given) : given), 1);
      return partial;
    },
    merge(a, b) {
      for (const [text, n] of b as Counts) add(a as Counts, text, n);
      return a;
    },
    value: (partial) => value(partial as Counts),
  };
};

/** The most frequent values, most first; of equally frequent ones by their text. */
const topk = (most: number) =>
  counting((counts) =>
    [...counts]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, most)
      .map(([text, n]) => ({ value: JSON.parse(text) as unknown, count: n })),
  );

/** An aggregate by its name, and what its second argument has to be, if it takes one. */
export interface AggregateKind {
  /** Whether it can do without an expression. */
  counts?: true;
  argument?: { what: string; fits(value: number): boolean };
  create(argument: number): Aggregate;
}

export const aggregates: { readonly [name: string]: AggregateKind } = {
  count: { counts: true, create: () => count },
  sum: { create: () => summing(([, sum, lost]) => sum + lost) },
  avg: { create: () => summing(([n, sum, lost]) => (sum + lost) / n) },
  min: { create: () => extreme((a, b) => a < b) },
  max: { create: () => extreme((a, b) => a > b) },
  first: { create: () => atEdge((timeMs, thanMs) => timeMs < thanMs) },
  last: { create: () => atEdge((timeMs, thanMs) => timeMs >= thanMs) },
  stddev: { create: () => stddev },
  quantile: {
    argument: { what: 'a share from 0 to 1', fits: (value) => value >= 0 && value <= 1 },
    create: quantile,
  },
  distinct: { create: () => counting((counts) => counts.length) },
  topk: {
    argument: {
      what: 'a whole number from 1 to 1000',
      fits: (value) => Number.isInteger(value) && value >= 1 && value <= 1000,
    },
    create: topk,
  },
};
