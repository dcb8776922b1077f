import Papa from 'papaparse';
import { Columns } from './cells.ts';
import { badRow, ROW_MAX_CHARACTERS, type Format, type Row } from './format.ts';

/** Each costs another look at the rest of the file. */
const RESCUES_MAX = 200;
const DELIMITERS = [',', ';', '\t', '|'];

/**
 * Comma, semicolon, tab or bar separated values with a header (RFC 4180; quoted fields may hold line ends). A cell that
 * is a JSON number is one, digit for digit; an empty cell is left out; anything else is text.
 */
export default {
  name: 'csv',
  endings: ['.csv', '.tsv', '.txt'],
  looksLike: (head) => DELIMITERS.some((delimiter) => head.split('\n', 1)[0]!.includes(delimiter)),
  async *rows(input, { rename }) {
    const reader = new CsvReader(rename);
    for await (const piece of input.text()) {
      const rows = reader.push(piece, false);
      if (rows.length > 0) yield rows;
    }
    const rows = reader.push('', true);
    if (rows.length > 0) yield rows;
  },
  cut: { rowsEnd, header: true },
} satisfies Format;

const QUOTE = 34;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const FIELD_ENDS = [...DELIMITERS, '\n', '\r'].map((character) => character.charCodeAt(0));

/** Where the last row ends that is whole: a line end within quotes ends none. */
function rowsEnd(bytes: Buffer): number {
  /** From where to where no quote is open. */
  const unquoted: [number, number][] = [];
  let from = 0;
  for (let open = bytes.indexOf(QUOTE); open !== -1; open = bytes.indexOf(QUOTE, from)) {
    unquoted.push([from, open]);
    from = open + 1;
    if (open > 0 && !FIELD_ENDS.includes(bytes[open - 1]!)) continue;
    let close = bytes.indexOf(QUOTE, from);
    while (close !== -1 && bytes[close + 1] === QUOTE) close = bytes.indexOf(QUOTE, close + 2);
    from = close === -1 ? bytes.length : close + 1;
  }
  unquoted.push([from, bytes.length]);
  for (const [start, end] of unquoted.reverse()) {
    for (let at = end - 1; at >= start; at--) {
      const half = bytes[at] === CARRIAGE_RETURN && (at + 1 === bytes.length || bytes[at + 1] === LINE_FEED);
      if (bytes[at] === LINE_FEED || (bytes[at] === CARRIAGE_RETURN && !half)) return at + 1;
    }
  }
  return 0;
}

/** Feeds pieces of text to Papa Parse, keeping the unfinished row and counting lines. */
class CsvReader {
  readonly #rename: ReadonlyMap<string, string>;
  #rest = '';
  #line = 1;
  /** Inside a row that was refused for its length: skip to the end of the line. */
  #skipping = false;
  #rescues = 0;
  #columns: Columns | null = null;
  #delimiter = ',';
  #newline: '\n' | '\r\n' | '\r' = '\n';

  constructor(rename: ReadonlyMap<string, string>) {
    this.#rename = rename;
  }

  push(piece: string, last: boolean): Row[] {
    let text = this.#rest + piece;
    const rows: Row[] = [];
    if (this.#skipping) text = this.#skipLine(text);
    if (!this.#columns) {
      const end = text.search(/[\r\n]/);
      // A \r at the very end may be the first half of \r\n: wait for more.
      if (!last && (end === -1 || end >= text.length - 1)) {
        this.#rest = text;
        if (text.length > ROW_MAX_CHARACTERS) rows.push(this.#refuseLine(text));
        return rows;
      }
      this.#learn(text, end);
    }
    this.#parse(text, last, rows);
    return rows;
  }

  #parse(text: string, last: boolean, rows: Row[]): void {
    const parser = new Papa.Parser({ delimiter: this.#delimiter, newline: this.#newline });
    const { data, errors, meta } = parser.parse(text, 0, !last) as Papa.ParseResult<string[]>;
    const open =
      this.#rescues < RESCUES_MAX ? errors.find((error) => isOpenQuote(error, data, last)) : undefined;
    const quoted = text.includes('"');
    const broken = new Map(errors.map((error) => [error.row, error.message]));
    const whole = open ? data.slice(0, open.row) : data;
    whole.forEach((cells, i) => this.#take(cells, quoted, broken.get(i), rows));
    this.#rest = last ? '' : text.slice(meta.cursor);
    if (open) {
      // Whole lines stand inside a quote that was never closed: only the line that opens it is to blame.
      rows.push(this.#refuseLine(text.slice(text.lastIndexOf('\n', open.index! - 1) + 1)));
      this.#rescues++;
      this.#parse(this.#rest, last, rows);
    } else if (this.#rest.length > ROW_MAX_CHARACTERS) rows.push(this.#refuseLine(this.#rest));
  }

  #learn(text: string, end: number): void {
    const header = end === -1 ? text : text.slice(0, end);
    this.#newline = text.startsWith('\r\n', end) ? '\r\n' : end !== -1 && text[end] === '\r' ? '\r' : '\n';
    const counts = DELIMITERS.map((delimiter) => header.split(delimiter).length);
    this.#delimiter = DELIMITERS[counts.indexOf(Math.max(...counts))]!;
  }

  #take(cells: string[], quoted: boolean, problem: string | undefined, rows: Row[]): void {
    const line = this.#line++;
    if (quoted) for (const cell of cells) if (cell.includes('\n')) this.#line += cell.split('\n').length - 1;
    if (cells.length === 1 && cells[0]!.trim() === '') return;
    if (!this.#columns) {
      const names = cells.map((cell, i) => cell.trim() || `column_${i + 1}`);
      this.#columns = new Columns(names.map((name) => this.#rename.get(name) ?? name));
      return;
    }
    const { length } = this.#columns.names;
    if (cells.length !== length) problem ??= `${cells.length} cells where the header has ${length}.`;
    rows.push(
      problem ? badRow(line, problem, cells.join(this.#delimiter)) : { line, ...this.#columns.read(cells) },
    );
  }

  /** Gives up on the first line of an endless row, for instance after a quote that is never closed. */
  #refuseLine(text: string): Row {
    const problem =
      text.length > ROW_MAX_CHARACTERS
        ? 'The row is longer than 1,000,000 characters; is a quote never closed?'
        : 'A quote is never closed.';
    const row = badRow(this.#line, problem, firstLine(text));
    this.#skipping = true;
    this.#rest = this.#skipLine(text);
    return row;
  }

  #skipLine(text: string): string {
    const end = text.indexOf('\n');
    if (end === -1) return '';
    this.#skipping = false;
    this.#line++;
    return text.slice(end + 1);
  }
}

function isOpenQuote({ code, row }: Papa.ParseError, data: string[][], last: boolean): boolean {
  if (code === 'MissingQuotes') return last;
  return code === 'InvalidQuotes' && (data[row!]?.some((cell) => cell.includes('\n')) ?? false);
}

function firstLine(text: string): string {
  const end = text.search(/[\r\n]/);
  return end === -1 ? text : text.slice(0, end);
}
