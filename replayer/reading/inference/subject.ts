import type { Data } from '../../../core/wire/event.ts';
import { certain, given as asGiven, guess, likely, type Decision } from '../../formats/support/decision.ts';
import { memberReader } from './member-path.ts';
import { normalName } from './member-names.ts';

/** Names of columns that identify what a record is about, the likelier first, as `normalName` writes them. */
const IDENTIFIERS = [
  'subject',
  ...['icao24', 'icao_24', 'icao', 'hex', 'mmsi', 'imei', 'vin'],
  ...['vehicle_id', 'vehicle', 'veh_id', 'veh', 'device_id', 'device', 'dev_id', 'sensor_id', 'sensor'],
  ...[
    'tracker_id',
    'tracker',
    'bus_id',
    'bus',
    'truck_id',
    'truck',
    'ship_id',
    'vessel_id',
    'vessel',
    'boat',
  ],
  ...['car_id', 'taxi_id', 'train_id', 'flight_id', 'drone_id', 'asset_id', 'asset', 'unit_id', 'object_id'],
  ...['individual_local_identifier', 'individual_id', 'animal_id', 'tag_local_identifier', 'tag_id'],
  ...['callsign', 'call_sign', 'registration', 'tail_number', 'license_plate', 'plate'],
  ...['driver_id', 'driver', 'rider_id', 'courier_id', 'uid', 'uuid', 'guid', 'station_id', 'station'],
  ...['host', 'hostname', 'instance', 'node_id', 'node', 'machine_id', 'machine', 'meter_id', 'entity_id'],
  ...['pilot', 'athlete', 'trip_id', 'tid'],
];
/** Identifiers that may number the rows instead: they have to recur. Each vehicle of a snapshot has only one row. */
const ROW_NUMBERS = ['uid', 'uuid', 'guid', 'object_id', 'entity_id', 'trip_id', 'tid', 'subject'];
/** Names of columns that name the author of a post. */
const AUTHORS = [
  ...['screen_name', 'handle', 'acct', 'user_id', 'user', 'username', 'user_name', 'author_id', 'author'],
  ...['account', 'actor', 'attributed_to', 'sender', 'nick'],
];
/** Names that may also be a title, a number of the row or a course. */
const VAGUE = ['track_id', 'track', 'name', 'label', 'id', 'key', 'code'];
/** Columns that are not the subject of a fix or a reading, although their values recur. */
const SHARE_MAX = 0.9;
const ROWS_MIN = 5;
const SHOWN_MAX = 5;
/** The share of rows that name a subject: from this on their column is the subject, from the other on it may be meant. */
const WHOLE_MIN = 0.9;
const PARTIAL_MIN = 0.1;

interface Candidate {
  path: string;
  rank: number;
  distinct: number;
}

/**
 * The column that names the subject: as given, else one with a likely name whose values recur. A column of fractions is
 * never one. `paths` are the columns and the paths of nested values.
 */
export function subjectColumn(
  sample: readonly Data[],
  paths: readonly string[],
  given: string | undefined,
  channel: string,
): Decision<string | null> {
  if (given) return asGiven(given);
  const names =
    channel === 'posts' ? [...AUTHORS, ...IDENTIFIERS, ...VAGUE] : [...IDENTIFIERS, ...AUTHORS, ...VAGUE];
  const candidates = paths
    .map((path) => candidate(sample, path, names, channel))
    .filter((found) => found !== null)
    .sort((a, b) => a.rank - b.rank);
  const [first, second] = candidates;
  if (first) {
    const because = `${count(first.distinct, 'value')} in ${count(sample.length, 'row')}`;
    const instead = second && { value: second.path, because: count(second.distinct, 'value') };
    const isVague = VAGUE.includes(identifierName(first.path));
    return (isVague && first.distinct > 1 && second ? guess : likely)(first.path, because, instead);
  }
  const none = "no column names one; the recording's name is the subject";
  const partial = paths.find((path) => isPartial(sample, path));
  if (partial !== undefined) {
    const rows = sample.filter((row) => isIdentifier(memberReader(partial)(row))).length;
    return guess(null, `${partial} names one in ${rows} of ${count(sample.length, 'row')} only`, {
      value: partial,
      because: 'rows without one would be refused',
    });
  }
  const recurring = paths.find((path) => recurs(sample, path));
  if (recurring === undefined) return likely(null, none);
  const distinct = new Set(sample.map(memberReader(recurring))).size;
  return guess(null, none, {
    value: recurring,
    because: `its ${count(distinct, 'value')} recur in ${count(sample.length, 'row')}`,
  });
}

function candidate(
  sample: readonly Data[],
  path: string,
  names: readonly string[],
  channel: string,
): Candidate | null {
  const name = identifierName(path);
  const nameRank = names.indexOf(name);
  if (nameRank === -1) return null;
  const values = sample.map(memberReader(path)).filter(isIdentifier);
  if (values.length < sample.length * WHOLE_MIN || values.length === 0) return null;
  const distinct = new Set(values).size;
  const isAuthor = channel === 'posts' && AUTHORS.includes(name);
  const isThing = IDENTIFIERS.includes(name) && !ROW_NUMBERS.includes(name);
  // A value that differs in every row numbers the rows. Authors are an exception: many write only once.
  if (!isAuthor && !isThing && sample.length > ROWS_MIN && distinct > sample.length * SHARE_MAX) return null;
  // A shallow value is likelier than a nested one of the same name.
  return { path, rank: nameRank + path.split('.').length / 100, distinct };
}

/** The name of a column; `id` and `name` of an object take its name: `vehicle.id` is `vehicle_id`. */
function identifierName(path: string): string {
  const { name } = normalName(path);
  const parent = path.split('.').at(-2);
  const isOf =
    parent !== undefined && /^(?:id|name|key)$/.test(name) && !/^(?:object|record|item)$/i.test(parent);
  return isOf ? `${normalName(parent).name}_${name}` : name;
}

/** Whether a value can identify something: a text, or a number without a fraction. */
function isIdentifier(value: unknown): value is string | number {
  return (
    (typeof value === 'string' && value !== '') || (typeof value === 'number' && Number.isInteger(value))
  );
}

/** Whether a column has the name of an identifier, but too many rows without a value. */
function isPartial(sample: readonly Data[], path: string): boolean {
  const name = identifierName(path);
  if (!IDENTIFIERS.includes(name) || ROW_NUMBERS.includes(name)) return false;
  const share = sample.filter((row) => isIdentifier(memberReader(path)(row))).length / sample.length;
  return share >= PARTIAL_MIN && share < WHOLE_MIN;
}

/** Whether a column of texts has few values, each in several rows: it may name a subject under a name nobody knows. */
function recurs(sample: readonly Data[], path: string): boolean {
  if (sample.length < 10) return false;
  const values = sample.map(memberReader(path));
  if (!values.every((value) => typeof value === 'string' && value.length > 0 && value.length <= 40))
    return false;
  const distinct = new Set(values).size;
  return /(?:^|_)(?:id|identifier|key|name|code|no|nr|number)$/.test(normalName(path).name)
    ? distinct > 1 && distinct <= sample.length / 2
    : false;
}

/** The decision where rows know their subject apart from their data. `names`: the subjects; `from`: what names them. */
export function ownSubject(names: readonly string[], from: string | undefined): Decision<null> {
  if (from === 'events') return certain(null, 'the events name it');
  if (from !== 'json') return certain(null, 'the file names it for each row');
  const shown = names.slice(0, SHOWN_MAX).join(', ') + (names.length > SHOWN_MAX ? ', ...' : '');
  const because = `the members that hold the rows name it: ${shown}`;
  // Names such as "first" may as well say what kind of rows they hold.
  return (names.some((name) => /\d/.test(name)) ? likely : guess)(null, because);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
