/** Milliseconds of a day. */
export const DAY_MS = 86_400_000;
/** What a data logger records lies in these years; a time outside of them is said. */
export const OUR_DAYS = { fromMs: Date.UTC(1990, 0, 1), toMs: Date.UTC(2061, 0, 1) };
/** The year from which on two digits mean the century before: 60 is 2060, 61 is 1961, as Luxon has it. */
const TWO_DIGITS_UP_TO = 60;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** The parts of a date and a time of day, as numbers. */
export interface Parts {
  year: number;
  /** 1 to 12. */
  month: number;
  day: number;
  hour?: number;
  minute?: number;
  second?: number;
  /** Fraction of the second, ms, down to microseconds. */
  ms?: number;
}

/** These parts as milliseconds since 1970, as if they were in UTC; NaN if there is no such date or time. 24:00:00 is the next midnight. */
export function wallMsOf({ year, month, day, hour = 0, minute = 0, second = 0, ms = 0 }: Parts): number {
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) return NaN;
  // A leap second is the first second of the next minute: POSIX time has no other place for it.
  if (!(hour >= 0 && hour <= 24 && minute >= 0 && minute <= 59 && second >= 0 && second <= 60)) return NaN;
  if (hour === 24 && (minute > 0 || second > 0 || ms > 0)) return NaN;
  if (second === 60 && minute !== 59) return NaN;
  return dayNumber(year, month, day) * DAY_MS + hour * 3_600_000 + minute * 60_000 + second * 1_000 + ms;
}

/** How many days a month has. */
export function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 1970-01-01 in the Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
export function dayNumber(year: number, month: number, day: number): number {
  const years = month <= 2 ? year - 1 : year;
  const era = Math.floor(years / 400);
  const yearOfEra = years - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** A year of two digits with its century. */
export function fullYear(twoDigits: number): number {
  return twoDigits + (twoDigits <= TWO_DIGITS_UP_TO ? 2000 : 1900);
}

/** The fraction of a second that these digits behind the decimal sign are, ms, down to microseconds. */
export function fractionMs(digits: string | undefined): number {
  if (digits === undefined) return 0;
  return Number(digits.slice(0, 6).padEnd(6, '0')) / 1_000;
}

/** The number of a month by its English name, full or short, 1 to 12; 0 if it is none. */
export function monthNamed(name: string): number {
  return MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1;
}

/** Whether a day since 1970 is this day of the week, by its English name, full or short. */
export function isWeekday(day: number, name: string): boolean {
  return WEEKDAYS[(((day + 4) % 7) + 7) % 7] === name.slice(0, 3).toLowerCase();
}

/** The names of months and weekdays, full or short, for regular expressions without case. */
export const MONTH_NAME =
  '(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)';
export const WEEKDAY_NAME =
  '(?:sun(?:day)?|mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?)';
