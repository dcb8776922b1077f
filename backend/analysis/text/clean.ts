import { decodeHTMLStrict } from 'entities';
import { entitiesOf, replaceEntities, type TextEntity } from './text-entities.ts';

/** How a text is normalised. */
export interface CleanOptions {
  urls: 'keep' | 'remove' | 'placeholder';
  mentions: 'keep' | 'remove' | 'placeholder';
  hashtags: 'keep' | 'word' | 'remove';
  /** A letter is repeated at most this often in a row; 0 leaves all repeats. */
  maxRepeats: number;
}

/** A normalised text, and what was found in it. */
export interface CleanedText {
  clean: string;
  /** Hashtags and mentions as written, without their sign. */
  hashtags: string[];
  mentions: string[];
  urls: string[];
}

/** The placeholders of the TweetEval benchmark (Barbieri et al., 2020). */
const PLACEHOLDERS = { url: 'http', mention: '@user' };
/** Soft hyphens, zero-width spaces and byte order marks. The zero-width joiner stays: it builds emoji. */
const INVISIBLE = /[\u00ad\u200b\u2060\ufeff]/g;

/**
 * Creates a function that normalises posts: it decodes HTML entities once, brings the text into Unicode NFC (UAX #15),
 * treats links, mentions and hashtags as the options say, shortens letters that are repeated for emphasis (Go, Bhayani
 * and Huang, 2009), and leaves single spaces. Case, punctuation and emoji stay: they carry tone.
 */
export function cleaner({
  urls,
  mentions,
  hashtags,
  maxRepeats,
}: CleanOptions): (text: string) => CleanedText {
  // Roman numerals such as VIII are not emphasis.
  const repeated = new RegExp(`(?![IX])(\\p{L})\\1{${maxRepeats},}`, 'gu');
  const replace = ({ kind, value }: TextEntity): string => {
    if (kind === 'hashtag')
      return { keep: `#${value}`, word: value.replaceAll('_', ' '), remove: '' }[hashtags];
    const kept = kind === 'mention' ? `@${value}` : value;
    return { keep: kept, remove: '', placeholder: PLACEHOLDERS[kind] }[kind === 'url' ? urls : mentions];
  };
  const shorten = (text: string) =>
    maxRepeats > 0 ? text.replace(repeated, (_, letter: string) => letter.repeat(maxRepeats)) : text;
  return (text) => {
    const decoded = (text.includes('&') ? decodeHTMLStrict(text) : text)
      .replace(INVISIBLE, '')
      .normalize('NFC');
    const entities = entitiesOf(decoded);
    const valuesOf = (kind: TextEntity['kind']) =>
      entities.filter((entity) => entity.kind === kind).map(({ value }) => value);
    return {
      // Only the words between links and names are shortened.
      clean: replaceEntities(decoded, entities, replace, shorten).replace(/\s+/g, ' ').trim(),
      hashtags: valuesOf('hashtag'),
      mentions: valuesOf('mention'),
      urls: valuesOf('url'),
    };
  };
}
