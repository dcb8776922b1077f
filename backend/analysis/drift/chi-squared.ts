import { countsOf, sharesOf, sum, type Counts } from './categories.ts';
import type { Evidence } from './detector.ts';
import { chiSquaredCritical, chiSquaredTail } from './distributions.ts';
import {
  WindowComparison,
  type WindowComparisonSettings,
  type WindowComparisonState,
} from './window-comparison.ts';

/** The approximation needs at least this many expected events per cell (Cochran 1954). */
const MIN_EXPECTED = 5;

/**
 * Pearson's chi-squared test of homogeneity: whether two samples come from one distribution over categories. The rarest
 * categories are pooled until enough events are expected. Null if fewer than two categories are left to compare.
 */
export function chiSquaredTest(
  a: Counts,
  b: Counts,
): { statistic: number; degrees: number; pValue: number } | null {
  const [totalA, totalB] = [sum(a), sum(b)];
  const cells = pooled(a, b, Math.min(totalA, totalB) / (totalA + totalB));
  if (cells.length < 2) return null;
  let statistic = 0;
  for (const [inA, inB] of cells) {
    const share = (inA + inB) / (totalA + totalB);
    statistic +=
      (inA - share * totalA) ** 2 / (share * totalA) + (inB - share * totalB) ** 2 / (share * totalB);
  }
  const degrees = cells.length - 1;
  return { statistic, degrees, pValue: chiSquaredTail(statistic, degrees) };
}

/** Finds a change in how often categories occur, new categories included. */
export class ChiSquared extends WindowComparison<string> {
  readonly #alpha: number;

  constructor(settings: WindowComparisonSettings, state?: WindowComparisonState<string>) {
    super(settings, state);
    this.#alpha = settings.alpha;
  }

  protected compare(reference: string[], current: string[]): Omit<Evidence, 'fromMs'> | null {
    const [before, now] = [countsOf(reference), countsOf(current)];
    const test = chiSquaredTest(before, now);
    if (!test) return null;
    const threshold = chiSquaredCritical(this.#alpha, test.degrees);
    if (test.statistic <= threshold) return null;
    return {
      statistic: test.statistic,
      threshold,
      pValue: test.pValue,
      severity: 'warning',
      reference: { events: reference.length, shares: sharesOf(before) },
      current: { events: current.length, shares: sharesOf(now) },
    };
  }
}

/** Counts of each category in both samples; the rarest are pooled until the smaller sample expects enough of them. */
function pooled(a: Counts, b: Counts, smallerShare: number): [number, number][] {
  const cells = Array.from(new Set([...a.keys(), ...b.keys()]), (name): [number, number] => [
    a.get(name) ?? 0,
    b.get(name) ?? 0,
  ]).sort((one, other) => one[0] + one[1] - other[0] - other[1]);
  const expected = ([inA, inB]: [number, number]) => (inA + inB) * smallerShare;
  while (cells.length > 1 && expected(cells[0]!) < MIN_EXPECTED) {
    const [rarest, next] = cells.splice(0, 2) as [[number, number], [number, number]];
    cells.unshift([rarest[0] + next[0], rarest[1] + next[1]]);
  }
  return cells;
}
