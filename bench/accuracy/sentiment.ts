import sentiment from '../../backend/analysis/services/sentiment.ts';
import { lexiconOf } from '../../backend/analysis/text/languages.ts';
import { tone } from '../../backend/analysis/text/vader.ts';
import { recordingLines } from './data.ts';

/** How well VADER agrees with people, on English tweets. */
export interface SentimentFigures {
  /** Pearson's correlation of compound scores and mean human scores. */
  r: number;
  /** F1 of positive, neutral and negative, weighted by how many there are; the truth is the sign of the human score. */
  weightedF1: number;
  /** On one core. */
  textsPerSecond: number;
}

export const TONE_FILE = 'vader_tweets_groundtruth.tsv';
export const POSTS_FILE = 'social_multilang_dev.ndjson';
const MIN_TEXTS = 40_000;

/** Measures the tone of the tweets that VADER was published with; null where they are not there. */
export function measureSentiment(): SentimentFigures | null {
  const rows = recordingLines(TONE_FILE)?.map((line) => {
    const [, score, ...text] = line.split('\t');
    return { score: Number(score), text: text.join('\t') };
  });
  if (!rows) return null;
  const english = lexiconOf('en')!;
  const compounds = rows.map(({ text }) => tone(text, english).compound);
  const scores = rows.map(({ score }) => score);
  // Again, now that the code is warm.
  const rounds = Math.ceil(MIN_TEXTS / rows.length);
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round++) for (const { text } of rows) tone(text, english);
  const { user, system } = process.cpuUsage(before);
  const named = (value: number, edge: number) =>
    value >= edge && value > 0 ? 'positive' : value <= -edge && value < 0 ? 'negative' : 'neutral';
  return {
    r: correlation(compounds, scores),
    weightedF1: f1(
      scores.map((score) => named(score, 0)),
      compounds.map((compound) => named(compound, 0.05)),
    ).weighted,
    textsPerSecond: ((rounds * rows.length) / (user + system)) * 1e6,
  };
}

/** Macro F1 of the service's three tones by language (ISO 639-1), on labelled posts; null where they are not there. */
export function measureTones(): Map<string, { macroF1: number; isSupported: boolean }> | null {
  const lines = recordingLines(POSTS_FILE);
  if (!lines) return null;
  const service = sentiment.create({ language: 'en', max_characters: 100_000 });
  const byLanguage = new Map<string, { truths: string[]; guesses: string[] }>();
  for (const line of lines) {
    const row = JSON.parse(line) as { text: string; true_lang: string; true_sentiment: string };
    const of = byLanguage.get(row.true_lang) ?? { truths: [], guesses: [] };
    byLanguage.set(row.true_lang, of);
    of.truths.push(row.true_sentiment);
    of.guesses.push(service.process({ text: row.text, language: row.true_lang })!['sentiment'] as string);
  }
  return new Map(
    Array.from(byLanguage, ([language, { truths, guesses }]) => [
      language,
      { macroF1: f1(truths, guesses).macro, isSupported: lexiconOf(language) !== null },
    ]),
  );
}

function f1(truths: string[], guesses: string[]): { macro: number; weighted: number } {
  let [macro, weighted] = [0, 0];
  const names = new Set(truths);
  for (const name of names) {
    const actual = truths.filter((truth) => truth === name).length;
    const guessed = guesses.filter((guess) => guess === name).length;
    const hits = truths.filter((truth, i) => truth === name && guesses[i] === name).length;
    const score = (2 * hits) / (actual + guessed);
    macro += score / names.size;
    weighted += (score * actual) / truths.length;
  }
  return { macro, weighted };
}

function correlation(x: number[], y: number[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  const covariance = mean(x.map((value, i) => (value - meanX) * (y[i]! - meanY)));
  const deviation = (values: number[], center: number) =>
    Math.sqrt(mean(values.map((value) => (value - center) ** 2)));
  return covariance / (deviation(x, meanX) * deviation(y, meanY));
}
