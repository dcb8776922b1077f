import type { FormatOptions } from '../format.ts';
import { BLANKS, QUOTE, RowScanner, type Dialect } from './row-scanner.ts';
import { rowsBefore } from './table-header.ts';

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const BLANK = 32;
const TAB = 9;
/** Where no delimiter is given, a quote after any of these opens a cell. */
const DELIMITERS = ',;\t|^';

/** How a table is cut: the options that matter to it. */
type CutOptions = Pick<FormatOptions, 'delimiter' | 'comment' | 'header' | 'skipLines' | 'units'>;

/** Where the last whole row ends; 0 where none does. A line end inside quotes does not end a row. */
export function rowsEnd(bytes: Buffer, { delimiter, comment }: CutOptions): number {
  for (const [start, end] of unquoted(bytes, delimiter, comment).reverse()) {
    for (let at = end - 1; at >= start; at--) {
      const half = bytes[at] === CARRIAGE_RETURN && (at + 1 === bytes.length || bytes[at + 1] === LINE_FEED);
      if (bytes[at] === LINE_FEED || (bytes[at] === CARRIAGE_RETURN && !half)) return at + 1;
    }
  }
  return 0;
}

/** Where the first row of data begins: after titles, comments, the header, and a row of units. */
export function rowsStart(bytes: Buffer, options: CutOptions): number {
  // One character for each byte, so that places in the text are places in the file.
  const latin1 = (text: string) => Buffer.from(text).toString('latin1');
  const dialect: Dialect = {
    delimiter: latin1(options.delimiter ?? ','),
    comment: options.comment && latin1(options.comment),
  };
  const scanner = new RowScanner(bytes.toString('latin1'), dialect, false);
  for (const { pass } of rowsBefore(options)) {
    let passed = pass(scanner);
    // A line that can't be read is not the header.
    while (passed !== null && typeof passed !== 'string' && passed.problem !== undefined)
      passed = pass(scanner);
    if (passed === null) return 0;
  }
  return scanner.at;
}

/** The ranges `from` to before `to` in which no quote is open, in order, by the rules of `RowScanner`. */
function unquoted(bytes: Buffer, delimiter = DELIMITERS, comment = ''): [from: number, to: number][] {
  const ranges: [from: number, to: number][] = [];
  const ends = new Set([...Buffer.from(delimiter), LINE_FEED, CARRIAGE_RETURN]);
  if (delimiter === BLANKS) ends.add(TAB);
  let from = 0;
  for (let search = 0, open; (open = bytes.indexOf(QUOTE, search)) !== -1;) {
    search = open + 1;
    let before = open - 1;
    while (before >= from && bytes[before] === BLANK) before--;
    if (before >= from && !ends.has(bytes[before]!) && !(delimiter === BLANKS && before < open - 1)) continue;
    if (comment !== '' && inComment(bytes, open, from, comment)) {
      search = lineEnd(bytes, open);
      continue;
    }
    const close = closingQuote(bytes, open);
    let after = close + 1;
    while (close !== -1 && bytes[after] === BLANK) after++;
    const apart = delimiter === BLANKS && after > close + 1;
    if (close !== -1 && after < bytes.length && !apart && !ends.has(bytes[after]!)) {
      // A quote that is closed in the middle of a cell opens nothing: its line is refused.
      search = lineEnd(bytes, open);
      continue;
    }
    ranges.push([from, open]);
    from = search = close === -1 ? bytes.length : close + 1;
  }
  ranges.push([from, bytes.length]);
  return ranges;
}

function closingQuote(bytes: Buffer, open: number): number {
  let close = bytes.indexOf(QUOTE, open + 1);
  while (close !== -1 && bytes[close + 1] === QUOTE) close = bytes.indexOf(QUOTE, close + 2);
  return close;
}

/** Whether the line of `at` is a comment. It began outside of quotes, unless it began before `from`. */
function inComment(bytes: Buffer, at: number, from: number, comment: string): boolean {
  let line = at;
  while (line > 0 && bytes[line - 1] !== LINE_FEED && bytes[line - 1] !== CARRIAGE_RETURN) line--;
  return line >= from && bytes.subarray(line, line + Buffer.byteLength(comment)).equals(Buffer.from(comment));
}

function lineEnd(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== LINE_FEED && bytes[at] !== CARRIAGE_RETURN) at++;
  return at;
}
