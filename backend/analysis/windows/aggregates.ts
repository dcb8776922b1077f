import {
  atEdge,
  count,
  counting,
  extreme,
  quantile,
  stddev,
  summing,
  topk,
  type AccumulatorFunctions,
} from './accumulators.ts';

/** An aggregate that `select` can name. */
export interface AggregateKind {
  /** What it computes, for the documentation. */
  summary: string;
  /** An example of a call. */
  example: string;
  /** Whether the expression may be left out: then every event counts. */
  expressionIsOptional?: true;
  /** The number that it takes after the expression. */
  argument?: {
    /** Which numbers are valid, for messages. */
    description: string;
    isValid(value: number): boolean;
  };
  /** @param argument NaN for an aggregate that takes none */
  create(argument: number): AccumulatorFunctions;
}

/**
 * All aggregates, by name. An entry here is all that a new one needs: `select`, its messages and
 * docs/service-reference.md read this table, and the tests do not compile until they know its expected value.
 */
export const aggregates = {
  count: {
    summary: 'Number of events, or of events for which the expression has a value.',
    example: 'count()',
    expressionIsOptional: true,
    create: () => count,
  },
  sum: {
    summary: 'Sum of numbers.',
    example: 'sum(distance_m)',
    create: () => summing(([, sum, lost]) => sum + lost),
  },
  avg: {
    summary: 'Mean of numbers.',
    example: 'avg(speed_mps)',
    create: () => summing(([n, sum, lost]) => (sum + lost) / n),
  },
  min: {
    summary: 'Smallest number, or first text by code points.',
    example: 'min(speed_mps)',
    create: () => extreme((a, b) => a < b),
  },
  max: {
    summary: 'Largest number, or last text by code points.',
    example: 'max(speed_mps)',
    create: () => extreme((a, b) => a > b),
  },
  first: {
    summary: 'Value at the earliest event time.',
    example: 'first(latitude)',
    create: () => atEdge((timeMs, thanMs) => timeMs < thanMs),
  },
  last: {
    summary: 'Value at the latest event time.',
    example: 'last(latitude)',
    create: () => atEdge((timeMs, thanMs) => timeMs >= thanMs),
  },
  stddev: {
    summary: 'Standard deviation of a sample of numbers; null for fewer than two.',
    example: 'stddev(speed_mps)',
    create: () => stddev,
  },
  quantile: {
    summary: 'Quantile of numbers, interpolated; the share comes last.',
    example: 'quantile(speed_mps, 0.95)',
    argument: {
      description: 'a share from 0 to 1',
      isValid: (value) => value >= 0 && value <= 1,
    },
    create: quantile,
  },
  distinct: {
    summary: 'Number of distinct values.',
    example: 'distinct(route)',
    create: () => counting((counts) => counts.length),
  },
  topk: {
    summary: 'The most frequent values with their counts; how many values comes last.',
    example: 'topk(route, 3)',
    argument: {
      description: 'a whole number from 1 to 1000',
      isValid: (value) => Number.isInteger(value) && value >= 1 && value <= 1000,
    },
    create: topk,
  },
} as const satisfies { [name: string]: AggregateKind };

/** The name of an aggregate. */
export type AggregateName = keyof typeof aggregates;

/** The aggregate of a name; null if there is none. */
export function aggregateKind(name: string): AggregateKind | null {
  return Object.hasOwn(aggregates, name) ? aggregates[name as AggregateName] : null;
}
