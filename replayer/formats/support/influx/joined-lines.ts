import { badRow, ROW_MAX_CHARACTERS, type Row } from '../format.ts';
import type { TextLine } from '../lines.ts';

/** Lines that a text between quotes may go over. */
const LINES_MAX = 200;

/** How the rows of a format are read. Only `read` changes the state of its reader. */
interface RowReader {
  /** Whether a text ends between quotes, so that the row goes on in the next line. */
  isOpen(text: string): boolean;
  /** Whether a text is a valid row by itself. */
  isRow(text: string): boolean;
  /** The row of a text; null where it holds none. */
  read(line: number, text: string): Row | null;
}

/**
 * Joins the lines of a row whose text goes over several. Where a quote is never closed, it swallows no other row: a line
 * that is a row by itself ends the open one, which is then bad, and its further lines are read one by one.
 */
export class JoinedLines {
  readonly #reader: RowReader;
  /** The lines of the open row. */
  #open: { line: number; text: string }[] = [];
  #length = 0;

  constructor(reader: RowReader) {
    this.#reader = reader;
  }

  /** Takes a line. @returns the rows that are complete now */
  push({ line, text, tooLong }: TextLine): Row[] {
    if (tooLong) return [...this.end(), badRow(line, 'The line is longer than 1,000,000 characters.', text)];
    if (this.#open.length === 0) return this.#begin(line, text);
    if (this.#reader.isRow(text)) return [...this.end(), ...this.#begin(line, text)];
    this.#open.push({ line, text });
    this.#length += text.length + 1;
    if (this.#open.length > LINES_MAX || this.#length > ROW_MAX_CHARACTERS) return this.end();
    // Only a quote can close the row.
    if (!text.includes('"')) return [];
    const joined = this.#open.map((each) => each.text).join('\n');
    if (this.#reader.isOpen(joined)) return [];
    if (!this.#reader.isRow(joined)) return this.end();
    const row = this.#reader.read(this.#open[0]!.line, joined);
    this.#clear();
    return row ? [row] : [];
  }

  /** Gives up the open row: its first line is bad, and the others are read by themselves. */
  end(): Row[] {
    const rows: Row[] = [];
    let rest = this.#open;
    while (rest.length > 0) {
      const [{ line, text }, ...others] = rest as [TextLine, ...TextLine[]];
      this.#clear();
      rows.push(badRow(line, 'A quote is never closed.', text));
      rest = [];
      for (const [i, other] of others.entries()) {
        rows.push(...this.#begin(other.line, other.text));
        if (this.#open.length === 0) continue;
        rest = others.slice(i);
        break;
      }
    }
    this.#clear();
    return rows;
  }

  #begin(line: number, text: string): Row[] {
    if (this.#reader.isOpen(text)) {
      this.#open = [{ line, text }];
      this.#length = text.length;
      return [];
    }
    const row = this.#reader.read(line, text);
    return row ? [row] : [];
  }

  #clear(): void {
    this.#open = [];
    this.#length = 0;
  }
}
