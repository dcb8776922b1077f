const QUOTE = '"';
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const DELIMITERS = ',;\t|';

/** Text, or the same as bytes: all marks that count here are ASCII. */
interface Marks {
  length: number;
  indexOf(text: string, from?: number): number;
  lastIndexOf(text: string, from?: number): number;
}

/** A stretch of a table in which no quote is open; in a comment none opens. */
type UnquotedRange = [from: number, to: number];

/** Where the last row ends that is whole: a line end within quotes ends none. */
export function rowsEnd(bytes: Buffer, delimiter = DELIMITERS, comment = ''): number {
  for (const [start, end] of unquoted(bytes, (at) => bytes[at]!, delimiter, comment).reverse()) {
    for (let at = end - 1; at >= start; at--) {
      const half = bytes[at] === CARRIAGE_RETURN && (at + 1 === bytes.length || bytes[at + 1] === LINE_FEED);
      if (bytes[at] === LINE_FEED || (bytes[at] === CARRIAGE_RETURN && !half)) return at + 1;
    }
  }
  return 0;
}

/** Where the first row ends, comments and blank lines before it left aside; 0 when it does not. */
export function rowsStart(bytes: Buffer, delimiter?: string, comment = ''): number {
  let from = 0;
  for (let at = bytes.indexOf('\n'); at !== -1; at = bytes.indexOf('\n', at + 1)) {
    const row = bytes.subarray(from, at + 1);
    if (rowsEnd(row, delimiter, comment) === 0) continue;
    const text = row.toString().trim();
    if (text !== '' && !(comment && text.startsWith(comment))) return at + 1;
    from = at + 1;
  }
  return 0;
}

/** The text, which begins with a row, with each line blank that is a comment: so lines can still be counted. */
export function withoutComments(text: string, delimiter: string, comment: string, last = true): string {
  if (!text.startsWith(comment) && !text.includes(`\n${comment}`)) return text;
  let kept = '';
  let from = 0;
  for (const [start, end] of unquoted(text, (at) => text.charCodeAt(at), delimiter, comment)) {
    for (let at = start; at < end; at = lineAfter(text, at)) {
      const isLine = at === 0 || text.charCodeAt(at - 1) === LINE_FEED;
      if (!isLine || !text.startsWith(comment, at)) continue;
      // A comment that goes on in the next piece stays what it is.
      if (!last && lineEnd(text, at) === text.length) continue;
      kept += text.slice(from, at);
      from = Math.min(lineEnd(text, at), text.length);
    }
  }
  return kept + text.slice(from);
}

/** The stretches in which no quote is open, in order. A quote opens one at the beginning of a field only. */
function unquoted(
  text: Marks,
  codeAt: (at: number) => number,
  delimiter: string,
  comment: string,
): UnquotedRange[] {
  const stretches: UnquotedRange[] = [];
  const opens = new Set([...`${delimiter}\n\r`].map((character) => character.charCodeAt(0)));
  let from = 0;
  for (let search = 0, open; (open = text.indexOf(QUOTE, search)) !== -1;) {
    const line = comment === '' || open === 0 ? open : text.lastIndexOf('\n', open - 1) + 1;
    if (comment !== '' && line >= from && begins(codeAt, line, comment)) {
      search = lineEnd(text, open);
      continue;
    }
    search = open + 1;
    if (open > 0 && !opens.has(codeAt(open - 1))) continue;
    stretches.push([from, open]);
    let close = text.indexOf(QUOTE, search);
    while (close !== -1 && close + 1 < text.length && codeAt(close + 1) === 34)
      close = text.indexOf(QUOTE, close + 2);
    from = search = close === -1 ? text.length : close + 1;
  }
  stretches.push([from, text.length]);
  return stretches;
}

function begins(codeAt: (at: number) => number, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (codeAt(at + i) !== word.charCodeAt(i)) return false;
  return true;
}

function lineEnd(text: Marks, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

const lineAfter = (text: Marks, at: number) => lineEnd(text, at) + 1;
