import { decodeHTMLStrict } from 'entities';
import { entitiesOf, replaceEntities, type TextEntity } from './text-entities.ts';

export interface CleanOptions {
  urls: 'keep' | 'remove' | 'placeholder';
  mentions: 'keep' | 'remove' | 'placeholder';
  hashtags: 'keep' | 'word' | 'remove';
  /** The same letter so many times in a row at most; 0: as often as it is. */
  maxRepeats: number;
}

export interface Cleaned {
  clean: string;
  /** Without their signs, as they are written. */
  hashtags: string[];
  mentions: string[];
  urls: string[];
}

/** What the models of the TweetEval benchmark (Barbieri et al., 2020) were given instead. */
const PLACEHOLDERS = { url: 'http', mention: '@user' };
/** Soft hyphens, zero-width spaces and marks of byte order show nothing. The joiner that builds emoji stays. */
const INVISIBLE = /[\u00ad\u200b\u2060\ufeff]/g;

/**
 * Normalises posts: HTML entities decoded once, Unicode NFC (UAX #15), links, mentions and hashtags as asked, letters that
 * are repeated for emphasis cut down (Go, Bhayani and Huang, 2009), single blanks. Case, punctuation and emoji stay: they
 * carry tone.
 */
export function cleaner({ urls, mentions, hashtags, maxRepeats }: CleanOptions): (text: string) => Cleaned {
  // Numerals such as VIII are not emphasis.
  const repeated = new RegExp(`(?![IX])(\\p{L})\\1{${maxRepeats},}`, 'gu');
  const replace = ({ kind, value }: TextEntity): string => {
    if (kind === 'hashtag')
      return { keep: `#${value}`, word: value.replaceAll('_', ' '), remove: '' }[hashtags];
    const kept = kind === 'mention' ? `@${value}` : value;
    return { keep: kept, remove: '', placeholder: PLACEHOLDERS[kind] }[kind === 'url' ? urls : mentions];
  };
  const squeeze = (text: string) =>
    maxRepeats > 0 ? text.replace(repeated, (_, letter: string) => letter.repeat(maxRepeats)) : text;
  return (text) => {
    const decoded = (text.includes('&') ? decodeHTMLStrict(text) : text)
      .replace(INVISIBLE, '')
      .normalize('NFC');
    const parts = entitiesOf(decoded);
    const of = (kind: TextEntity['kind']) =>
      parts.filter((part) => part.kind === kind).map(({ value }) => value);
    return {
      // Links and names stay as they are: only what lies between them is squeezed.
      clean: replaceEntities(decoded, parts, replace, squeeze).replace(/\s+/g, ' ').trim(),
      hashtags: of('hashtag'),
      mentions: of('mention'),
      urls: of('url'),
    };
  };
}
