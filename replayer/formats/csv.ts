import Papa from 'papaparse';
import { delimiterOf, firstRowOf, layoutOf, newlineOf } from './support/table-layout.ts';
import { rowsEnd, rowsStart, withoutComments } from './support/table-rows.ts';
import { CellReader } from './support/cells.ts';
import { OwnCellReader, ownLayout } from './support/own-table.ts';
import { badRow, ROW_MAX_CHARACTERS, type Format, type FormatOptions, type Row } from './support/format.ts';

/** Bound on recoveries from an open quote: each one parses the rest of the text again. */
const RESCUES_MAX = 200;

/**
 * Values separated by commas, semicolons, tabs or bars (RFC 4180; quoted fields may hold line ends), with or without a
 * header row. A cell that JSON would write as a number is a number and keeps its digits. Empty cells are left out. All
 * other cells are text.
 */
export default {
  name: 'csv',
  endings: ['.csv', '.tsv', '.tab', '.psv', '.txt'],
  looksLike: (head) => delimiterOf(head.split('\n', 1)[0]!) !== null,
  layout: (head, options) => ownLayout(head) ?? layoutOf(head, options),
  async *rows(input, options) {
    const reader = new CsvReader(options);
    for await (const piece of input.text()) {
      const rows = reader.push(piece, false);
      if (rows.length > 0) yield rows;
    }
    const rows = reader.push('', true);
    if (rows.length > 0) yield rows;
  },
  cut: {
    rowsEnd: (bytes, { delimiter, comment }) => rowsEnd(bytes, delimiter, comment),
    rowsStart: (bytes, { header, delimiter, comment }) =>
      header === false ? 0 : rowsStart(bytes, delimiter, comment),
  },
} satisfies Format;

/** Feeds pieces of text to Papa Parse. It keeps the unfinished row for the next piece, and counts lines. */
class CsvReader {
  readonly #options: FormatOptions;
  #rest = '';
  #line = 1;
  /** True inside a row that was refused for its length: its rest, up to the end of the line, is skipped. */
  #skipping = false;
  #rescues = 0;
  #cells: CellReader | OwnCellReader | null = null;
  /** null until the first row is complete. */
  #delimiter: string | null = null;
  #newline: '\n' | '\r\n' | '\r' = '\n';

  constructor(options: FormatOptions) {
    this.#options = options;
  }

  push(piece: string, last: boolean): Row[] {
    let text = this.#rest + piece;
    const rows: Row[] = [];
    if (this.#skipping) text = this.#skipLine(text);
    if (this.#delimiter === null) {
      const first = firstRowOf(text, this.#options.comment, last);
      if (first === null) {
        this.#rest = text;
        if (text.length > ROW_MAX_CHARACTERS) rows.push(this.#refuseLine(text));
        return rows;
      }
      this.#newline = newlineOf(text);
      this.#delimiter = this.#options.delimiter ?? delimiterOf(first) ?? ',';
    }
    this.#parse(text, last, rows);
    return rows;
  }

  #parse(given: string, last: boolean, rows: Row[]): void {
    const { comment } = this.#options;
    const text = comment ? withoutComments(given, this.#delimiter!, comment, last) : given;
    const parser = new Papa.Parser({ delimiter: this.#delimiter!, newline: this.#newline });
    const { data, errors, meta } = parser.parse(text, 0, !last) as Papa.ParseResult<string[]>;
    const open =
      this.#rescues < RESCUES_MAX ? errors.find((error) => isOpenQuote(error, data, last)) : undefined;
    const quoted = text.includes('"');
    const broken = new Map(errors.map((error) => [error.row, error.message]));
    const whole = open ? data.slice(0, open.row) : data;
    whole.forEach((cells, i) => this.#take(cells, quoted, broken.get(i), rows));
    this.#rest = last ? '' : text.slice(meta.cursor);
    if (open) {
      // The open quote swallowed whole lines. Refuse only the line that opens it, and parse the others again.
      rows.push(this.#refuseLine(text.slice(text.lastIndexOf('\n', open.index! - 1) + 1)));
      this.#rescues++;
      this.#parse(this.#rest, last, rows);
    } else if (this.#rest.length > ROW_MAX_CHARACTERS) rows.push(this.#refuseLine(this.#rest));
  }

  #take(cells: string[], quoted: boolean, problem: string | undefined, rows: Row[]): void {
    const line = this.#line++;
    if (quoted) for (const cell of cells) if (cell.includes('\n')) this.#line += cell.split('\n').length - 1;
    if (cells.length === 1 && cells[0]!.trim() === '') return;
    if (!this.#cells) {
      const { header = true, columns, rename } = this.#options;
      const names = (columns ?? (header ? cells : [])).map((name) => name.trim());
      // Without given names, the first row decides how many cells a row must have.
      while (!columns && names.length < cells.length) names.push('');
      this.#cells =
        (header && !columns && OwnCellReader.of(cells, rename)) ||
        new CellReader(
          names.map((name, i) => name || `column_${i + 1}`).map((name) => rename.get(name) ?? name),
        );
      if (header) return;
    }
    const { length } = this.#cells.names;
    if (cells.length !== length) problem ??= `${cells.length} cells where ${this.#named()} ${length}.`;
    try {
      if (problem === undefined) rows.push({ line, ...this.#cells.read(cells) });
    } catch (error) {
      problem = `A cell is not what its column holds: ${(error as Error).message}`;
    }
    if (problem !== undefined) rows.push(badRow(line, problem, cells.join(this.#delimiter!)));
  }

  #named(): string {
    const { header = true, columns } = this.#options;
    return columns ? 'the given columns are' : header ? 'the header has' : 'the first row has';
  }

  /** Refuses the first line of a row that does not end, for instance after a quote that is never closed. */
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
