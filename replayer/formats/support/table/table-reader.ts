import { badRow, ROW_MAX_CHARACTERS, skippedRow, type FormatOptions, type Row } from '../format.ts';
import { OwnCellReader } from './own-table.ts';
import { CellReader } from './cell-reader.ts';
import { delimiterOf } from './delimiter.ts';
import { RowScanner, type Dialect, type ScannedRow } from './row-scanner.ts';
import { columnNames, rowsBefore } from './table-header.ts';

/** Reads a table from pieces of text, which may end anywhere, even between the two halves of a line end. */
export class TableReader {
  readonly #options: FormatOptions;
  readonly #before;
  /** null until the first line is complete, where the delimiter is not given. */
  #dialect: Dialect | null;
  /** The text that belongs to a row whose end has not come yet. */
  #rest = '';
  #line = 1;
  /** True inside a line that was refused for its length: the text up to its end is passed over. */
  #skipping = false;
  #cells: CellReader | OwnCellReader | null = null;
  #header: readonly string[] | null = null;
  /** How many cells a row must have: all that are named. */
  #required = 0;

  constructor(options: FormatOptions) {
    this.#options = options;
    this.#before = rowsBefore(options);
    const { delimiter, comment } = options;
    this.#dialect = delimiter === undefined ? null : { delimiter, comment };
  }

  /** The rows that the next piece completes. `last`: nothing follows. */
  push(piece: string, last: boolean): Row[] {
    this.#rest += piece;
    const rows: Row[] = [];
    for (;;) {
      if (this.#skipping) this.#skipLine(last);
      if (this.#rest !== '') this.#scan(last, rows);
      if (this.#rest.length <= ROW_MAX_CHARACTERS) return rows;
      const end = this.#rest.search(/[\r\n]/);
      const problem = 'The row is longer than 1,000,000 characters; is a quote never closed?';
      rows.push(badRow(this.#line, problem, end === -1 ? this.#rest : this.#rest.slice(0, end)));
      this.#skipping = true;
    }
  }

  #scan(last: boolean, rows: Row[]): void {
    this.#dialect ??= this.#dialectOf(this.#rest, last);
    if (!this.#dialect) return;
    const scanner = new RowScanner(this.#rest, this.#dialect, last, this.#line);
    for (let next = this.#before[0]; next; next = this.#before[0]) {
      const passed = next.pass(scanner);
      if (passed === null) break;
      if (typeof passed !== 'string' && passed.problem !== undefined) {
        rows.push(badRow(passed.line, passed.problem, passed.cells[0]!));
        continue;
      }
      this.#before.shift();
      if (typeof passed !== 'string' && next.kind === 'header') this.#name(passed.cells);
    }
    if (this.#before.length === 0) for (let row; (row = scanner.next()) !== null;) rows.push(this.#read(row));
    this.#rest = last ? '' : this.#rest.slice(scanner.at);
    this.#line = scanner.line;
  }

  /** The dialect by the first line, for callers that give no delimiter; null where the text does not hold all of it. */
  #dialectOf(text: string, last: boolean): Dialect | null {
    const { comment } = this.#options;
    const first = new RowScanner(text, { delimiter: '\n', comment }, last).next();
    return first && { delimiter: delimiterOf(first.cells[0]!) ?? ',', comment };
  }

  #name(header: readonly string[]): void {
    const { columns, rename, text, decimal, subject } = this.#options;
    const names = columns ?? columnNames(header);
    const isNamed = (_: string, i: number) => columns !== undefined || header[i]!.trim() !== '';
    this.#required = names.findLastIndex(isNamed) + 1 || names.length;
    this.#header = header;
    const own = columns || !header.length ? null : OwnCellReader.of([...header], rename);
    this.#cells =
      own ??
      new CellReader(
        names.map((name) => rename.get(name) ?? name),
        {
          text: names.flatMap((name, i) => (text?.includes(name) ? [i] : [])),
          decimal,
          subject: subject === undefined ? -1 : names.indexOf(subject),
        },
      );
  }

  #read({ line, cells, quoted, problem }: ScannedRow): Row {
    if (problem !== undefined) return badRow(line, problem, cells[0]!);
    if (!this.#cells) this.#name(this.#options.columns ?? cells.map(() => ''));
    const { length } = this.#cells!.names;
    if (cells.length !== length) {
      // Delimiters at the end of a line add empty cells, and a header may have more of them than its rows.
      const extra = cells.length > length && cells.slice(length).some((cell) => cell.trim() !== '');
      if (extra || cells.length < this.#required) {
        const { delimiter } = this.#dialect!;
        return badRow(line, `${cells.length} cells where ${this.#named()} ${length}.`, cells.join(delimiter));
      }
    }
    if (cells[0] === '' && cells.every((cell) => cell.trim() === '')) return skippedRow(line, 'an empty row');
    if (this.#isHeader(cells)) return skippedRow(line, 'the header again');
    try {
      return { line, ...this.#cells!.read(cells, quoted) };
    } catch (error) {
      const reason = `A cell is not what its column holds: ${(error as Error).message}`;
      return badRow(line, reason, cells.join(this.#dialect!.delimiter));
    }
  }

  /** Whether a row repeats the header, as in files put together from several. */
  #isHeader(cells: readonly string[]): boolean {
    const header = this.#header;
    return (
      this.#options.header !== false &&
      header !== null &&
      cells[0] === header[0] &&
      cells.length === header.length &&
      cells.every((cell, i) => cell === header[i])
    );
  }

  #named(): string {
    const { header = true, columns } = this.#options;
    return columns ? 'the columns are' : header ? 'the header has' : 'the first row has';
  }

  #skipLine(last: boolean): void {
    const scanner = new RowScanner(this.#rest, { delimiter: ',' }, last, this.#line);
    this.#skipping = scanner.skipLine() === null;
    this.#rest = this.#skipping ? '' : this.#rest.slice(scanner.at);
    this.#line = scanner.line;
  }
}
