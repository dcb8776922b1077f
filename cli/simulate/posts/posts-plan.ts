import { invariant } from '../../../core/problems/errors.ts';
import type { Sentiment, Topic } from './phrases/phrases.ts';

export type Language = 'en' | 'es' | 'fr' | 'de' | 'it' | 'pt';
type Weights<K extends string> = Readonly<Partial<Record<K, number>>>;

/** A time span in which people post alike. Weights need not sum to 1. */
export interface Phase {
  name: string;
  startSeconds: number;
  endSeconds: number;
  /** Factor on the usual rate. */
  pace: number;
  burst: boolean;
  languages: Weights<Language>;
  sentiments: Weights<Sentiment>;
  topics: Weights<Topic>;
}

interface TruePhase {
  name: string;
  start: string;
  end: string;
  pace: number;
  burst: boolean;
  languages: Weights<Language>;
  sentiments: Weights<Sentiment>;
  topics: Weights<Topic>;
  posts: number;
  counts: Counts;
}

interface Counts {
  languages: Partial<Record<Language, number>>;
  sentiments: Partial<Record<Sentiment, number>>;
  topics: Partial<Record<Topic, number>>;
}

/** The truth about a recording of posts. Times are in ISO 8601. */
export interface PostsTruth extends Counts {
  kind: 'posts';
  /** Everything needed to make the same recording again. */
  options: Record<string, unknown>;
  records: number;
  phases: TruePhase[];
  /** Where the phases differ: which shares or pace change, and from what to what. */
  change_points: {
    time: string;
    of: 'pace' | 'languages' | 'sentiments' | 'topics';
    from: unknown;
    to: unknown;
  }[];
  bursts: { start: string; end: string; reason: string; posts: number }[];
}

const CALM = { positive: 45, neutral: 33, negative: 22 };
const UPSET = { positive: 16, neutral: 24, negative: 60 };
const JOY = { positive: 84, neutral: 9, negative: 7 };
const HOME = { en: 66, pt: 10, es: 9, fr: 6, de: 5, it: 4 };
const VISITORS = { en: 30, es: 21, de: 17, fr: 15, it: 12, pt: 5 };
const DAILY = { tram: 22, weather: 15, delivery: 17, football: 6, food: 17, concert: 8, city: 15 };
const RAIN = { tram: 34, weather: 32, delivery: 16, football: 4, food: 4, city: 10 };
const MATCH = { tram: 8, weather: 5, delivery: 4, football: 62, food: 9, concert: 4, city: 8 };
const GOAL = { football: 95, city: 3, food: 2 };
const EVENING = { tram: 9, weather: 6, delivery: 3, football: 8, food: 22, concert: 38, city: 14 };

// The end of each phase, as a share of the whole.
const PLAN: readonly (Omit<Phase, 'startSeconds' | 'endSeconds'> & { until: number })[] = [
  { name: 'morning', until: 0.22, pace: 0.9, burst: false, languages: HOME, sentiments: CALM, topics: DAILY },
  { name: 'rain', until: 0.42, pace: 1, burst: false, languages: HOME, sentiments: UPSET, topics: RAIN },
  { name: 'match', until: 0.58, pace: 1.3, burst: false, languages: HOME, sentiments: CALM, topics: MATCH },
  { name: 'goal', until: 0.61, pace: 7, burst: true, languages: HOME, sentiments: JOY, topics: GOAL },
  {
    name: 'second half',
    until: 0.7,
    pace: 1.3,
    burst: false,
    languages: HOME,
    sentiments: CALM,
    topics: MATCH,
  },
  {
    name: 'visitors',
    until: 0.88,
    pace: 1,
    burst: false,
    languages: VISITORS,
    sentiments: CALM,
    topics: EVENING,
  },
  { name: 'evening', until: 1, pace: 0.7, burst: false, languages: HOME, sentiments: CALM, topics: EVENING },
];

/** The phases of a recording of this length. They follow each other without a gap. */
export function phasesOf(durationSeconds: number): Phase[] {
  return PLAN.map(({ until, ...phase }, i) => ({
    ...phase,
    startSeconds: (PLAN[i - 1]?.until ?? 0) * durationSeconds,
    endSeconds: until * durationSeconds,
  }));
}

/** Counts posts as they are made. */
export function countPosts(phases: readonly Phase[]) {
  const all: Counts = { languages: {}, sentiments: {}, topics: {} };
  const perPhase = new Map(
    phases.map((phase) => [phase, { posts: 0, counts: { languages: {}, sentiments: {}, topics: {} } }]),
  );
  let done = false;
  const raise = <K extends string>(counts: Partial<Record<K, number>>, key: K) =>
    (counts[key] = (counts[key] ?? 0) + 1);
  return {
    add(phase: Phase, language: Language, sentiment: Sentiment, topic: Topic): void {
      const own = perPhase.get(phase)!;
      own.posts++;
      for (const counts of [all, own.counts]) {
        raise(counts.languages, language);
        raise(counts.sentiments, sentiment);
        raise(counts.topics, topic);
      }
    },
    finish(): void {
      done = true;
    },
    /** The counts so far. Times count from `startMs`. */
    truth(options: Record<string, unknown>, startMs: number): PostsTruth {
      if (!done) throw invariant('The truth about posts was asked for before all of them were read');
      const iso = (seconds: number) => new Date(startMs + Math.round(seconds * 1000)).toISOString();
      const truePhases = phases.map(({ startSeconds, endSeconds, ...phase }, i): TruePhase => {
        const counted = perPhase.get(phases[i] as Phase)!;
        return { ...phase, start: iso(startSeconds), end: iso(endSeconds), ...counted };
      });
      return {
        kind: 'posts',
        options,
        records: truePhases.reduce((sum, phase) => sum + phase.posts, 0),
        ...all,
        phases: truePhases,
        change_points: changes(truePhases),
        bursts: truePhases
          .filter((phase) => phase.burst)
          .map(({ start, end, name, posts }) => ({ start, end, reason: name, posts })),
      };
    },
  };
}

function changes(phases: readonly TruePhase[]): PostsTruth['change_points'] {
  return phases.slice(1).flatMap((phase, i) => {
    const before = phases[i] as TruePhase;
    return (['pace', 'languages', 'sentiments', 'topics'] as const)
      .filter((of) => before[of] !== phase[of])
      .map((of) => ({ time: phase.start, of, from: before[of], to: phase[of] }));
  });
}
