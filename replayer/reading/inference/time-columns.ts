import type { Data } from '../../../core/wire/event.ts';
import { refusal } from '../../../core/problems/errors.ts';
import { certain, given as asGiven, likely, type Decision } from '../../formats/support/decision.ts';
import { guessTimeFormat } from '../../formats/support/times/guess.ts';

/** The value of `timeFormat` where each part of the time (year, month, ...) has a column. */
export const PARTS = 'parts';
/** Names of columns that may hold the time, the likelier first. */
const TIME_NAMES = [
  'timestamp',
  'time',
  'datetime',
  'date_time',
  'created_at',
  'ts',
  'date',
  't',
  'utc',
  'gps_time',
  'recorded_at',
  'sent',
  'epoch',
];
const CLOCK = /^\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s?[ap]m)?$/i;
const DATE_PARTS = ['year', 'month', 'day'];
const TIME_PARTS = ['hour', 'minute', 'second'];

/**
 * The column of the time, or several joined by +: as given, else the most likely column whose values read as times.
 * @throws refusal `time_column_unknown`; `hint` begins its hint
 */
export function timeColumn(
  file: string,
  sample: Data[],
  columns: string[],
  given: string | undefined,
  hint: string,
): Decision<string> {
  if (given) return asGiven(given);
  const lower = (column: string) => column.toLowerCase();
  const rank = (column: string) => {
    const exact = TIME_NAMES.indexOf(lower(column));
    return exact >= 0 ? exact : /time|date/.test(lower(column)) ? TIME_NAMES.length : TIME_NAMES.length + 1;
  };
  const ranked = [...columns].sort((a, b) => rank(a) - rank(b));
  for (const column of ranked) {
    const values = sample.map((row) => row[column]);
    // In a column of another name a number is not evidence of a time; a written date is.
    if (
      rank(column) > TIME_NAMES.length &&
      !values.some((value) => typeof value === 'string' && /\d[-/:.]\d/.test(value))
    )
      continue;
    const guess = guessTimeFormat(values);
    const clock = guess && clockColumn(sample, columns, column);
    if (clock) return likely(`${column}+${clock}`, `${column} holds dates, ${clock} times of day`);
    if (guess) return { ...guess, value: column };
  }
  const parts = [...DATE_PARTS, ...TIME_PARTS].map((part) =>
    columns.find((column) => lower(column) === part),
  );
  if (parts.slice(0, 3).every(Boolean)) {
    return certain(parts.filter(Boolean).join('+'), 'year, month and day have a column each');
  }
  throw refusal('time_column_unknown', `No column of ${file} holds a time that can be read.`, {
    hint: `${hint} Name it with --time COLUMN, and its format with --time-format (s, ms, us, ns, iso, excel, or a pattern such as dd/MM/yyyy HH:mm). If there is none, play a row every so often with --every 100ms. Over REST these are the options time, timeFormat and every.`,
  });
}

/** The column of times of day that belongs to a column of dates; undefined where the dates hold their own. */
function clockColumn(sample: Data[], columns: string[], date: string): string | undefined {
  const holds = (column: string, pattern: RegExp) => {
    const values = sample.map((row) => row[column]).filter((value) => value !== undefined && value !== null);
    return values.length > 0 && values.every((value) => typeof value === 'string' && pattern.test(value));
  };
  if (!holds(date, /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}$/)) return undefined;
  return columns.find((column) => /time|hour|clock/i.test(column) && holds(column, CLOCK));
}

/** The format of the times in these columns: as given, else guessed. @throws refusal `time_format_unknown` */
export function timeFormat(
  file: string,
  sample: Data[],
  column: string,
  given: string | undefined,
): Decision<string> {
  if (given) return asGiven(given);
  const columns = column.split('+');
  const guess = guessTimeFormat(sample.map((row) => joinedTime(columns.map((name) => row[name]))));
  if (columns.length > 1 && (!guess || columns.length > 2))
    return certain(PARTS, 'year, month, day, hour, minute and second have a column each');
  if (guess) return guess;
  throw refusal(
    'time_format_unknown',
    `The times in column "${column}" of ${file} can't be read: ${JSON.stringify(sample[0]?.[column])}.`,
    {
      hint: 'Give --time-format: s, ms, us, ns, iso, excel, or a pattern such as dd/MM/yyyy HH:mm.',
    },
  );
}

/** Joins the values of a time's columns into the one value that a time format reads. */
export function joinedTime(values: unknown[]): unknown {
  return values.length === 1 ? values[0] : values.map(String).join(' ');
}
