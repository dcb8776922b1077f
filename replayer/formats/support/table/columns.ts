import { certain, guess, likely, type Decision } from '../decision.ts';
import { meansNone } from '../none.ts';
import { numberText, type DecimalSign } from './numbers.ts';
import { trimmed, type ScannedRow } from './row-scanner.ts';

/** The cells of one column in the sample, without empty ones and words that mean none. */
export interface Column {
  name: string;
  cells: readonly string[];
  /** Whether all of these cells that need no quotes are quoted. */
  isQuoted: boolean;
  /** Whether some of these cells are not quoted. */
  isBare: boolean;
}

const COMMA_NUMBER = /^[+-]?(?:\d{1,3}(?:[. \u00a0\u202f'’]\d{3})+|\d+),\d+$/;
/** A comma before three digits may group thousands: `48,137`. */
const COMMA_GROUP = /^[+-]?[1-9]\d{0,2}(?:,\d{3})+$/;
const POINT_GROUP = /^[+-]?[1-9]\d{0,2}(?:\.\d{3})+$/;
/** An exponent as programs do not write it: without a point in front or a sign behind. Hexadecimal ids look like this. */
const BARE_EXPONENT = /^\d+[eE]\d+$/;
const SCIENTIFIC = /[.,]|[eE][+-]/;
const NAMED_MAX = 3;

/** The columns of the sample's rows. */
export function columnsOf(
  names: readonly string[],
  rows: readonly ScannedRow[],
  delimiter: string,
): Column[] {
  return names.map((name, i) => {
    const cells: string[] = [];
    let isQuoted = false;
    let isBare = false;
    for (const row of rows) {
      const cell = trimmed(row.cells[i] ?? '');
      if (cell === '' || meansNone(cell)) continue;
      cells.push(cell);
      if (!row.quoted?.includes(i)) isBare = true;
      else if (!cell.includes(delimiter)) isQuoted = true;
    }
    return { name, cells, isQuoted: isQuoted && !isBare, isBare };
  });
}

/** The decimal sign of the numbers; undefined where no column has decimals. */
export function decimalOf(columns: readonly Column[]): Decision<DecimalSign> | undefined {
  const withSign = (sign: DecimalSign) =>
    columns.filter(
      ({ cells }) =>
        cells.some((cell) => cell.includes(sign)) && cells.every((cell) => numberText(cell, sign) !== null),
    );
  const commas = withSign(',').filter(({ cells }) => cells.some((cell) => COMMA_NUMBER.test(cell)));
  if (commas.length === 0) return undefined;
  const points = withSign('.');
  const [{ name, cells }] = commas as [Column, ...Column[]];
  const because = `"${name}" holds ${cells.find((cell) => COMMA_NUMBER.test(cell))!}`;
  const point = points[0] && {
    value: '.' as const,
    because: `"${points[0].name}" holds ${points[0].cells.find((cell) => cell.includes('.'))!}`,
  };
  if (point && points.length >= commas.length) return guess(...swapped(point, because));
  // Where every comma stands before three digits, it could group thousands.
  if (commas.every((column) => column.cells.every((cell) => !cell.includes(',') || COMMA_GROUP.test(cell))))
    return guess(',', because, point ?? { value: '.', because: 'each comma could group thousands' });
  return point ? likely(',', because, point) : certain(',', because);
}

function swapped(
  point: { value: '.'; because: string },
  comma: string,
): [DecimalSign, string, { value: DecimalSign; because: string }] {
  return ['.', point.because, { value: ',', because: comma }];
}

/** The columns that are text throughout, because their cells are not all numbers, or are identifiers. */
export function textColumns(
  columns: readonly Column[],
  decimal: DecimalSign,
): Decision<readonly string[]> | undefined {
  const isNumbers = ({ cells }: Column) => cells.every((cell) => numberText(cell, decimal) !== null);
  const unquoted = columns.some((column) => column.isBare && isNumbers(column));
  const found = columns.flatMap((column) => {
    const reason = isNumbers(column)
      ? identifiers(column, decimal, unquoted)
      : `not only numbers${mixture(column, decimal)}`;
    return reason === undefined ? [] : [{ name: column.name, reason, plain: reason === 'not only numbers' }];
  });
  if (found.length === 0) return undefined;
  const told = found.filter(({ plain }) => !plain);
  const names = found.map(({ name }) => name);
  if (told.length === 0) return certain(names, 'their cells are not numbers');
  const more = told.length > NAMED_MAX ? `; and ${told.length - NAMED_MAX} more` : '';
  return likely(
    names,
    told
      .slice(0, NAMED_MAX)
      .map(({ name, reason }) => `"${name}" holds ${reason}`)
      .join('; ') + more,
  );
}

/** The example that shows why a column is text though some of its cells are numbers. */
function mixture({ cells }: Column, decimal: DecimalSign): string {
  const number = cells.find((cell) => numberText(cell, decimal) !== null);
  const other = cells.find((cell) => numberText(cell, decimal) === null)!;
  if (number === undefined) return /^[\d.,eE+-]+$/.test(other) ? `: ${short(other)}` : '';
  return `: ${short(other)} beside ${short(number)}`;
}

/** Why a column of numbers holds identifiers; undefined where it does not. */
function identifiers(
  { cells, isQuoted }: Column,
  decimal: DecimalSign,
  unquoted: boolean,
): string | undefined {
  const bare = cells.filter((cell) => BARE_EXPONENT.test(cell));
  const mixed = bare.length < cells.length || bare.some((cell) => /^\d{2,}[eE]/.test(cell));
  if (bare.length > 0 && mixed && !cells.some((cell) => SCIENTIFIC.test(cell)))
    return `what looks like identifiers: ${short(bare[0]!)}`;
  if (decimal === ',' && cells.some((cell) => POINT_GROUP.test(cell)) && !cells.some((c) => c.includes(',')))
    return `points that are decimal signs or group thousands: ${short(cells.find((c) => c.includes('.'))!)}`;
  if (isQuoted && unquoted) return `quoted numbers, while others are not quoted: "${short(cells[0]!)}"`;
  return undefined;
}

const short = (cell: string) => (cell.length > 40 ? `${cell.slice(0, 40)}…` : cell);
