import { ROW_MAX_CHARACTERS } from '../format.ts';

/** A part of XML that only its own end ends, such as a comment. */
export interface Mark {
  begin: string;
  /** What such a part can't hold: where it stands, the part before it was never closed. */
  again: RegExp;
  what: string;
}

/** The longer beginnings come first. A declaration may hold others (`<!DOCTYPE x [<!ENTITY ...`). */
const MARKS: Mark[] = [
  { begin: '<!--', again: /<!--/g, what: 'A comment' },
  { begin: '<![CDATA[', again: /<!\[CDATA\[/g, what: 'A CDATA section' },
  { begin: '<?', again: /</g, what: 'A processing instruction' },
  { begin: '<!', again: /<[^!]/g, what: 'A declaration' },
];
const LONGEST = '<![CDATA['.length;

/** The mark that a text begins with; undefined for none. */
export function markOf(text: string): Mark | undefined {
  return text.startsWith('<') ? MARKS.find(({ begin }) => text.startsWith(begin)) : undefined;
}

/**
 * Why the part that a text begins with, up to the end of the text, will not be closed; null where it still may be.
 * @param searched how much of the text was looked at before
 * @param atEnd whether the file ends with the text
 */
export function whyUnclosed(mark: Mark, text: string, searched: number, atEnd: boolean): string | null {
  if (holdsNext(mark, text, searched)) return `${mark.what} is not closed before the next part begins.`;
  if (text.length > ROW_MAX_CHARACTERS)
    return `${mark.what} is longer than 1,000,000 characters; is it never closed? What it holds is read.`;
  return atEnd ? `${mark.what} is never closed. What follows its beginning is read.` : null;
}

/** Whether a text that begins with a mark holds the beginning of the next such part. */
export function holdsNext({ begin, again }: Mark, text: string, searched = 0): boolean {
  again.lastIndex = Math.max(begin.length, searched - LONGEST);
  return again.test(text);
}
