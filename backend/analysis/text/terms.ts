import { createRequire } from 'node:module';
import { decodeHTMLStrict } from 'entities';
import { languageOf, type TextData } from './post-service.ts';
import { words } from './segments.ts';
import { entitiesOf, replaceEntities } from './text-entities.ts';

const require = createRequire(import.meta.url);
const languageNames = new Intl.DisplayNames('en', { type: 'language' });
const stopWords = new Map<string, ReadonlySet<string>>();

/** `#tag` for a hashtag and `=term` for a term, so that no key is a built-in member name of objects, such as `constructor`. */
export type TermKey = `#${string}` | `=${string}`;

/** Which words are terms. */
export interface TermOptions {
  /** The language of posts that do not name theirs, ISO 639-1. */
  language: string;
  /** Words that are not topics in any language, in lower case. */
  ignored: ReadonlySet<string>;
}

/** The length up to which a word or hashtag is a term, UTF-16 units: no language has longer words, and terms are kept. */
const TERM_MAX = 100;

/**
 * The hashtags of a post and the other words that can be topics: each once, in lower case, without stop words.
 * @param bestText what is analysed of its text
 */
export function termsOf(data: TextData, bestText: string, { language, ignored }: TermOptions): Set<TermKey> {
  const text = decodeHTMLStrict(bestText).normalize('NFC');
  const entities = entitiesOf(text);
  const listed = Array.isArray(data['hashtags']) ? (data['hashtags'] as unknown[]) : [];
  const written = entities.filter(({ kind }) => kind === 'hashtag').map(({ value }) => value);
  const hashtags = new Set(
    [...listed, ...written]
      .filter((tag) => typeof tag === 'string')
      .filter(({ length }) => length <= TERM_MAX)
      .map((tag) => tag.toLowerCase()),
  );
  const stops = stopWordsOf(languageOf(data, language));
  const terms = new Set(Array.from(hashtags, (tag): TermKey => `#${tag}`));
  const prose = replaceEntities(text, entities, () => ' ').toLowerCase();
  for (const segment of words(prose.replaceAll('’', "'"))) {
    // A host name, or a full stop without a space after it, gives one segment with a dot.
    if (segment.length < 2 || segment.length > TERM_MAX || segment.includes('.') || !/\p{L}/u.test(segment))
      continue;
    if (!hashtags.has(segment) && !stops.has(segment) && !ignored.has(segment)) terms.add(`=${segment}`);
  }
  return terms;
}

/** Orama's stop words of a language (ISO 639-1); an empty set if there is no list. */
function stopWordsOf(language: string): ReadonlySet<string> {
  let words = stopWords.get(language);
  if (!words) stopWords.set(language, (words = new Set(listOf(language))));
  return words;
}

function listOf(language: string): string[] {
  if (!/^[a-z]{2}$/.test(language)) return [];
  const name = languageNames.of(language)!.toLowerCase();
  try {
    return (require(`@orama/stopwords/${name}`) as { stopwords: string[] }).stopwords;
  } catch {
    return [];
  }
}
