/** Numbers as JSON writes them. Ids such as 007, and integers beyond 15 digits, are text. */
const NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
/** A double holds integers of up to 15 digits, and these powers of ten, exactly, so their quotient is rounded only once. */
const EXACT_DIGITS = 15;
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => 10 ** exponent);

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
