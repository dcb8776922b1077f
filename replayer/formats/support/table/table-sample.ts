import { RowScanner, type Dialect, type ScannedRow } from './row-scanner.ts';

/** How much of the beginning is looked at, and of each piece of the middle and the end, in characters. */
const HEAD_CHARACTERS = 1 << 16;
const PIECE_CHARACTERS = 1 << 14;

/** The parts of a table by which its dialect and its columns are judged. */
export class TableSample {
  readonly head: string;
  readonly #pieces: readonly string[];
  /** Whether `head` is cut off, so that its last row may not be whole. */
  readonly #isCut: boolean;

  constructor(head: string, pieces: readonly string[] = []) {
    this.head = head.slice(0, HEAD_CHARACTERS);
    this.#isCut = head.length >= HEAD_CHARACTERS;
    this.#pieces = pieces.map((piece) => piece.slice(0, PIECE_CHARACTERS));
  }

  /** Whether a text occurs at all. */
  holds(text: string): boolean {
    return this.head.includes(text);
  }

  /** The lines of the beginning, without their ends. */
  get lines(): string[] {
    return this.head.split(/\r\n|\n|\r/);
  }

  /** The rows of the beginning. */
  headRows(dialect: Dialect): ScannedRow[] {
    return rowsOf(this.head, dialect, !this.#isCut);
  }

  /** The rows of the middle and the end. The first of a piece may have begun before it. */
  laterRows(dialect: Dialect): ScannedRow[] {
    return this.#pieces.flatMap((piece) => rowsOf(piece, dialect, false));
  }
}

function rowsOf(text: string, dialect: Dialect, last: boolean): ScannedRow[] {
  const scanner = new RowScanner(text, dialect, last);
  const rows: ScannedRow[] = [];
  for (let row; (row = scanner.next()) !== null;) rows.push(row);
  return rows;
}
