import type { Data } from '../../../core/wire/event.ts';
import { memberReader } from './member-path.ts';
import { normalName } from './member-names.ts';

/** The value of `timeFormat` where each part of the time (year, month, ...) has a column. */
export const PARTS = 'parts';
const DATE_PARTS = ['year', 'month', 'day'];
const TIME_PARTS = ['hour', 'minute', 'second'];
const OTHER_NAMES: { [part: string]: string[] } = {
  year: ['yyyy', 'yr'],
  month: ['mon', 'mm', 'mo'],
  day: ['dd', 'day_of_month', 'dom'],
  hour: ['hr', 'hh', 'hour_of_day'],
  minute: ['min', 'minutes', 'mi'],
  second: ['sec', 'seconds', 'ss'],
};
const CLOCK =
  /^\d{1,2}[:.h]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?(?:\s?[ap]\.?m\.?)?(?:\s?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?$/i;
/** A date without a time of day, in any notation. */
const DATE =
  /^(?:\d{8}|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}[-/. ]*[a-z]{3,9}[-/., ]*\d{2,4}|[a-z]{3,9} \d{1,2},? \d{4}|(?:[a-z]+,? )\d{1,2} [a-z]{3,9} \d{4})$/i;
const CLOCK_NAME = /time|hour|clock|utc|zeit|hora|heure/;
/** Digits of a time of day without separators, HHmmss or HHmm, which lose their zeros as numbers. */
const CLOCK_DIGITS = /^\d{1,6}(?:\.\d+)?$/;

/** The columns of year, month and day, and of the parts of the day that there are; null without the first three. */
export function partColumns(sample: readonly Data[], paths: readonly string[]): string[] | null {
  const parts = DATE_PARTS.map((part) => partColumn(paths, part));
  if (parts.includes(undefined)) return null;
  const found = TIME_PARTS.map((part) => partColumn(paths, part));
  const clock = found[0] === undefined ? clockText(sample, paths) : undefined;
  const ofDay = clock === undefined ? found.slice(0, (found.indexOf(undefined) + 4) % 4) : [clock];
  return [...parts, ...ofDay] as string[];
}

function partColumn(paths: readonly string[], part: string): string | undefined {
  const names = [part, ...OTHER_NAMES[part]!];
  const at = names.map((name) => paths.find((path) => normalName(path).name === name));
  return at.find((path) => path !== undefined);
}

/** The columns of the time of day that belong to a column of dates; null where the dates hold their own. Of no date: those of a clock. */
export function clockColumns(
  sample: readonly Data[],
  paths: readonly string[],
  date: string | null,
): string[] | null {
  if (date !== null && !holds(sample, date, (value) => DATE.test(String(value).trim()))) return null;
  const clock = clockText(sample, paths);
  if (clock !== undefined) return [clock];
  if (date === null) return null;
  const parts = TIME_PARTS.map((part) => partColumn(paths, part));
  const isHour = (value: unknown) => Number(value) >= 0 && Number(value) <= 24;
  if (parts[0] !== undefined && holds(sample, parts[0], isHour))
    return parts.slice(0, (parts.indexOf(undefined) + 4) % 4) as string[];
  const digits = paths.find(
    (path) => path !== date && CLOCK_NAME.test(normalName(path).name) && clockWidth(sample, path) > 0,
  );
  return digits === undefined ? null : [digits];
}

/** How many digits the times of day of a column have (HHmmss: 6, HHmm: 4); 0 where they have separators or are not times of day. */
export function clockWidth(sample: readonly Data[], path: string): number {
  const texts = sample
    .map(memberReader(path))
    .filter((value) => value !== undefined && value !== null && value !== '')
    .map((value) => String(value).trim());
  const lengths = texts.map((text) => text.split('.')[0]!.length);
  // Minutes after midnight are short, as numbers; but a column of short numbers only is something else.
  if (lengths.filter((length) => length > 2).length <= texts.length / 2) return 0;
  const width = lengths.some((length) => length > 4) ? 6 : 4;
  const isClock = (text: string) => CLOCK_DIGITS.test(text) && isTimeOfDay(paddedClock(text, width));
  return texts.filter(isClock).length >= texts.length * 0.9 ? width : 0;
}

function clockText(sample: readonly Data[], paths: readonly string[]): string | undefined {
  return paths.find(
    (path) =>
      CLOCK_NAME.test(normalName(path).name) &&
      holds(sample, path, (value) => typeof value === 'string' && CLOCK.test(value.trim())),
  );
}

/** Whether nearly all values of a column satisfy a condition. */
function holds(sample: readonly Data[], path: string, condition: (value: unknown) => boolean): boolean {
  const values = sample
    .map(memberReader(path))
    .filter((value) => value !== undefined && value !== null && value !== '');
  return values.length > 0 && values.filter(condition).length >= values.length * 0.9;
}

function isTimeOfDay(digits: string): boolean {
  const [hour, minute, second] = [0, 2, 4].map((at) => Number(digits.slice(at, at + 2)));
  return hour! < 24 && minute! < 60 && second! < 60;
}

/** Digits of a time of day with the zeros that it lost as a number. */
function paddedClock(text: string, width: number): string {
  return text.replace(/^\d+/, (all) => all.padStart(width, '0'));
}

/**
 * Joins the values of a time's columns into the one value that a time format reads. A time of day without separators gets
 * the zeros of its format back, which it lost where it was read as a number.
 */
export function joinedTime(values: readonly unknown[], format = ''): unknown {
  if (values.length === 1) return values[0];
  const width = format.includes(' HHmmss') ? 6 : format.includes(' HHmm') ? 4 : 0;
  return values
    .map((value, i) => (width > 0 && i > 0 ? paddedClock(String(value), width) : String(value)))
    .join(' ');
}
