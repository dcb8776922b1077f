/** Finds words by UAX #29; word boundaries hardly differ between languages. */
const segmenter = new Intl.Segmenter('en', { granularity: 'word' });

/** Characters that are segmented at once. The time for a piece grows with the square of its length. */
const PIECE_MAX = 4_096;

/** There is always a word boundary between a space or a full stop of East Asian scripts and a letter or digit. */
const BEFORE_CUT = /[\s。、！？，；：「」『』（）]/;
const AFTER_CUT = /[\p{L}\p{N}]/u;

/**
 * The words of a text. It is segmented in pieces that end at places where a word ends in any case, so the result is that of
 * the whole text, in time linear in its length. Only where 4,096 characters have no such place, a word may be cut.
 */
export function* words(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    const to = pieceEnd(text, from);
    for (const { segment, isWordLike } of segmenter.segment(text.slice(from, to)))
      if (isWordLike) yield segment;
    from = to;
  }
}

function pieceEnd(text: string, from: number): number {
  const end = from + PIECE_MAX;
  if (end >= text.length) return text.length;
  for (let at = end; at > from; at--)
    if (BEFORE_CUT.test(text[at - 1]!) && AFTER_CUT.test(String.fromCodePoint(text.codePointAt(at)!)))
      return at;
  return isWithinCharacter(text, end) ? end - 1 : end;
}

/** Whether a place is between the halves of one character. */
export function isWithinCharacter(text: string, at: number): boolean {
  return (text.codePointAt(at - 1) ?? 0) > 0xffff;
}
