import { numberIn } from '../cells.ts';

/** The decimal sign of a table's numbers. */
export type DecimalSign = '.' | ',';

/** Numbers that people and programs write and JSON does not: `.5`, `5.`, `+48.1`. A plus before an integer is a phone number's. */
const LOOSE = /^([+-]?)(0|[1-9]\d{0,14})?\.(\d*)([eE][+-]?\d{1,3})?$/;
/** Thousands in groups, with or without decimals after a comma: `1.234,5`, `1 234,5`, `1.234`. */
const GROUPED = /^[+-]?[1-9]\d{0,2}(?:([. \u00a0\u202f'’])\d{3})(?:\1\d{3})*(?:,\d*)?$/;

/**
 * The number that a cell holds, as JSON writes it, digit for digit; null where it holds none. Ids such as 007, and
 * integers beyond 15 digits, are not numbers. With a comma as decimal sign, points may group thousands.
 */
export function numberText(cell: string, decimal: DecimalSign = '.'): string | null {
  if (decimal === '.') return pointNumber(cell);
  if (GROUPED.test(cell)) return pointNumber(cell.replace(/[^\d,+-]/g, '').replace(',', '.'));
  const comma = cell.indexOf(',');
  if (comma === -1) return pointNumber(cell);
  return cell.includes('.') ? null : pointNumber(cell.replace(',', '.'));
}

function pointNumber(cell: string): string | null {
  if (!Number.isNaN(numberIn(cell))) return cell;
  const [matches, sign, whole = '', part, exponent = ''] = LOOSE.exec(cell) ?? [];
  if (matches === undefined || (whole === '' && part === '')) return null;
  return `${sign === '-' ? '-' : ''}${whole || '0'}${part && `.${part}`}${exponent}`;
}
