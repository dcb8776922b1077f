import type { Evidence } from './detector.ts';
import { kolmogorovTail } from './distributions.ts';
import {
  WindowComparison,
  type WindowComparisonSettings,
  type WindowComparisonState,
} from './window-comparison.ts';

/**
 * The two-sample Kolmogorov-Smirnov test: the largest distance between the distribution functions of the samples, and the
 * chance of such a distance (Smirnov 1948, for large samples; with small samples and ties it reports fewer changes).
 */
export function ksTest(a: number[], b: number[]): { statistic: number; pValue: number } {
  const [first, second] = [ascending(a), ascending(b)];
  let [i, j, statistic] = [0, 0, 0];
  while (i < first.length && j < second.length) {
    const value = Math.min(first[i]!, second[j]!);
    while (first[i] === value) i++;
    while (second[j] === value) j++;
    statistic = Math.max(statistic, Math.abs(i / first.length - j / second.length));
  }
  return { statistic, pValue: kolmogorovTail(statistic * Math.sqrt(effective(a, b))) };
}

/** Finds any change of the distribution of a number, also if its mean stays: KSWIN (Raab et al. 2020) without its sampling. */
export class KolmogorovSmirnov extends WindowComparison<number> {
  readonly #alpha: number;

  constructor(settings: WindowComparisonSettings, state?: WindowComparisonState<number>) {
    super(settings, state);
    this.#alpha = settings.alpha;
  }

  protected compare(reference: number[], current: number[]): Omit<Evidence, 'fromMs'> | null {
    const { statistic, pValue } = ksTest(reference, current);
    const threshold = Math.sqrt(-Math.log(this.#alpha / 2) / 2 / effective(reference, current));
    if (statistic <= threshold) return null;
    return {
      statistic,
      threshold,
      pValue,
      severity: 'warning',
      reference: { events: reference.length, mean: mean(reference) },
      current: { events: current.length, mean: mean(current) },
    };
  }
}

/** The effective sample size of the two. */
function effective(a: number[], b: number[]): number {
  return (a.length * b.length) / (a.length + b.length);
}

function ascending(values: number[]): Float64Array {
  return Float64Array.from(values).sort();
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
