import { isoTime } from '../../../../core/wire/event.ts';
import { certain, guess, likely, type Decision } from '../decision.ts';
import { COCOA_EPOCH_MS, EPOCH_UNITS } from './epoch.ts';
import { OUR_DAYS } from './calendar.ts';
import { timeReader } from './reader.ts';

/** Excel's day numbers for the years 1954 to 2119. */
const EXCEL_DAYS = [20_000, 80_000] as const;
/** Digits that form a date, the likelier first, with how many digits they have at least. */
const DIGITS: [pattern: string, length: number][] = [
  ['yyyyMMdd', 8],
  ['yyyyMMddHH', 10],
  ['yyyyMMddHHmm', 12],
  ['yyyyMMddHHmmss', 14],
  ['yyyyMMddHHmmssSSS', 15],
  ['ddMMyyyy', 8],
  ['MMddyyyy', 8],
  ['ddMMyyyyHHmmss', 14],
];
const DIGITS_ONLY = /^\d{8,23}(?:[.,]\d+)?$/;
const NUMBER = /^-?(?:\d{8,20}(?:[.,]\d*)?|\d(?:\.\d+)?e\+?\d{1,2})$/i;
/** Before this time, seconds since 1970 are rather seconds since 2001. */
const COCOA_UNTIL_MS = Date.UTC(2000, 0, 1);

/** Whether a value may be a time as a number: a number, or the text of a large one. */
export function isNumeric(value: unknown): boolean {
  return (
    typeof value === 'number' ||
    (typeof value === 'string' && (NUMBER.test(value.trim()) || DIGITS_ONLY.test(value.trim())))
  );
}

/**
 * What numbers are as times: digits of a date, an epoch time in some unit, or a day number; null when they are not times.
 *
 * Digits of a date of our days (1990 to 2060) are taken for that, because as epoch times they are mostly of other centuries:
 * 8 digits are 1970 (s), 12 are 1976 (ms), 14 are 2611 (ms) or 1970 (us), 17 are 1970 (ns). 10 digits (`yyyyMMddHH`) can be
 * both: 1990010100 to 2060123123 are 2033 to 2035 in seconds, so that is a guess.
 */
export function decideNumbers(present: unknown[], unit?: string): Decision<string> | null {
  return excel(present) ?? digits(present) ?? epoch(present.filter(isNumeric), unit);
}

function excel(present: unknown[]): Decision<string> | null {
  const isExcel = (value: unknown) => Number(value) >= EXCEL_DAYS[0] && Number(value) <= EXCEL_DAYS[1];
  // Without fractions they could as well be seconds of a day.
  const fits = present.filter(isExcel);
  if (fits.length <= present.length / 2 || !fits.some((value) => Number(value) % 1 !== 0)) return null;
  const day = new Date(timeReader('excel', 'UTC')(fits[0])).toISOString().slice(0, 16);
  return likely('excel', `${JSON.stringify(present[0])} is ${day} as a day number of Excel`);
}

function digits(present: unknown[]): Decision<string> | null {
  let best: { pattern: string; count: number } | null = null;
  for (const [pattern, length] of DIGITS) {
    const read = timeReader(pattern, 'UTC');
    const isDate = (value: unknown) => {
      const text = String(value).trim();
      return DIGITS_ONLY.test(text) && text.length >= length && isOurs(read(text));
    };
    const count = present.filter(isDate).length;
    if (count > present.length / 2 && count > (best?.count ?? 0)) best = { pattern, count };
  }
  if (!best) return null;
  const { pattern, count } = best;
  const example = present.find((value) => isOurs(timeReader(pattern, 'UTC')(value)));
  const because = `${JSON.stringify(example)} is ${shown(timeReader(pattern, 'UTC')(example))} as digits (${pattern})`;
  for (const unit of Object.keys(EPOCH_UNITS)) {
    const read = timeReader(unit, 'UTC');
    const asEpoch = present.filter((value) => isOurs(read(value))).length;
    if (asEpoch > count) return null;
    if (asEpoch === count && asEpoch > present.length / 2)
      return guess(pattern, because, {
        value: unit,
        because: `it is ${shown(read(example))} in epoch ${unit}`,
      });
  }
  return pattern.startsWith('yyyy') ? certain(pattern, because) : likely(pattern, because);
}

function epoch(numeric: unknown[], unit?: string): Decision<string> | null {
  // The median decides, because a GPS receiver without a fix reports 0.
  const sizes = numeric.map((value) => Math.abs(Number(String(value).replace(',', '.'))));
  const size = [...sizes].sort((a, b) => a - b)[sizes.length >> 1]!;
  const found = size < 1e8 ? null : size < 1e11 ? 's' : size < 1e14 ? 'ms' : size < 1e17 ? 'us' : 'ns';
  if (found === null) return null;
  const example = numeric[sizes.indexOf(size)];
  const timeMs = timeReader(found, 'UTC')(example);
  const because = `${JSON.stringify(example)} is ${shown(timeMs)} in epoch ${found}`;
  if (!isOurs(timeMs)) return guess(found, because);
  const units = new Set(numeric.flatMap((value) => unitsOf(value)));
  if (units.size > 1)
    return likely(
      'epoch',
      `${because}; other rows are in ${[...units].filter((one) => one !== found).join(' and ')}`,
    );
  if (found === 's' && timeMs < COCOA_UNTIL_MS && unit !== 's') {
    const cocoa = shown(COCOA_EPOCH_MS + timeMs);
    return guess(found, because, {
      value: 'cocoa',
      because: `it is ${cocoa} in seconds since 2001, as Apple counts`,
    });
  }
  return unit === found
    ? certain(found, `${because}, and the name of the column says so`)
    : likely(found, because);
}

/** The units in which a number is an epoch time of our days: one at most, because 1990 to 2060 is less than a thousandfold. */
function unitsOf(value: unknown): string[] {
  return Object.keys(EPOCH_UNITS).filter((unit) => isOurs(timeReader(unit, 'UTC')(value)));
}

function isOurs(timeMs: number): boolean {
  return timeMs >= OUR_DAYS.fromMs && timeMs < OUR_DAYS.toMs;
}

/** A time in the words of a message, also one beyond what ISO 8601 can write. */
function shown(timeMs: number): string {
  return Math.abs(timeMs) < 8.64e15 ? isoTime(timeMs).replace(/\.0+Z$/, 'Z') : 'far in the future';
}
