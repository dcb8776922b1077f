import type { SchemaElement } from 'hyparquet';

/** Makes a value of a Parquet file one that JSON can hold. */
export type ValueReader = (value: unknown) => unknown;

/** Digits that a double always keeps. */
const DIGITS_MAX = 15;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** An integer that a double can't hold is text. Other values stay. */
export function integerOf(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const isSafe = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
    return isSafe ? Number(value) : String(value);
  }
  if (value instanceof Date) return value.toISOString();
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

/** Reads bytes: those without a meaning, which old writers use for text, are text where they are UTF-8, else base64. */
export function bytesReader({
  type,
  converted_type: converted,
  logical_type: logical,
}: SchemaElement): ValueReader {
  const mayBeText = type === 'BYTE_ARRAY' && converted !== 'BSON' && logical === undefined;
  return (value) => {
    if (!mayBeText || !(value instanceof Uint8Array)) return integerOf(value);
    try {
      return utf8.decode(value);
    } catch {
      return integerOf(value);
    }
  };
}

/** The decimal of an unscaled integer, or of its bytes (two's complement, big-endian): a number, or its digits as text. */
export function decimalOf(value: unknown, scale: number): unknown {
  const unscaled = value instanceof Uint8Array ? signedOf(value) : value;
  const written = String(unscaled);
  if (!/^-?\d+$/.test(written)) return unscaled;
  const sign = written.startsWith('-') ? '-' : '';
  const digits = written.slice(sign.length).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const text = scale > 0 ? `${sign}${whole}.${digits.slice(-scale)}` : `${sign}${whole}`;
  return digits.replace(/^0+/, '').length <= DIGITS_MAX ? Number(text) : text;
}

function signedOf(bytes: Uint8Array): bigint {
  return bytes.length === 0
    ? 0n
    : BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}

/** An interval as an ISO 8601 duration: months, days and milliseconds, each of 4 bytes, little-endian. */
export function intervalOf(value: unknown): unknown {
  if (!(value instanceof Uint8Array) || value.length !== 12) return integerOf(value);
  const bytes = Buffer.from(value);
  const [months, days, ms] = [bytes.readUInt32LE(0), bytes.readUInt32LE(4), bytes.readUInt32LE(8)];
  return `P${months}M${days}DT${ms / 1000}S`;
}
