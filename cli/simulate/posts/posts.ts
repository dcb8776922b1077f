import { refusal } from '../../../core/problems/errors.ts';
import { DEFAULT_START } from '../city/city-plan.ts';
import { countPosts, phasesOf, type Language, type Phase, type PostsTruth } from './posts-plan.ts';
import { Random } from '../support/random.ts';
import { Speaker } from './speaker.ts';
import type { Sentiment, Topic } from './phrases/phrases.ts';

export interface PostsOptions {
  /** Another seed gives another crowd in the same hour. */
  seed?: number | string;
  durationSeconds?: number;
  /** The average outside the bursts. */
  postsPerMinute?: number;
  /** ISO 8601. */
  start?: string;
}

export interface Post {
  /** ISO 8601 with milliseconds, UTC. */
  created_at: string;
  id: string;
  user: string;
  lang: Language;
  text: string;
  true_sentiment: Sentiment;
}

export interface Posts {
  /** The posts in time order. They are made while they are read, and can be read once. */
  posts: Iterable<Post>;
  /** The truth about the posts read so far. It is complete when all posts have been read. */
  truth: () => PostsTruth;
}

/**
 * What people in Miravela post, in six languages, while the city has an ordinary hour: a calm start, rain that spoils the
 * mood, a match with a goal, visitors from abroad, a calm end. The rate follows a Poisson process whose rate changes
 * with the phase and swings slowly (thinning, Lewis and Shedler 1979). The same options give the same posts.
 */
export function simulatePosts(options: PostsOptions = {}): Posts {
  const settings = checked(options);
  const { seed, durationSeconds, postsPerMinute } = settings;
  const startMs = Date.parse(settings.start);
  const phases = phasesOf(durationSeconds);
  const counts = countPosts(phases);
  const speaker = new Speaker(new Random(seed, 'speaker'));

  function* posts(): Generator<Post> {
    const times = new Random(seed, 'times');
    const moods = new Random(seed, 'moods');
    const peakPerSecond = (postsPerMinute / 60) * Math.max(...phases.map((phase) => phase.pace)) * SWING_MAX;
    let number = 0;
    let lastMs = 0;
    for (
      let time = times.wait(1 / peakPerSecond);
      time < durationSeconds;
      time += times.wait(1 / peakPerSecond)
    ) {
      const phase = phaseAt(phases, time);
      if (times.next() * peakPerSecond > (postsPerMinute / 60) * phase.pace * swing(time)) continue;
      lastMs = Math.max(lastMs, Math.floor(time * 1000));
      const lang = moods.weighted<Language>(phase.languages);
      const sentiment = moods.weighted<Sentiment>(phase.sentiments);
      const topic = moods.weighted<Topic>(phase.topics);
      counts.add(phase, lang, sentiment, topic);
      yield {
        created_at: new Date(startMs + lastMs).toISOString(),
        id: `post-${String(++number).padStart(5, '0')}`,
        user: speaker.user(lang),
        lang,
        text: speaker.say(lang, topic, sentiment, phase.burst),
        true_sentiment: sentiment,
      };
    }
    counts.finish();
  }

  return { posts: posts(), truth: () => counts.truth({ ...settings }, startMs) };
}

// The pace rises and falls by a quarter, once in eleven minutes.
const SWING_MAX = 1.25;
function swing(seconds: number): number {
  return 1 + (SWING_MAX - 1) * Math.sin((2 * Math.PI * seconds) / 660);
}

function phaseAt(phases: readonly Phase[], seconds: number): Phase {
  return phases.find((phase) => seconds < phase.endSeconds) ?? (phases.at(-1) as Phase);
}

function checked(options: PostsOptions): Required<PostsOptions> {
  const settings = {
    seed: options.seed ?? 1,
    durationSeconds: options.durationSeconds ?? 3600,
    postsPerMinute: options.postsPerMinute ?? 40,
    start: options.start ?? DEFAULT_START,
  };
  const refuse = (what: string, hint: string) =>
    refusal('simulation_option', `Posts can't have ${what}.`, { hint });
  if (!(settings.durationSeconds > 0 && Number.isFinite(settings.durationSeconds)))
    throw refuse(`a duration of ${settings.durationSeconds} s`, 'Give seconds above 0, e.g. 3600.');
  if (!(settings.postsPerMinute > 0 && Number.isFinite(settings.postsPerMinute)))
    throw refuse(`a rate of ${settings.postsPerMinute} a minute`, 'Give posts per minute above 0, e.g. 40.');
  if (Number.isNaN(Date.parse(settings.start)))
    throw refuse(`their start at "${settings.start}"`, `Give a time such as ${DEFAULT_START}.`);
  return settings;
}
