const QUOTE = '"';
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const DELIMITERS = ',;\t|';

/** A string or a Buffer. Both work alike here, because delimiters, quotes and line ends are ASCII. */
interface TextOrBytes {
  length: number;
  indexOf(text: string, from?: number): number;
  lastIndexOf(text: string, from?: number): number;
}

/** A range of a table, `from` to before `to`, in which no quote is open. A quote inside a comment does not count. */
type UnquotedRange = [from: number, to: number];

/** Where the last whole row ends; 0 where none does. A line end inside quotes does not end a row. */
export function rowsEnd(bytes: Buffer, delimiter = DELIMITERS, comment = ''): number {
  for (const [start, end] of unquoted(bytes, (at) => bytes[at]!, delimiter, comment).reverse()) {
    for (let at = end - 1; at >= start; at--) {
      const half = bytes[at] === CARRIAGE_RETURN && (at + 1 === bytes.length || bytes[at + 1] === LINE_FEED);
      if (bytes[at] === LINE_FEED || (bytes[at] === CARRIAGE_RETURN && !half)) return at + 1;
    }
  }
  return 0;
}

/** Where the first row ends, after comments and blank lines; 0 when it does not end. */
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

/** The text with its comment lines made blank, so that lines still count. It must begin at the start of a row. */
export function withoutComments(text: string, delimiter: string, comment: string, last = true): string {
  if (!text.startsWith(comment) && !text.includes(`\n${comment}`)) return text;
  let kept = '';
  let from = 0;
  for (const [start, end] of unquoted(text, (at) => text.charCodeAt(at), delimiter, comment)) {
    for (let at = start; at < end; at = lineAfter(text, at)) {
      const isLine = at === 0 || text.charCodeAt(at - 1) === LINE_FEED;
      if (!isLine || !text.startsWith(comment, at)) continue;
      // A comment that may go on in the next piece stays until that has come.
      if (!last && lineEnd(text, at) === text.length) continue;
      kept += text.slice(from, at);
      from = Math.min(lineEnd(text, at), text.length);
    }
  }
  return kept + text.slice(from);
}

/** The ranges in which no quote is open, in order. A quote opens only at the beginning of a field. */
function unquoted(
  text: TextOrBytes,
  codeAt: (at: number) => number,
  delimiter: string,
  comment: string,
): UnquotedRange[] {
  const ranges: UnquotedRange[] = [];
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
    ranges.push([from, open]);
    let close = text.indexOf(QUOTE, search);
    while (close !== -1 && close + 1 < text.length && codeAt(close + 1) === 34)
      close = text.indexOf(QUOTE, close + 2);
    from = search = close === -1 ? text.length : close + 1;
  }
  ranges.push([from, text.length]);
  return ranges;
}

function begins(codeAt: (at: number) => number, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (codeAt(at + i) !== word.charCodeAt(i)) return false;
  return true;
}

function lineEnd(text: TextOrBytes, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

const lineAfter = (text: TextOrBytes, at: number) => lineEnd(text, at) + 1;
