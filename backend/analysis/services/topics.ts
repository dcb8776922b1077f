import { isoTime, type CloudEvent } from '../../../core/wire/event.ts';
import type { PostTopics } from '../../../schemas/types.ts';
import { Service, type Context, type Derived, type ServiceKind, type Timer } from '../engine/service.ts';
import { countPost, fade, logLikelihoodRatio, noCounts, type TermCounts } from '../text/term-counts.ts';
import { hasText } from '../text/post-service.ts';
import { termsOf, type TermKey, type TermOptions } from '../text/terms.ts';

type Topic = PostTopics['topics'][number];

interface State {
  /** Windows that are under way, by their start; more than one only while a live source's clock runs ahead. */
  open: { [startMs: string]: TermCounts };
  /** The windows before, the older the fainter. */
  before: TermCounts;
  /** When the last of them ended. */
  endMs: number | null;
  late: number;
}

interface TopicsOptions extends TermOptions {
  windowMs: number;
  baselineMs: number;
  top: number;
  minCount: number;
  burstScore: number;
  maxTerms: number;
}

/** More at once than a source's clock can be wrong by in good faith. */
const MAX_OPEN = 8;

/** What more posts are about than before. */
class Topics extends Service<State> {
  readonly #options: TopicsOptions;

  constructor(options: TopicsOptions) {
    super();
    this.#options = options;
  }

  override key(): string {
    return 'all';
  }

  override receive(event: CloudEvent, context: Context<State>): Derived[] {
    // It has been counted before.
    if (event.restored) return [];
    const { data } = event;
    if (!hasText(data)) {
      context.reject('has no text');
      return [];
    }
    const { windowMs, maxTerms } = this.#options;
    const startMs = Math.floor(context.timeMs / windowMs) * windowMs;
    const state = context.state ?? { open: {}, before: noCounts(), endMs: null, late: 0 };
    if (state.endMs !== null && startMs < state.endMs) {
      context.state = { ...state, late: state.late + 1 };
      return [];
    }
    if (!state.open[startMs] && Object.keys(state.open).length >= MAX_OPEN) {
      context.reject('is too far ahead of the others');
      return [];
    }
    const window = (state.open[startMs] ??= noCounts());
    const terms = termsOf(data, this.#options);
    countPost(window, terms, maxTerms);
    context.state = state;
    context.setTimer(String(startMs), startMs + windowMs);
    // In a pipeline each post goes on, with what it is about among the posts so far.
    if (event.pipeline === undefined) return [];
    const here = new Set(terms);
    return [{ data: { ...data, topics: this.#topics(window, state.before, (key) => here.has(key)) } }];
  }

  override due({ name, timeMs, ended }: Timer, context: Context<State>): Derived[] {
    const state = context.state!;
    const { [name]: window, ...open } = state.open;
    const { before, late } = state;
    const { baselineMs, maxTerms } = this.#options;
    const elapsedMs = state.endMs === null ? 0 : timeMs - state.endMs;
    const faded = fade(before, Math.exp(-elapsedMs / baselineMs), noCounts(), maxTerms);
    context.state = { open, before: fade(faded, 1, window!, maxTerms), endMs: timeMs, late: 0 };
    const data: PostTopics = {
      window_start: isoTime(Number(name)),
      window_end: isoTime(timeMs),
      complete: !ended,
      posts: window!.posts,
      late,
      topics: this.#topics(window!, faded),
    };
    return [{ data: { ...data } }];
  }

  /** The topics of a window beside those of the time before, or those of them that are wanted, however rare. */
  #topics(now: TermCounts, before: TermCounts, isWanted?: (key: TermKey) => boolean): Topic[] {
    const { minCount, burstScore, top } = this.#options;
    return (Object.entries(now.terms) as [TermKey, number][])
      .filter(([key, count]) => (isWanted ? isWanted(key) : count >= minCount))
      .map(([key, count]): Topic => {
        const earlier = before.terms[key] ?? 0;
        const score = round(logLikelihoodRatio(count, now.posts, earlier, before.posts));
        return {
          term: key.slice(1),
          kind: key.startsWith('#') ? 'hashtag' : 'term',
          count,
          expected: before.posts > 0 ? round((now.posts * earlier) / before.posts) : null,
          score,
          burst: score >= burstScore,
        };
      })
      .sort((a, b) => b.score - a.score || b.count - a.count || (nameOf(a) < nameOf(b) ? -1 : 1))
      .slice(0, top);
  }
}

/** Of no two topics the same: a word may be a hashtag, too. */
function nameOf({ term, kind }: Topic): string {
  return `${term} ${kind}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

const count = (minimum: number, value: number, description: string) => ({
  type: 'integer',
  minimum,
  default: value,
  description,
});

export default {
  name: 'topics',
  summary: 'Finds the words and hashtags that more posts hold than before, window by window.',
  input: 'posts',
  output: 'posts.topics',
  params: {
    type: 'object',
    properties: {
      window_seconds: {
        type: 'number',
        minimum: 1,
        default: 300,
        description: 'Length of a window of event time; windows begin at multiples of it since 1970.',
      },
      baseline_seconds: {
        type: 'number',
        minimum: 1,
        default: 3600,
        description: 'The time in which earlier posts fade to 1/e of their weight.',
      },
      top: count(1, 10, 'Topics of a window at most.'),
      min_count: count(1, 3, 'Posts that a topic has to be in.'),
      burst_score: {
        type: 'number',
        minimum: 0,
        default: 15.13,
        description: 'Score from which it is a burst; 15.13: chance once in 10,000 times.',
      },
      language: {
        type: 'string',
        pattern: '^[a-z]{2}$',
        default: 'en',
        description: 'Whose stop words are left out where a post does not say its language, ISO 639-1.',
      },
      ignored: {
        type: 'array',
        items: { type: 'string', minLength: 1 },
        default: ['rt', 'via'],
        description: 'Words that are no topics in any language.',
      },
      max_terms: {
        ...count(100, 2000, 'Terms that are kept of the time before, and half of those of a window.'),
        maximum: 100_000,
      },
    },
    additionalProperties: false,
  },
  create: (params) =>
    new Topics({
      windowMs: (params['window_seconds'] as number) * 1000,
      baselineMs: (params['baseline_seconds'] as number) * 1000,
      top: params['top'] as number,
      minCount: params['min_count'] as number,
      burstScore: params['burst_score'] as number,
      language: params['language'] as string,
      ignored: new Set((params['ignored'] as string[]).map((word) => word.toLowerCase())),
      maxTerms: params['max_terms'] as number,
    }),
} satisfies ServiceKind;
