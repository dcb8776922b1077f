import type { FileMetaData } from 'hyparquet';

/** What the schema of a Parquet file says of its columns beyond their values. */
export interface ParquetColumns {
  /** Columns of geometries. */
  geo: ReadonlySet<string>;
  /** A value of a column as it is in a row: a time without a zone has none, and a decimal has its digits. */
  read(name: string, value: unknown): unknown;
}

/** Digits that a double always keeps. */
const DIGITS_MAX = 15;

/**
 * Reads the schema. Decimals are marked as integers in it, because the library would multiply them with a fraction.
 */
export function parquetColumns({ schema }: FileMetaData): ParquetColumns {
  const geo = new Set<string>();
  const local = new Set<string>();
  const scales = new Map<string, number>();
  for (const element of schema) {
    const { name, type, logical_type: logical, converted_type: converted } = element;
    if (logical?.type === 'GEOMETRY' || logical?.type === 'GEOGRAPHY') geo.add(name);
    if (logical?.type === 'TIMESTAMP' && !logical.isAdjustedToUTC) local.add(name);
    if (converted === 'DECIMAL' && (type === 'INT32' || type === 'INT64')) {
      scales.set(name, element.scale ?? 0);
      delete element.converted_type;
      delete element.logical_type;
    }
  }
  return {
    geo,
    read: (name, value) => {
      if (local.has(name) && typeof value === 'string') return value.replace(/Z$/, '');
      const scale = scales.get(name);
      return scale === undefined ? value : decimalOf(String(value), scale);
    },
  };
}

/** The decimal of an unscaled integer: a number, or its digits as text where a number would not keep them. */
function decimalOf(unscaled: string, scale: number): unknown {
  if (!/^-?\d+$/.test(unscaled)) return unscaled;
  const sign = unscaled.startsWith('-') ? '-' : '';
  const digits = unscaled.slice(sign.length).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const text = scale > 0 ? `${sign}${whole}.${digits.slice(-scale)}` : `${sign}${whole}`;
  return digits.length <= DIGITS_MAX ? Number(text) : text;
}
