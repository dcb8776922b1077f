import type { Data } from '../../../core/wire/event.ts';

/** The numbers that JSON can hold as they are written; ids such as 007, and integers no double can hold, are text. */
const NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/;
/** What JSON writes in quotes as it is. */
const PLAIN = /^[ !#-[\]-~]*$/;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
/** Up to so many digits a double holds exactly, and so does it these powers of ten: their quotient is rounded once. */
const EXACT_DIGITS = 15;
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => 10 ** exponent);

/** The columns of a table of text, which turns its rows into data. */
export class CellReader {
  readonly names: string[];
  /** Each column's name as it begins a member of a JSON object; the first without the comma. */
  readonly #members: string[];
  /** An object with all members: to copy one is cheaper than to add them one by one. */
  readonly #template: Data;

  constructor(names: string[]) {
    this.names = names;
    this.#members = names.map((name) => `,${JSON.stringify(name)}:`);
    this.#template = Object.fromEntries(names.map((name) => [name, null]));
  }

  /** A row's values, and the same as JSON text: a JSON number digit for digit, an empty cell left out, else text. */
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

/** The number that a cell holds; NaN where it is not one as JSON writes it. In one pass over what most cells are. */
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
    if (cell.charCodeAt(at++) !== POINT) return slowly(cell);
    for (let digit; at < length && (digit = cell.charCodeAt(at) - ZERO) >= 0 && digit <= 9; at++) {
      digits = digits * 10 + digit;
    }
    if (at < length || at === point + 1 || at - 1 - sign > EXACT_DIGITS) return slowly(cell);
    digits /= POWERS[at - point - 1]!;
  }
  return sign ? -digits : digits;
}

function slowly(cell: string): number {
  return NUMBER.test(cell) ? Number(cell) : NaN;
}

/** A cell as JSON text: a JSON number digit for digit, else text. */
export function jsonOfCell(cell: string): string {
  return Number.isNaN(numberIn(cell)) ? JSON.stringify(cell) : cell;
}
