import { isChannelName } from '../../core/wire/channels.ts';
import type { Data } from '../../core/wire/event.ts';
import { refusal } from '../../core/problems/errors.ts';
import type { RecordingOptions } from '../../schemas/types.ts';
import type { Layout } from '../formats/support/format.ts';
import type { SniffResult } from './sniff.ts';
import { guessTimeFormat, type Guess } from '../formats/support/times.ts';

/** How a recording is read: every option of it, given or guessed, with what speaks for it. */
export interface Interpretation {
  channel: Guess<string>;
  /** Column of the time; several joined by + (year+month+day+hour). */
  time: Guess<string>;
  timeFormat: Guess<string>;
  tz: Guess<string>;
  /** Column of the subject; null: the recording's name is the subject of all. */
  subject: Guess<string | null>;
  /** Columns that get another name: old -> new. */
  rename: Guess<ReadonlyMap<string, string>>;
  /** How a table of text is written. */
  layout: Layout;
}

/** In place of a column and a format, where the rows know their time apart from their values. */
export const OWN_TIME = '(its own)';

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
const SUBJECT_NAMES = [
  'subject',
  'vehicle_id',
  'vehicle',
  'device_id',
  'device',
  'sensor_id',
  'sensor',
  'bus_id',
  'truck_id',
  'ship_id',
  'mmsi',
  'imei',
  'track_id',
  'track',
  'pilot',
  'tracker_id',
  'flight_id',
  'callsign',
  'icao24',
  'user_id',
  'user',
  'username',
  'author',
  'name',
  'id',
];
/** Names that mean what a channel's schema calls by another. */
const SYNONYMS: { [member: string]: string[] } = {
  latitude: ['lat', 'gps_lat', 'latitude_deg', 'y_lat'],
  longitude: ['lon', 'lng', 'long', 'gps_lon', 'gps_lng', 'longitude_deg'],
  text: ['message', 'tweet', 'body', 'content', 'comment', 'full_text', 'post', 'title'],
};
/** In place of a format, where each part of the time has a column. */
export const PARTS = 'parts';
const CLOCK = /^\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s?[ap]m)?$/i;
const DATE_PARTS = ['year', 'month', 'day'];
const TIME_PARTS = ['hour', 'minute', 'second'];

/**
 * Infers from a first look at the rows what was not said.
 * @throws refusal naming the columns there are and the option to give
 */
export function interpret(
  file: string,
  found: Pick<SniffResult, 'sample'> & Partial<SniffResult>,
  given: Omit<RecordingOptions, 'id' | 'offset'> & { rename?: ReadonlyMap<string, string> },
): Interpretation {
  const { sample, layout = {}, hasOwnTime = false, hasOwnSubject = false, ownChannel, format } = found;
  const columns = [...new Set(sample.flatMap((row) => Object.keys(row)))];
  const find = (names: string[]) =>
    names.flatMap((name) => columns.filter((column) => column.toLowerCase() === name))[0];
  const nameless = layout.header?.value === false && !given.columns ? ' Name them with --columns a,b,c.' : '';
  const hint = `The columns are: ${columns.join(', ').slice(0, 400) || 'none'}.${nameless}`;
  for (const option of ['time', 'subject', 'latitude', 'longitude'] as const) {
    const missing = given[option]?.split('+').find((column) => !columns.includes(column));
    if (missing !== undefined)
      throw refusal('column_unknown', 422, `${file} has no column "${missing}" (--${option}).`, { hint });
  }

  const rename = new Map(given.rename);
  const taken = (member: string) => columns.includes(member) || [...rename.values()].includes(member);
  const latitude = given.latitude ?? (taken('latitude') ? undefined : find(SYNONYMS['latitude']!));
  const longitude = given.longitude ?? (taken('longitude') ? undefined : find(SYNONYMS['longitude']!));
  if (latitude && latitude !== 'latitude') rename.set(latitude, 'latitude');
  if (longitude && longitude !== 'longitude') rename.set(longitude, 'longitude');
  const located = taken('latitude') && taken('longitude');
  const text = taken('text') ? 'text' : find(SYNONYMS['text']!);

  const channel: Guess<string> = given.channel
    ? { value: given.channel, because: 'given' }
    : ownChannel !== undefined && isChannelName(ownChannel)
      ? { value: ownChannel, because: 'the events name it' }
      : located
        ? { value: 'gps', because: 'it has coordinates' }
        : text === 'text'
          ? { value: 'posts', because: 'it has a text' }
          : { value: slug(file), because: "the file's name" };
  if (channel.value === 'posts' && text && text !== 'text') rename.set(text, 'text');

  const ownTime = given.every !== undefined || (given.time === undefined && hasOwnTime);
  const every = given.every && `given: a row every ${given.every}, from 1970 on`;
  const time = ownTime
    ? { value: OWN_TIME, because: every ?? format?.ownTime ?? 'the rows know it' }
    : timeColumn(file, sample, columns, given.time, hint);
  return {
    channel,
    time,
    timeFormat: ownTime
      ? { value: OWN_TIME, because: time.because }
      : timeFormat(file, sample, time.value, given.timeFormat),
    tz: given.tz ? { value: given.tz, because: 'given' } : { value: 'UTC', because: 'nothing else is said' },
    subject:
      hasOwnSubject && given.subject === undefined
        ? { value: null, because: 'the events name it' }
        : subjectColumn(sample, columns, given.subject, channel.value),
    rename: {
      value: rename,
      because: [...rename].map(([from, to]) => `${from} is ${to}`).join(', ') || 'nothing to rename',
    },
    layout,
  };
}

function timeColumn(
  file: string,
  sample: Data[],
  columns: string[],
  given: string | undefined,
  hint: string,
): Guess<string> {
  if (given) return { value: given, because: 'given' };
  const lower = (column: string) => column.toLowerCase();
  const rank = (column: string) => {
    const exact = TIME_NAMES.indexOf(lower(column));
    return exact >= 0 ? exact : /time|date/.test(lower(column)) ? TIME_NAMES.length : TIME_NAMES.length + 1;
  };
  const ranked = [...columns].sort((a, b) => rank(a) - rank(b));
  for (const column of ranked) {
    const values = sample.map((row) => row[column]);
    // A number in a column of any name is no evidence; a written date is.
    if (
      rank(column) > TIME_NAMES.length &&
      !values.some((value) => typeof value === 'string' && /\d[-/:.]\d/.test(value))
    )
      continue;
    const guess = guessTimeFormat(values);
    const clock = guess && clockColumn(sample, columns, column);
    if (clock)
      return { value: `${column}+${clock}`, because: `${column} holds dates, ${clock} times of day` };
    if (guess) return { value: column, because: guess.because };
  }
  const parts = [...DATE_PARTS, ...TIME_PARTS].map((part) =>
    columns.find((column) => lower(column) === part),
  );
  if (parts.slice(0, 3).every(Boolean)) {
    return { value: parts.filter(Boolean).join('+'), because: 'year, month and day have a column each' };
  }
  throw refusal('time_column_unknown', 422, `No column of ${file} holds a time that could be read.`, {
    hint: `${hint} Name it with --time COLUMN, and its format with --time-format (s, ms, us, ns, iso, excel, or a pattern such as dd/MM/yyyy HH:mm). If there is none, play a row every so often with --every 100ms. Over REST these are the options time, timeFormat and every.`,
  });
}

/** The column of times of day that goes with a column of dates; undefined where that has its own. */
function clockColumn(sample: Data[], columns: string[], date: string): string | undefined {
  const holds = (column: string, pattern: RegExp) => {
    const values = sample.map((row) => row[column]).filter((value) => value !== undefined && value !== null);
    return values.length > 0 && values.every((value) => typeof value === 'string' && pattern.test(value));
  };
  if (!holds(date, /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}$/)) return undefined;
  return columns.find((column) => /time|hour|clock/i.test(column) && holds(column, CLOCK));
}

function timeFormat(file: string, sample: Data[], column: string, given: string | undefined): Guess<string> {
  if (given) return { value: given, because: 'given' };
  const columns = column.split('+');
  const guess = guessTimeFormat(sample.map((row) => joinedTime(columns.map((name) => row[name]))));
  if (columns.length > 1 && (!guess || columns.length > 2))
    return { value: PARTS, because: 'year, month, day, hour, minute and second have a column each' };
  if (guess) return guess;
  throw refusal(
    'time_format_unknown',
    422,
    `The times in column "${column}" of ${file} can't be read: ${JSON.stringify(sample[0]?.[column])}.`,
    {
      hint: 'Give --time-format: s, ms, us, ns, iso, excel, or a pattern such as dd/MM/yyyy HH:mm.',
    },
  );
}

function subjectColumn(
  sample: Data[],
  columns: string[],
  given: string | undefined,
  channel: string,
): Guess<string | null> {
  if (given) return { value: given, because: 'given' };
  for (const name of SUBJECT_NAMES) {
    const column = columns.find((candidate) => candidate.toLowerCase() === name);
    if (!column) continue;
    const values = sample
      .map((row) => row[column])
      .filter((value) => typeof value === 'string' || typeof value === 'number');
    if (values.length < sample.length * 0.9) continue;
    const distinct = new Set(values).size;
    const author = channel === 'posts' && name !== 'id' && name !== 'name';
    // A different value in every row numbers the rows; it names no subject. Authors may well write once.
    if (!author && sample.length > 5 && distinct > sample.length * 0.9) continue;
    return { value: column, because: `${distinct} values in ${sample.length} rows` };
  }
  return { value: null, because: "no column names one; the recording's name is the subject" };
}

/** The values of a time's columns as the one value that a format reads. */
export function joinedTime(values: unknown[]): unknown {
  return values.length === 1 ? values[0] : values.map(String).join(' ');
}

/** A file's name as a name for channels and subjects: without folders, endings, and anything but letters and digits. */
export function slug(file: string): string {
  const name = file
    .replace(/^.*[\\/]/, '')
    .replace(/\.(gz|zst)$/, '')
    .replace(/\.[a-z0-9]+$/i, '');
  return (
    name
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 100) || 'recording'
  );
}
