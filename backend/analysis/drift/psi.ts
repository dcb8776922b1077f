import { countsOf, sharesOf, sum, type Counts } from './categories.ts';
import type { Evidence } from './detector.ts';
import { chiSquaredCritical, chiSquaredTail } from './distributions.ts';
import {
  WindowComparison,
  type WindowComparisonSettings,
  type WindowComparisonState,
} from './window-comparison.ts';

/** From here on a change counts as major (Siddiqi, Credit Risk Scorecards, 2006). */
const MAJOR = 0.25;
/** Added to every count, so that a category missing on one side does not make the index infinite (Jeffreys' prior). */
const SMOOTHING = 0.5;

/**
 * The population stability index of two samples over categories: the sum of (p - q) ln(p / q), 0 where they agree.
 * If nothing has changed, psi / (1/n + 1/m) is chi-squared with one degree of freedom less than there are categories
 * (Yurdakul and Naranjo, Journal of Risk Model Validation 2020). `scale` is 1/n + 1/m, and `degrees` the degrees of freedom.
 */
export function psi(a: Counts, b: Counts): { statistic: number; degrees: number; scale: number } {
  const names = new Set([...a.keys(), ...b.keys()]);
  const [totalA, totalB] = [sum(a), sum(b)];
  let statistic = 0;
  for (const name of names) {
    const p = ((a.get(name) ?? 0) + SMOOTHING) / (totalA + SMOOTHING * names.size);
    const q = ((b.get(name) ?? 0) + SMOOTHING) / (totalB + SMOOTHING * names.size);
    statistic += (p - q) * Math.log(p / q);
  }
  return { statistic, degrees: names.size - 1, scale: 1 / totalA + 1 / totalB };
}

/** What is compared, and from when on a change counts. */
export interface PsiSettings extends WindowComparisonSettings {
  /** A smaller index is not reported; 0.1 by convention. */
  minPsi: number;
  /** More distinct numbers than this are sorted into this many bins, which hold equal shares of the reference. */
  bins: number;
}

/**
 * Finds a change of categories, or of numbers in bins. The index must exceed both `minPsi` and what windows of this size
 * show by chance: with 200 and 100 values it reaches 0.1 now and then without any change.
 */
export class Psi extends WindowComparison<string | number> {
  readonly #settings: PsiSettings;

  constructor(settings: PsiSettings, state?: WindowComparisonState<string | number>) {
    super(settings, state);
    this.#settings = settings;
  }

  protected compare(
    reference: (string | number)[],
    current: (string | number)[],
  ): Omit<Evidence, 'fromMs'> | null {
    const { minPsi, bins, alpha } = this.#settings;
    const name = naming(reference, bins);
    const [before, now] = [countsOf(reference.map(name)), countsOf(current.map(name))];
    const { statistic, degrees, scale } = psi(before, now);
    if (degrees === 0) return null;
    const threshold = Math.max(minPsi, chiSquaredCritical(alpha, degrees) * scale);
    if (statistic <= threshold) return null;
    return {
      statistic,
      threshold,
      pValue: chiSquaredTail(statistic / scale, degrees),
      severity: statistic >= MAJOR ? 'critical' : 'warning',
      reference: { events: reference.length, shares: sharesOf(before) },
      current: { events: current.length, shares: sharesOf(now) },
    };
  }
}

/** Names the category or bin of a value. A bin is named `[from, to)`; a few distinct numbers are categories themselves. */
function naming(reference: (string | number)[], bins: number): (value: string | number) => string {
  const numbers = reference.filter((value) => typeof value === 'number').sort((a, b) => a - b);
  if (new Set(numbers).size <= bins) return String;
  const edges = new Set<number>();
  for (let i = 1; i < bins; i++) edges.add(numbers[Math.floor((i * numbers.length) / bins)]!);
  const to = [...edges, Infinity];
  const names = to.map((edge, i) => `[${to[i - 1] ?? -Infinity}, ${edge})`);
  return (value) => (typeof value === 'string' ? value : names[to.findIndex((edge) => value < edge)]!);
}
