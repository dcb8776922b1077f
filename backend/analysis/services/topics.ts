import { isoTime, type CloudEvent } from '../../../core/wire/event.ts';
import type { PostTopics } from '../../../schemas/types.ts';
import type { ParamsOf, ParamsSchema } from '../engine/params.ts';
import { Service, type Context, type Derived, type ServiceKind, type Timer } from '../engine/service.ts';
import { beginning, bestText, hasText, MAX_CHARACTERS } from '../text/post-service.ts';
import { rankTopics, type RankOptions } from '../text/rank-topics.ts';
import { countPost, fade, noCounts, type TermCounts } from '../text/term-counts.ts';
import { termsOf, type TermOptions } from '../text/terms.ts';

const params = {
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
      description: 'Time in which earlier posts fade to 1/e of their weight.',
    },
    top: { type: 'integer', minimum: 1, default: 10, description: 'Number of topics per window at most.' },
    min_count: {
      type: 'integer',
      minimum: 1,
      default: 3,
      description: 'Number of posts that a topic must be in.',
    },
    burst_score: {
      type: 'number',
      minimum: 0,
      default: 15.13,
      description: 'Score from which a topic is a burst; chance reaches 15.13 once in 10,000 times.',
    },
    language: {
      type: 'string',
      pattern: '^[a-z]{2}$',
      default: 'en',
      description: 'The language of the stop words for posts that do not name theirs, ISO 639-1.',
    },
    ignored: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      default: ['rt', 'via'],
      description: 'Words that are not topics in any language.',
    },
    max_terms: {
      type: 'integer',
      minimum: 100,
      default: 2000,
      description: 'Number of terms to keep from earlier windows; a window keeps up to twice as many.',
      maximum: 100_000,
    },
    max_characters: MAX_CHARACTERS,
  },
  additionalProperties: false,
} as const satisfies ParamsSchema;
type Params = ParamsOf<typeof params>;

interface State {
  /** Open windows by their start; more than one only while the clock of a live source runs ahead. */
  open: { [startMs: string]: TermCounts };
  /** Counts of the windows before; older ones have less weight. */
  before: TermCounts;
  /** When the last of them ended; null before the first. */
  endMs: number | null;
  /** Posts since then that came too late. */
  late: number;
}

/** No source whose clock is nearly right has more windows open than this. */
const MAX_OPEN = 8;

/** Finds what more posts are about than before. All posts together have one state. */
class Topics extends Service<State> {
  readonly #windowMs: number;
  readonly #baselineMs: number;
  readonly #maxTerms: number;
  readonly #maxCharacters: number;
  readonly #terms: TermOptions;
  readonly #rank: RankOptions;

  constructor(given: Params) {
    super();
    this.#windowMs = given.window_seconds * 1000;
    this.#baselineMs = given.baseline_seconds * 1000;
    this.#maxTerms = given.max_terms;
    this.#maxCharacters = given.max_characters;
    const ignored = new Set(given.ignored.map((word) => word.toLowerCase()));
    this.#terms = { language: given.language, ignored };
    this.#rank = { top: given.top, minCount: given.min_count, burstScore: given.burst_score };
  }

  override key(): string {
    return 'all';
  }

  override receive(event: CloudEvent, context: Context<State>): Derived[] {
    // A restored post was counted before.
    if (event.restored) return [];
    const { data } = event;
    if (!hasText(data)) {
      context.reject('The post has no text.');
      return [];
    }
    const startMs = Math.floor(context.timeMs / this.#windowMs) * this.#windowMs;
    const state = context.state ?? { open: {}, before: noCounts(), endMs: null, late: 0 };
    if (state.endMs !== null && startMs < state.endMs) {
      context.state = { ...state, late: state.late + 1 };
      return [];
    }
    if (!state.open[startMs] && Object.keys(state.open).length >= MAX_OPEN) {
      context.reject('The time of the post is too far ahead of the others.');
      return [];
    }
    const window = (state.open[startMs] ??= noCounts());
    const whole = bestText(data);
    const text = beginning(whole, this.#maxCharacters);
    const terms = termsOf(data, text, this.#terms);
    if (text !== whole) window.shortened = (window.shortened ?? 0) + 1;
    countPost(window, terms, this.#maxTerms);
    context.state = state;
    context.setTimer(String(startMs), startMs + this.#windowMs);
    // In a pipeline each post is passed on with its topics, as they rank among the posts so far.
    if (event.pipeline === undefined) return [];
    const topics = rankTopics(window, state.before, this.#rank, (key) => terms.has(key));
    return [{ data: { ...data, topics, ...(text !== whole && { analysed_characters: text.length }) } }];
  }

  override due({ name, timeMs, ended }: Timer, context: Context<State>): Derived[] {
    const state = context.state!;
    const { [name]: closing, ...open } = state.open;
    const window = closing!;
    const elapsedMs = state.endMs === null ? 0 : timeMs - state.endMs;
    const faded = fade(state.before, Math.exp(-elapsedMs / this.#baselineMs), noCounts(), this.#maxTerms);
    context.state = { open, before: fade(faded, 1, window, this.#maxTerms), endMs: timeMs, late: 0 };
    const data = {
      window_start: isoTime(Number(name)),
      window_end: isoTime(timeMs),
      complete: !ended,
      posts: window.posts,
      late: state.late,
      ...(window.shortened !== undefined && { shortened: window.shortened }),
      topics: rankTopics(window, faded, this.#rank),
    } satisfies PostTopics;
    return [{ data }];
  }
}

export default {
  name: 'topics',
  summary: 'Finds words and hashtags that occur in more posts than before, window by window.',
  input: 'posts',
  output: 'posts.topics',
  params,
  create: (given: Params) => new Topics(given),
} satisfies ServiceKind;
