import { eld } from 'eld/small';
import { entitiesOf, replaceEntities } from './text-entities.ts';
import { UNDETERMINED } from './post-service.ts';

/** What a text seems to be written in. */
export interface Detection {
  /** ISO 639-1, or `und`. */
  language: string;
  /** How likely that is, 0 to 1, given that it is one of the expected; of `und`: that of the best guess. */
  probability: number;
}

export interface DetectorOptions {
  /** The languages it can be, ISO 639-1; empty: any of the 60 that there are. */
  languages: string[];
  /** Fewer letters than this say nothing. */
  minLetters: number;
  /** A language less likely than this is not named. */
  minProbability: number;
}

/**
 * Turns ELD's score into evidence, by which `softmax(score * sqrt(characters) / 33)` is a probability: fitted on the single
 * words and pairs of words of the Lingua benchmark (60 languages), where |probability - share right| is 0.02 on average; on
 * tweets, which it was not fitted on, 0.002 to 0.009. The root, as n-grams of one text are not independent.
 */
const EVIDENCE = 1 / 33;
/** ELD scales its mean score of an n-gram, s, to s / (s + 25). */
const ELD_SCALE = 25;

/**
 * Detects the language of short texts: ELD (efficient language detector), n-grams of bytes. Links, mentions and hashtags,
 * which are often in another language, do not count.
 * @throws Error for a language that ELD does not know
 */
export function languageDetector({ languages, minLetters, minProbability }: DetectorOptions) {
  const detector = eld.newInstance();
  const known = Object.values(detector.info().Languages);
  const unknown = languages.filter((language) => !known.includes(language));
  if (unknown.length > 0)
    throw new Error(
      `languages: ${unknown.join(', ')} can't be detected; there are: ${known.sort().join(', ')}`,
    );
  if (languages.length > 0) detector.setLanguageSubset(languages);
  return (text: string): Detection => {
    const prose = proseOf(text);
    const letters = prose.match(/\p{L}/gu)?.length ?? 0;
    if (letters < minLetters) return { language: UNDETERMINED, probability: 0 };
    const scores = Object.entries(detector.detect(prose).getScores());
    const best = scores[0];
    if (!best) return { language: UNDETERMINED, probability: 0 };
    const weight = Math.sqrt(prose.length) * EVIDENCE;
    const [language, bestScore] = [best[0], unscaled(best[1])];
    const all = scores.reduce((sum, [, it]) => sum + Math.exp((unscaled(it) - bestScore) * weight), 0);
    const probability = Math.round(1e4 / all) / 1e4;
    return { language: probability < minProbability ? UNDETERMINED : language, probability };
  };
}

function unscaled(score: number): number {
  return (ELD_SCALE * score) / (1 - score);
}

/** The words alone. `http` is what collections of posts leave of a link. */
function proseOf(text: string): string {
  return replaceEntities(text, entitiesOf(text), () => ' ')
    .replace(/\bhttps?\b/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
