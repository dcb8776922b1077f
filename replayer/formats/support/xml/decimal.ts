import { jsonOfCell } from '../cells.ts';

/** A number as XML writes it (xsd:decimal): a sign, and digits missing before or after the point, are allowed. */
const DECIMAL = /^([+-]?)0*(\d*)(?:\.(\d*))?$/;

/** The text of an element that holds a decimal number, as JSON; any other text as a string. */
export function decimalJson(text: string): string {
  const plain = jsonOfCell(text);
  if (!plain.startsWith('"')) return plain;
  const [, sign, whole, fraction] = DECIMAL.exec(text) ?? [];
  if (sign === undefined || !/\d/.test(text)) return plain;
  return jsonOfCell(`${sign === '-' ? '-' : ''}${whole || '0'}${fraction ? `.${fraction}` : ''}`);
}
