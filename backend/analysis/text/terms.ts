import { createRequire } from 'node:module';
import { decodeHTMLStrict } from 'entities';
import { bestText, languageOf, type TextData } from './post-service.ts';
import { entitiesOf, replaceEntities } from './text-entities.ts';

const require = createRequire(import.meta.url);
/** Words by UAX #29; the boundaries of words hardly differ between languages. */
const segmenter = new Intl.Segmenter('en', { granularity: 'word' });
const languageNames = new Intl.DisplayNames('en', { type: 'language' });
const stopWords = new Map<string, ReadonlySet<string>>();

/** A hashtag's key is `#tag`, that of a term is `=term`; so none is the name of a member that all objects have. */
export type TermKey = `#${string}` | `=${string}`;

export interface TermOptions {
  /** ISO 639-1, of posts that do not say theirs. */
  language: string;
  /** Words that are no topics in any language, in lower case. */
  ignored: ReadonlySet<string>;
}

/** The hashtags of a post and its other words that can be topics: each once, in lower case, no stop words. */
export function termsOf(data: TextData, { language, ignored }: TermOptions): Set<TermKey> {
  const text = decodeHTMLStrict(bestText(data)).normalize('NFC');
  const parts = entitiesOf(text);
  const listed = Array.isArray(data['hashtags']) ? (data['hashtags'] as unknown[]) : [];
  const written = parts.filter(({ kind }) => kind === 'hashtag').map(({ value }) => value);
  const hashtags = new Set(
    [...listed, ...written].filter((tag) => typeof tag === 'string').map((tag) => tag.toLowerCase()),
  );
  const stops = stopWordsOf(languageOf(data, language));
  const terms = new Set(Array.from(hashtags, (tag): TermKey => `#${tag}`));
  const prose = replaceEntities(text, parts, () => ' ').toLowerCase();
  for (const { segment, isWordLike } of segmenter.segment(prose.replaceAll('’', "'"))) {
    // A name of a host, or a full stop without a blank, is one segment with a dot.
    if (!isWordLike || segment.length < 2 || segment.includes('.') || !/\p{L}/u.test(segment)) continue;
    if (!hashtags.has(segment) && !stops.has(segment) && !ignored.has(segment)) terms.add(`=${segment}`);
  }
  return terms;
}

/** The stop words of a language (ISO 639-1), those of Orama; none where there is no list. */
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
