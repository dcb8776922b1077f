import type { Data } from '../../../core/wire/event.ts';
import { refusal } from '../../../core/problems/errors.ts';
import type { RecordingOptions } from '../../../schemas/types.ts';
import type { Layout } from '../../formats/support/format.ts';
import { certain, given as asGiven, guess, likely, type Decision } from '../../formats/support/decision.ts';
import type { LiftedMember } from './lifted-members.ts';
import { slug } from './slug.ts';
import type { SniffResult } from './sniff.ts';
import { timeColumn, timeFormat } from './time-columns.ts';

/** How a recording is read: the value of every option, given or inferred, with the evidence for it. */
export interface Interpretation {
  channel: Decision<string>;
  /** The column of the time, or several joined by + (year+month+day+hour). */
  time: Decision<string>;
  timeFormat: Decision<string>;
  tz: Decision<string>;
  /** The column of the subject; null: the recording's name is the subject of all rows. */
  subject: Decision<string | null>;
  /** Columns that get another name: old -> new. */
  rename: Decision<ReadonlyMap<string, string>>;
  /** Members that a datum gets from values elsewhere in it. */
  lifted: Decision<readonly LiftedMember[]>;
  /** How a text table is laid out. */
  layout: Layout;
}

/** The value of `time` and `timeFormat` where rows know their time apart from their values. */
export const OWN_TIME = '(its own)';

/** Names of columns that may hold the subject, the likelier first. */
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
/** Members of our channels' schemas, and other names that columns may have for them. */
const SYNONYMS: { [member: string]: string[] } = {
  latitude: ['lat', 'gps_lat', 'latitude_deg', 'y_lat'],
  longitude: ['lon', 'lng', 'long', 'gps_lon', 'gps_lng', 'longitude_deg'],
  text: ['message', 'tweet', 'body', 'content', 'comment', 'full_text', 'post', 'title'],
};

/**
 * Infers every option that was not given from the beginning of a recording.
 * @throws refusal naming the columns that exist and the option to give
 */
export function interpret(
  file: string,
  found: Pick<SniffResult, 'sample'> & Partial<SniffResult>,
  given: Omit<RecordingOptions, 'id' | 'offset'> & { rename?: ReadonlyMap<string, string> },
): Interpretation {
  const { sample, layout = {}, hasOwnTime = false, hasOwnSubject = false, format } = found;
  const { ownChannels = [], hasNamelessRows = true } = found;
  const columns = [...new Set(sample.flatMap((row) => Object.keys(row)))];
  const nameless = layout.header?.value === false && !given.columns ? ' Name them with --columns a,b,c.' : '';
  const hint = `The columns are: ${columns.join(', ').slice(0, 400) || 'none'}.${nameless}`;
  for (const option of ['time', 'subject', 'latitude', 'longitude'] as const) {
    const missing = given[option]?.split('+').find((column) => !columns.includes(column));
    if (missing !== undefined)
      throw refusal('column_unknown', `${file} has no column "${missing}" (--${option}).`, { hint });
  }

  const rename = new Map(given.rename);
  const isTaken = (member: string) => columns.includes(member) || [...rename.values()].includes(member);
  const synonymOf = (member: string) =>
    SYNONYMS[member]!.flatMap((name) => columns.filter((column) => column.toLowerCase() === name))[0];
  for (const member of ['latitude', 'longitude'] as const) {
    const column = given[member] ?? (isTaken(member) ? undefined : synonymOf(member));
    if (column && column !== member) rename.set(column, member);
  }
  const text = isTaken('text') ? 'text' : synonymOf('text');
  const channel = channelOf(file, given.channel, hasNamelessRows ? [] : ownChannels, {
    coordinates: isTaken('latitude') && isTaken('longitude'),
    text: text === 'text',
  });
  if (channel.value === 'posts' && text && text !== 'text') rename.set(text, 'text');

  const ownTime = given.every !== undefined || (given.time === undefined && hasOwnTime);
  const every = given.every && `given: a row every ${given.every}, from 1970 on`;
  const time = ownTime
    ? certain(OWN_TIME, every ?? format?.ownTime ?? 'the rows know it')
    : timeColumn(file, sample, columns, given.time, hint);
  return {
    channel,
    time,
    timeFormat: ownTime
      ? certain(OWN_TIME, time.because)
      : timeFormat(file, sample, time.value, given.timeFormat),
    tz: given.tz ? asGiven(given.tz) : guess('UTC', 'no other zone is given'),
    subject:
      hasOwnSubject && given.subject === undefined
        ? certain(null, 'the events name it')
        : subjectColumn(sample, columns, given.subject, channel.value),
    rename: likely(
      rename,
      [...rename].map(([from, to]) => `${from} is ${to}`).join(', ') || 'nothing to rename',
    ),
    lifted: certain([], 'nothing is nested'),
    layout,
  };
}

/** The channel of the rows. `members` tells which of the members that schemas name the rows have. */
function channelOf(
  file: string,
  given: string | undefined,
  own: string[],
  members: { coordinates: boolean; text: boolean },
): Decision<string> {
  if (given) return asGiven(given);
  if (own.length > 0)
    return certain(own[0]!, own.length === 1 ? 'the events name it' : `the events name ${own.join(', ')}`);
  if (members.coordinates) return likely('gps', 'it has coordinates');
  if (members.text) return likely('posts', 'it has a text');
  return likely(slug(file), "the file's name");
}

/** The column of the subject: as given, else one with a likely name whose values recur. */
function subjectColumn(
  sample: Data[],
  columns: string[],
  given: string | undefined,
  channel: string,
): Decision<string | null> {
  if (given) return asGiven(given);
  for (const name of SUBJECT_NAMES) {
    const column = columns.find((candidate) => candidate.toLowerCase() === name);
    if (!column) continue;
    const values = sample
      .map((row) => row[column])
      .filter((value) => typeof value === 'string' || typeof value === 'number');
    if (values.length < sample.length * 0.9) continue;
    const distinct = new Set(values).size;
    const author = channel === 'posts' && name !== 'id' && name !== 'name';
    // A value that differs in every row numbers the rows. Authors are an exception: many write only once.
    if (!author && sample.length > 5 && distinct > sample.length * 0.9) continue;
    return likely(column, `${distinct} values in ${sample.length} rows`);
  }
  return likely(null, "no column names one; the recording's name is the subject");
}
