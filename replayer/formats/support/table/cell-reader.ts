import type { Data } from '../../../../core/wire/event.ts';
import { numberIn } from '../cells.ts';
import { meansNone } from '../none.ts';
import { numberText, type DecimalSign } from './numbers.ts';
import { trimmed } from './row-scanner.ts';

/** Text that JSON writes between quotes without escaping. */
const PLAIN = /^[ !#-[\]-~]*$/;
/** No value, as databases export it. It is absent in columns of text as well, because nobody writes it as a text. */
const DATABASE_NONE = '\\N';

/** A row's values, and the same as JSON text: numbers digit for digit. */
export interface CellValues {
  values: Data;
  json: string;
  /** The subject's cell as it stands, where it is a number in `values`. */
  subjectText?: string;
  /** How many cells hold a word that means none. */
  absent?: number;
}

/** How a table's cells are read. */
export interface CellOptions {
  /** The places of columns whose cells are text throughout. */
  text?: readonly number[];
  decimal?: DecimalSign | undefined;
  /** The place of the subject's column. */
  subject?: number;
}

/**
 * Turns the cells of a table's rows into data. A cell of a text column is text. Any other cell is a number if it holds
 * one, absent if it holds a word that means none, and text else. Empty cells are absent.
 */
export class CellReader {
  readonly names: readonly string[];
  /** For each column, the text that begins its member in a JSON object: comma, name and colon. */
  readonly #members: string[];
  /** An object with all members. Copying it is cheaper than adding the members one by one. */
  readonly #template: Data;
  readonly #isText: boolean[];
  readonly #decimal: DecimalSign;
  readonly #subject: number;

  constructor(names: readonly string[], { text = [], decimal = '.', subject = -1 }: CellOptions = {}) {
    this.names = names;
    this.#members = names.map((name) => `,${JSON.stringify(name)}:`);
    this.#template = Object.fromEntries(names.map((name) => [name, null]));
    this.#isText = names.map((_, i) => text.includes(i));
    this.#decimal = decimal;
    this.#subject = subject;
  }

  /** Reads a row. `quoted`: the places of its quoted cells, where any is; the row is then trimmed. */
  read(cells: readonly string[], quoted: readonly number[] | null = null): CellValues {
    const { names } = this;
    const full = cells.length >= names.length && !cells.includes('');
    const values: Data = full ? { ...this.#template } : {};
    let json = '';
    let absent = 0;
    let subjectText: string | undefined;
    for (let i = 0; i < names.length; i++) {
      const written = cells[i];
      if (written === undefined || written === '') continue;
      const name = names[i]!;
      let cell = written;
      if (!this.#isText[i]) {
        // Most cells of such a column are numbers as JSON writes them, for which nothing else needs to be asked.
        let number = this.#decimal === '.' ? numberIn(cell) : NaN;
        let text: string | null = cell;
        if (Number.isNaN(number)) {
          if (!quoted) cell = trimmed(cell);
          text = numberText(cell, this.#decimal);
          number = text === null ? NaN : Number(text);
        }
        if (text !== null) {
          values[name] = number;
          json += this.#members[i]! + text;
          if (i === this.#subject) subjectText = cell;
          continue;
        }
      } else if (!quoted) cell = trimmed(cell);
      if (this.#isNone(cell, i, quoted)) {
        if (cell !== '') absent++;
        if (full) delete values[name];
        continue;
      }
      values[name] = cell;
      json += this.#members[i]! + (PLAIN.test(cell) ? `"${cell}"` : JSON.stringify(cell));
    }
    const read: CellValues = { values, json: `{${json.slice(1)}}` };
    if (absent > 0) read.absent = absent;
    if (subjectText !== undefined) read.subjectText = subjectText;
    return read;
  }

  #isNone(cell: string, column: number, quoted: readonly number[] | null): boolean {
    if (cell === '') return true;
    if (!this.#isText[column]) return meansNone(cell);
    return cell === DATABASE_NONE && !quoted?.includes(column);
  }
}
