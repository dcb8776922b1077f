import { createRequire } from 'node:module';
import { decodeHTMLStrict } from 'entities';
import { bestText, languageOf, type TextData } from './post-service.ts';
import { entitiesOf, replaceEntities } from './text-entities.ts';

const require = createRequire(import.meta.url);
/** Finds words by UAX #29; word boundaries hardly differ between languages. */
const segmenter = new Intl.Segmenter('en', { granularity: 'word' });
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

/** The hashtags of a post and the other words that can be topics: each once, in lower case, without stop words. */
export function termsOf(data: TextData, { language, ignored }: TermOptions): Set<TermKey> {
  const text = decodeHTMLStrict(bestText(data)).normalize('NFC');
  const entities = entitiesOf(text);
  const listed = Array.isArray(data['hashtags']) ? (data['hashtags'] as unknown[]) : [];
  const written = entities.filter(({ kind }) => kind === 'hashtag').map(({ value }) => value);
  const hashtags = new Set(
    [...listed, ...written].filter((tag) => typeof tag === 'string').map((tag) => tag.toLowerCase()),
  );
  const stops = stopWordsOf(languageOf(data, language));
  const terms = new Set(Array.from(hashtags, (tag): TermKey => `#${tag}`));
  const prose = replaceEntities(text, entities, () => ' ').toLowerCase();
  for (const { segment, isWordLike } of segmenter.segment(prose.replaceAll('’', "'"))) {
    // A host name, or a full stop without a space after it, gives one segment with a dot.
    if (!isWordLike || segment.length < 2 || segment.includes('.') || !/\p{L}/u.test(segment)) continue;
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
