import { languageDetector } from '../../backend/analysis/text/language.ts';
import language from '../../backend/analysis/services/language.ts';
import { recordingLines } from './data.ts';

/** How well languages are detected on one recording. */
export interface LanguageFigures {
  /** Share of the posts whose language is right, 0 to 1; `und` is wrong. */
  right: number;
  /** The same by language, ISO 639-1. */
  byLanguage: Map<string, number>;
  /** The same when any of the 60 languages is possible, not only those of the recording. */
  rightOfAll: number;
  /** On one core. */
  textsPerSecond: number;
}

interface Row {
  language: string;
  text: string;
}

const READERS: { [file: string]: (line: string) => Row } = {
  'langid_tweets_6lang.tsv': (line) => ({ language: line.slice(0, 2), text: line.slice(3) }),
  'social_multilang_dev.ndjson': (line) => {
    const { text, true_lang } = JSON.parse(line) as { text: string; true_lang: string };
    return { language: true_lang, text };
  },
};

export const LANGUAGE_FILES = Object.keys(READERS);

/** Measures the language service's detector, with its defaults, told which languages the file has; null where it is not there. */
export function measureLanguage(file: string): LanguageFigures | null {
  const rows = recordingLines(file)?.map(READERS[file]!);
  if (!rows) return null;
  const languages = [...new Set(rows.map((row) => row.language))].sort();
  const before = process.cpuUsage();
  const hits = hitsOf(rows, languages);
  const { user, system } = process.cpuUsage(before);
  const share = (hits: boolean[]) => hits.filter(Boolean).length / hits.length;
  return {
    right: share(hits),
    byLanguage: new Map(
      languages.map((each) => [each, share(hits.filter((_, i) => rows[i]!.language === each))]),
    ),
    rightOfAll: share(hitsOf(rows, [])),
    textsPerSecond: (rows.length / (user + system)) * 1e6,
  };
}

function hitsOf(rows: Row[], languages: string[]): boolean[] {
  const { min_letters, min_probability } = language.params.properties;
  const detect = languageDetector({
    languages,
    minLetters: min_letters.default,
    minProbability: min_probability.default,
  });
  return rows.map((row) => detect(row.text).language === row.language);
}
