import type { TermKey } from './terms.ts';

/** The number of posts that each term is in. It can be stored as JSON. */
export interface TermCounts {
  posts: number;
  /** Number of terms. */
  size: number;
  terms: { [key: TermKey]: number };
  /** Posts of which only the beginning was read. */
  shortened?: number;
}

/** A count that has faded below this is dropped, posts. */
const NEGLIGIBLE = 0.02;

/** Counts of no post. */
export const noCounts = (): TermCounts => ({ posts: 0, size: 0, terms: {} });

/** Counts one more post, in place. With more than `2 * maxTerms` terms, the rarer half is dropped (after Manku and Motwani, 2002). */
export function countPost(counts: TermCounts, terms: Iterable<TermKey>, maxTerms: number): void {
  counts.posts++;
  for (const term of terms) {
    const before = counts.terms[term];
    counts.terms[term] = (before ?? 0) + 1;
    if (before === undefined) counts.size++;
  }
  if (counts.size > 2 * maxTerms) Object.assign(counts, mostFrequent(Object.entries(counts.terms), maxTerms));
}

/** The counts before, multiplied by a factor, plus the new ones; at most `maxTerms` terms. */
export function fade(before: TermCounts, factor: number, now: TermCounts, maxTerms: number): TermCounts {
  const terms = new Map(Object.entries(before.terms).map(([term, count]) => [term, count * factor]));
  for (const [term, count] of Object.entries(now.terms)) terms.set(term, (terms.get(term) ?? 0) + count);
  const entries = Array.from(terms, ([term, count]): [string, number] => [term, round(count)]);
  return {
    posts: round(before.posts * factor + now.posts),
    ...mostFrequent(
      entries.filter(([, count]) => count >= NEGLIGIBLE),
      maxTerms,
    ),
  };
}

/**
 * Dunning's log-likelihood ratio (Computational Linguistics 19/1, 1993): how unlikely it is that k1 of n1 and k2 of n2
 * come from the same share. Chance exceeds 15.13 once in 10,000 times (Rayson, Berridge and Francis, 2004). Negative when
 * the first share is the smaller one; 0 when there is nothing to compare.
 */
export function logLikelihoodRatio(k1: number, n1: number, k2: number, n2: number): number {
  if (n1 === 0 || n2 === 0) return 0;
  const share = (k1 + k2) / (n1 + n2);
  const ratio = (observed: number, expected: number) =>
    observed > 0 ? observed * Math.log(observed / expected) : 0;
  const sum =
    ratio(k1, n1 * share) +
    ratio(n1 - k1, n1 * (1 - share)) +
    ratio(k2, n2 * share) +
    ratio(n2 - k2, n2 * (1 - share));
  // Rounding may bring the sum a little below 0.
  const score = Math.max(0, 2 * sum);
  return k1 / n1 < k2 / n2 ? -score : score;
}

/** The most frequent terms; among equals the first in the alphabet, so that the order of arrival does not matter. */
function mostFrequent(entries: [string, number][], maxTerms: number): Pick<TermCounts, 'size' | 'terms'> {
  const most =
    entries.length <= maxTerms
      ? entries
      : entries.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, maxTerms);
  return { size: most.length, terms: Object.fromEntries(most) };
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
