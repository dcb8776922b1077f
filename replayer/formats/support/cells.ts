import type { Data } from '../../../core/wire/event.ts';

/** Numbers as JSON writes them. Ids such as 007, and integers beyond 15 digits, are text. */
const NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/;
/** Text that JSON writes between quotes without escaping. */
const PLAIN = /^[ !#-[\]-~]*$/;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
/** A double holds integers of up to 15 digits, and these powers of ten, exactly, so their quotient is rounded only once. */
const EXACT_DIGITS = 15;
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => 10 ** exponent);

/** Turns the cells of a table's rows into data. */
export class CellReader {
  readonly names: string[];
  /** For each column, the text that begins its member in a JSON object: comma, name and colon. */
  readonly #members: string[];
  /** An object with all members. Copying it is cheaper than adding the members one by one. */
  readonly #template: Data;

  constructor(names: string[]) {
    this.names = names;
    this.#members = names.map((name) => `,${JSON.stringify(name)}:`);
    this.#template = Object.fromEntries(names.map((name) => [name, null]));
  }

  /** A row's values, and the same as JSON text: numbers digit for digit, empty cells left out, other cells as text. */
  read(cells: string[]): { values: Data; json: string } {
    const values: Data = cells.includes('') ? {} : { ...this.#template };
    const { names } = this;
    let json = '';
    for (let i = 0; i < names.length; i++) {
      const cell = cells[i]!;
      if (cell === '') continue;
      const number = numberIn(cell);
      values[names[i]!] = Number.isNaN(number) ? cell : number;
      const text = Number.isNaN(number) ? (PLAIN.test(cell) ? `"${cell}"` : JSON.stringify(cell)) : cell;
      json += this.#members[i]! + text;
    }
    return { values, json: `{${json.slice(1)}}` };
  }
}

/** The number that a cell holds; NaN unless JSON would write it that way. Most cells need one pass and no regex. */
export function numberIn(cell: string): number {
  const { length } = cell;
  const sign = cell.charCodeAt(0) === MINUS ? 1 : 0;
  let at = sign;
  let digits = 0;
  for (let digit; at < length && (digit = cell.charCodeAt(at) - ZERO) >= 0 && digit <= 9; at++) {
    digits = digits * 10 + digit;
  }
  const point = at;
  const leadingZero = digits === 0 ? point > sign + 1 : cell.charCodeAt(sign) === ZERO;
  if (point === sign || leadingZero || point - sign > EXACT_DIGITS) return NaN;
  if (at < length) {
    if (cell.charCodeAt(at++) !== POINT) return numberByPattern(cell);
    for (let digit; at < length && (digit = cell.charCodeAt(at) - ZERO) >= 0 && digit <= 9; at++) {
      digits = digits * 10 + digit;
    }
    if (at < length || at === point + 1 || at - 1 - sign > EXACT_DIGITS) return numberByPattern(cell);
    digits /= POWERS[at - point - 1]!;
  }
  return sign ? -digits : digits;
}

function numberByPattern(cell: string): number {
  return NUMBER.test(cell) ? Number(cell) : NaN;
}

/** A cell as JSON text: a number digit for digit, anything else as a string. */
export function jsonOfCell(cell: string): string {
  return Number.isNaN(numberIn(cell)) ? JSON.stringify(cell) : cell;
}
