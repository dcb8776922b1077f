/** How the cells of a table are told apart. */
export interface Dialect {
  /** One or more characters. A blank stands for any number of blanks and tabs. */
  delimiter: string;
  /** Lines that begin with this text are not rows. */
  comment?: string | undefined;
}

/** One row as it stands in the text. */
export interface ScannedRow {
  /** Line where it begins, from 1. */
  line: number;
  /** Quoted cells are without their quotes. A row with a quoted cell is trimmed; any other keeps its blanks. */
  cells: string[];
  /** The places of the quoted cells; null where no cell of the row is quoted. */
  quoted: number[] | null;
  /** Set where the row can't be read: why. It then holds one cell, the text of its line. */
  problem?: string;
}

export const QUOTE = 34;
const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const BLANK = 32;
/** The sign of a comment before a quoted name. */
const HEADER_SIGN = /(?:#|\/\/|%|--)[ \t]*(?=")/y;
/** The delimiter of tables whose columns stand apart by blanks. */
export const BLANKS = ' ';

/**
 * Reads the rows of a text one by one. A line ends with LF, CRLF or CR, each by its own; inside quotes line ends belong to
 * the cell. A quote opens at the beginning of a cell, is written twice inside, and closes at the end of the cell (RFC
 * 4180). Where that fails, only the line of the opening quote is refused, and the next line begins a row. Blank lines and
 * comments are passed over.
 */
export class RowScanner {
  /** Where the next row begins. */
  at = 0;
  /** The line that begins there. */
  line: number;
  readonly #text: string;
  readonly #dialect: Dialect;
  readonly #last: boolean;
  /** The next of each from `at` on: its place, or the end of the text. */
  #lineFeed = -1;
  #return = -1;
  #quote = -1;
  /** Where the line after the one found last begins. */
  #next = 0;

  /** `last`: nothing follows the text, so that its last line is whole. */
  constructor(text: string, dialect: Dialect, last: boolean, line = 1) {
    this.#text = text;
    this.#dialect = dialect;
    this.#last = last;
    this.line = line;
  }

  /** The next row; null where the text does not hold all of it. `comments`: whether comments are passed over. */
  next(comments = true): ScannedRow | null {
    const comment = comments ? this.#dialect.comment : undefined;
    for (;;) {
      const { at, line } = this;
      const end = this.#lineEnd(at);
      if (end === -1) return null;
      if (comment && this.#text.startsWith(comment, at)) {
        this.#pass(this.#next, 1);
        continue;
      }
      if (this.#quote < at) this.#quote = this.#find('"', at);
      if (this.#quote < end) {
        const row = this.#rowWithQuotes();
        if (row?.cells.length === 1 && row.cells[0] === '' && !row.quoted) continue;
        return row;
      }
      const cells = this.#split(this.#text.slice(at, end));
      this.#pass(this.#next, 1);
      if (cells.length > 1 || cells[0]!.trim() !== '') return { line, cells, quoted: null };
    }
  }

  /** The next row where that is a header which may be written as a comment: then quotes open behind the sign. */
  nextHeader(): ScannedRow | null {
    const { at, line } = this;
    HEADER_SIGN.lastIndex = at;
    this.at += HEADER_SIGN.exec(this.#text)?.[0].length ?? 0;
    const row = this.next(false);
    if (row === null) [this.at, this.line] = [at, line];
    return row;
  }

  /** Passes over a line, whatever it holds, and returns it; null where the text does not hold all of it. */
  skipLine(): string | null {
    const end = this.#lineEnd(this.at);
    if (end === -1) return null;
    const text = this.#text.slice(this.at, end);
    this.#pass(this.#next, 1);
    return text;
  }

  #split(line: string): string[] {
    const { delimiter } = this.#dialect;
    return delimiter === BLANKS ? line.trim().split(/[ \t]+/) : line.split(delimiter);
  }

  /** The row at `at`, cell by cell. */
  #rowWithQuotes(): ScannedRow | null {
    const text = this.#text;
    const cells: string[] = [];
    const quoted: number[] = [];
    let lines = 1;
    let at = this.at;
    for (;;) {
      const begin = this.#afterBlanks(at);
      if (text.charCodeAt(begin) === QUOTE) {
        const close = closingQuote(text, begin);
        const end = close === -1 ? text.length : this.#afterBlanks(close + 1);
        if (end === text.length && !this.#last) return null;
        if (close === -1 || !this.#endsCell(close + 1, end)) return this.#broken(begin, close);
        const cell = text.slice(begin + 1, close);
        lines += lineEndsIn(cell);
        quoted.push(cells.length);
        cells.push(cell.includes('"') ? cell.replaceAll('""', '"') : cell);
        at = close + 1;
      } else {
        at = this.#cellEnd(begin);
        if (at === text.length && !this.#last) return null;
        cells.push(trimmed(text.slice(begin, at)));
      }
      const following = this.#afterDelimiter(at);
      if (following !== -1) at = following;
      else {
        const end = this.#lineEnd(at);
        if (end === -1) return null;
        const { line } = this;
        this.#pass(this.#next, lines);
        return { line, cells, quoted: quoted.length > 0 ? quoted : null };
      }
    }
  }

  /** Refuses the line of an opening quote that does not close at the end of a cell. */
  #broken(open: number, close: number): ScannedRow {
    const { at, line } = this;
    const end = this.#lineEnd(open);
    const problem =
      close !== -1 && close < end ? 'A quote closes before the end of its cell.' : 'A quote is never closed.';
    this.#pass(this.#next, lineEndsIn(this.#text.slice(at, open)) + 1);
    return { line, cells: [this.#text.slice(at, end)], quoted: null, problem };
  }

  /** Where the line of `from` ends, and, in `#next`, where the next begins; -1 where the text does not hold its end. */
  #lineEnd(from: number): number {
    const { length } = this.#text;
    if (from >= length) return this.#last && from > this.at ? (this.#next = length) : -1;
    if (this.#lineFeed < from) this.#lineFeed = this.#find('\n', from);
    if (this.#return < from) this.#return = this.#find('\r', from);
    const end = Math.min(this.#lineFeed, this.#return);
    // A CR at the very end may be the first half of CRLF.
    if (!this.#last && (end === length || (end === length - 1 && end === this.#return))) return -1;
    this.#next = Math.min(length, end + (this.#lineFeed === this.#return + 1 ? 2 : 1));
    return end;
  }

  #find(character: string, from: number): number {
    const at = this.#text.indexOf(character, from);
    return at === -1 ? this.#text.length : at;
  }

  #pass(to: number, lines: number): void {
    this.at = to;
    this.line += lines;
  }

  #afterBlanks(from: number): number {
    const blankTab = this.#dialect.delimiter === BLANKS;
    let at = from;
    for (let code; (code = this.#text.charCodeAt(at)) === BLANK || (blankTab && code === TAB);) at++;
    return at;
  }

  /** Where the next cell begins, if a delimiter follows here, after blanks; -1 where none does. */
  #afterDelimiter(from: number): number {
    const at = this.#afterBlanks(from);
    const { delimiter } = this.#dialect;
    if (delimiter === BLANKS) return at > from && !this.#endsLine(at) ? at : -1;
    return this.#text.startsWith(delimiter, at) ? at + delimiter.length : -1;
  }

  /** Whether a cell whose quote closes before `close` ends with it; `end` is the place after the blanks that follow. */
  #endsCell(close: number, end: number): boolean {
    const { delimiter } = this.#dialect;
    if (this.#endsLine(end)) return true;
    return delimiter === BLANKS ? end > close : this.#text.startsWith(delimiter, end);
  }

  #endsLine(at: number): boolean {
    const code = this.#text.charCodeAt(at);
    return at >= this.#text.length || code === LINE_FEED || code === CARRIAGE_RETURN;
  }

  /** Where a cell without quotes ends: at the next delimiter or line end. */
  #cellEnd(from: number): number {
    const { delimiter } = this.#dialect;
    const first = delimiter.charCodeAt(0);
    const blanks = delimiter === BLANKS;
    for (let at = from; ; at++) {
      const code = this.#text.charCodeAt(at);
      if (this.#endsLine(at) || (blanks && code === TAB)) return at;
      if (code === first && (delimiter.length === 1 || this.#text.startsWith(delimiter, at))) return at;
    }
  }
}

/** The place of the quote that closes the one at `open`; -1 where the text does not hold it. */
function closingQuote(text: string, open: number): number {
  let close = text.indexOf('"', open + 1);
  while (close !== -1 && text.charCodeAt(close + 1) === QUOTE) close = text.indexOf('"', close + 2);
  return close;
}

/** The text without blanks around it. Most cells have none, so that their ends are looked at first. */
export function trimmed(cell: string): string {
  const { length } = cell;
  if (length === 0 || (cell.charCodeAt(0) !== BLANK && cell.charCodeAt(length - 1) !== BLANK)) return cell;
  return cell.replace(/^ +| +$/g, '');
}

/** How many lines end in a text, with LF, CRLF or CR. */
export function lineEndsIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++;
  for (let at = text.indexOf('\r'); at !== -1; at = text.indexOf('\r', at + 1))
    if (text.charCodeAt(at + 1) !== LINE_FEED) count++;
  return count;
}
