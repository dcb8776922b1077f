import type { PostTopics } from '../../../schemas/types.ts';
import { logLikelihoodRatio, type TermCounts } from './term-counts.ts';
import type { TermKey } from './terms.ts';

type Topic = PostTopics['topics'][number];

/** Which terms are topics. */
export interface RankOptions {
  /** Number of topics at most. */
  top: number;
  /** Number of posts that a topic must be in. */
  minCount: number;
  /** Score from which a topic is a burst. */
  burstScore: number;
}

/**
 * The topics of a window compared with the time before, the highest score first.
 * @param isWanted selects terms; a selected term is a topic however rare it is
 */
export function rankTopics(
  window: TermCounts,
  before: TermCounts,
  { top, minCount, burstScore }: RankOptions,
  isWanted?: (key: TermKey) => boolean,
): Topic[] {
  return (Object.entries(window.terms) as [TermKey, number][])
    .filter(([key, count]) => (isWanted ? isWanted(key) : count >= minCount))
    .map(([key, count]): Topic => {
      const earlier = before.terms[key] ?? 0;
      const score = round(logLikelihoodRatio(count, window.posts, earlier, before.posts));
      return {
        term: key.slice(1),
        kind: key.startsWith('#') ? 'hashtag' : 'term',
        count,
        expected: before.posts > 0 ? round((window.posts * earlier) / before.posts) : null,
        score,
        burst: score >= burstScore,
      };
    })
    .sort((a, b) => b.score - a.score || b.count - a.count || (uniqueName(a) < uniqueName(b) ? -1 : 1))
    .slice(0, top);
}

/** Unique among topics: a word may be a hashtag as well. */
function uniqueName({ term, kind }: Topic): string {
  return `${term} ${kind}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
