import type { SixBits } from './six-bits.ts';

/** Metres per second in a knot. */
export const KNOT = 1852 / 3600;

/** Reads a field: its value as JSON, or undefined where the sender says that it has none. */
export type Read = (bits: SixBits, from: number, width: number) => string | undefined;
/** A member, the first bit of its field, the width of the field, and how it is read. */
export type Field = [member: string, from: number, width: number, read: Read];

const rounded = (value: number, digits: number) => String(Number(value.toFixed(digits)));

/** A bit as true or false. */
export const flag: Read = (bits, from, width) => String(bits.unsigned(from, width) === 1);

/** A text; an empty one stands for none. */
export const text: Read = (bits, from, width) => {
  const found = bits.text(from, width);
  return found === '' ? undefined : JSON.stringify(found);
};

/** A number in some unit. `none`, and every number above it, say that there is no value. */
export const number =
  (none: number, unit = 1, digits = 0): Read =>
  (bits, from, width) => {
    const value = bits.unsigned(from, width);
    return value >= none ? undefined : rounded(value * unit, digits);
  };

/** A number in some unit; 0 says that there is no value. */
export const positive =
  (unit = 1, digits = 0): Read =>
  (bits, from, width) => {
    const value = bits.unsigned(from, width);
    return value === 0 ? undefined : rounded(value * unit, digits);
  };

/** Degrees, counted in parts of a degree. Beyond the limit there is no value: 181 and 91 say so. */
export const degrees =
  (limit: number, parts: number): Read =>
  (bits, from, width) => {
    const value = bits.signed(from, width) / parts;
    return Math.abs(value) > limit ? undefined : rounded(value, 7);
  };

/** Degrees a minute, of which the root is sent. Beyond 126 the sender knows the side only, or nothing. */
export const rateOfTurn: Read = (bits, from, width) => {
  const root = bits.signed(from, width);
  return Math.abs(root) > 126 ? undefined : rounded(Math.sign(root) * (root / 4.733) ** 2, 1);
};

/** The sum of two fields of the same width: the antenna's distances from both ends. */
export const sumOfTwo: Read = (bits, from, width) => {
  const half = width / 2;
  const sum = bits.unsigned(from, half) + bits.unsigned(from + half, half);
  return sum === 0 ? undefined : String(sum);
};

/** An MMSI: nine digits, of which the first may be zeros. */
export const mmsi: Read = (bits, from, width) =>
  JSON.stringify(String(bits.unsigned(from, width)).padStart(9, '0'));

/** Month, day, hour and minute as MM-DDTHH:MMZ. The year is not sent, and the time of day may be missing. */
export const arrival: Read = (bits, from) => {
  const [month, day, hour, minute] = parts(bits, from, [4, 5, 5, 6]);
  if (month! < 1 || month! > 12 || day! < 1) return undefined;
  const [mm, dd, hh, min] = [month, day, hour, minute].map((part) => String(part).padStart(2, '0'));
  return JSON.stringify(hour! > 23 || minute! > 59 ? `${mm}-${dd}` : `${mm}-${dd}T${hh}:${min}Z`);
};

/** The date and time of a base station's clock, epoch seconds. */
export const clock: Read = (bits, from) => {
  const [year, month, day, hour, minute, second] = parts(bits, from, [14, 4, 5, 5, 6, 6]);
  if (year! < 1 || month! < 1 || month! > 12 || day! < 1 || hour! > 23 || minute! > 59 || second! > 59)
    return undefined;
  return String(Date.UTC(year!, month! - 1, day, hour, minute, second) / 1000);
};

/** Numbers that follow one another. */
function parts(bits: SixBits, from: number, widths: number[]): number[] {
  let at = from;
  return widths.map((width) => {
    at += width;
    return bits.unsigned(at - width, width);
  });
}
