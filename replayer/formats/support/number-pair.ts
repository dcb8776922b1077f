/** Two numbers that are written as one text, digit for digit. */
export interface NumberPair {
  first: string;
  second: string;
  /** How they are written: a geo URI (RFC 5870: latitude first), a WKT point (longitude first), in brackets, or bare. */
  form: 'geo' | 'wkt' | 'brackets' | 'bare';
}

const PAIR =
  /^\s*(geo:|point\s*z?\s*\(|[[(])?\s*([+-]?\d+(?:\.\d+)?)\s*°?\s*(?:,|;|\s)\s*([+-]?\d+(?:\.\d+)?)\s*°?(?:\s*[,;\s]\s*[+-]?\d+(?:\.\d+)?)?\s*[\])]?(?:;[\w=.;-]*)?\s*$/i;

/** The pair that a text is (`48.1,11.5`, `geo:48.1,11.5`, `POINT(11.5 48.1)`, `[48.1, 11.5]`); null for any other value. */
export function numberPairIn(value: unknown): NumberPair | null {
  const found = typeof value === 'string' ? PAIR.exec(value) : null;
  if (!found) return null;
  const [, sign = '', first, second] = found;
  const form = /^geo/i.test(sign) ? 'geo' : /^point/i.test(sign) ? 'wkt' : sign === '' ? 'bare' : 'brackets';
  return { first: first!, second: second!, form };
}

/** The same as numbers. */
export function pairIn(value: unknown): [number, number] | null {
  const pair = numberPairIn(value);
  return pair && [Number(pair.first), Number(pair.second)];
}
