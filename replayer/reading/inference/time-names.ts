import { normalName } from './member-names.ts';

/** Names of columns that hold the time of a row, the likelier first. */
const OWN = [
  'timestamp',
  'time',
  'datetime',
  'date_time',
  'time_stamp',
  'ts',
  'gps_time',
  'gps_timestamp',
  'recorded_at',
  'event_time',
  'event_timestamp',
  'observed_at',
  'measured_at',
  'fix_time',
  'position_time',
  'location_timestamp',
  'device_time',
  'sample_time',
];
/** Names that often do. */
const OFTEN = [
  'created_at',
  'date',
  't',
  'utc',
  'sent',
  'sent_at',
  'epoch',
  'unix_time',
  'unixtime',
  'published_at',
  'published',
  'posted_at',
];
/** Times that something has besides its own: when it was stored, when it ends. */
const OTHER =
  /(?:^|_)(?:updated?|modified|received|server|processed|inserted|ingested|imported|indexed|deleted|expir\w*|valid|until|birth\w*|eta|scheduled|planned|estimated|arrival|end|stop|start|last)(?:_|$)/;
const HOLDS = /time|date|stamp|(?:^|_)(?:at|on|ts|tst|utc|datum|zeit|fecha|hora|heure|data)(?:_|$)/;
const UNITS: { [suffix: string]: string } = {
  s: 's',
  sec: 's',
  secs: 's',
  seconds: 's',
  ms: 'ms',
  msec: 'ms',
  millis: 'ms',
  milliseconds: 'ms',
  us: 'us',
  usec: 'us',
  micros: 'us',
  microseconds: 'us',
  ns: 'ns',
  nsec: 'ns',
  nanos: 'ns',
  nanoseconds: 'ns',
};

/** The name of a column as far as it says something about time. */
export interface TimeName {
  /** Lower: the likelier it is the time of its row. 0 and 1: a known name. 2: it speaks of time. From 3 on it does not. */
  tier: number;
  /** The place among the names of its tier. */
  order: number;
  /** The unit of an epoch time that the name says: s, ms, us or ns. */
  unit?: string;
}

/** What the name of a column, or the last steps of a path, say about time. */
export function timeName(path: string): TimeName {
  const steps = /\s/.test(path) ? [path] : path.split('.').filter((step) => !/^(?:\$.*|\d+)$/.test(step));
  // `timestamp.seconds` of Protobuf, `time.value`: the step before has the name.
  const last = steps.at(-1) ?? path;
  const isUnitOnly =
    steps.length > 1 && (last.toLowerCase() in UNITS || /^(?:value|iso|_seconds)$/i.test(last));
  const { name: normal, unit: said } = normalName(isUnitOnly ? steps.at(-2)! : last);
  const suffix = /^(.+)_([a-z]+)$/.exec(normal);
  const hasSuffix = suffix !== null && Object.hasOwn(UNITS, suffix[2]!);
  const name = hasSuffix ? suffix[1]! : normal;
  const word = said ?? (hasSuffix ? suffix[2]! : isUnitOnly ? last.toLowerCase().replace('_', '') : '');
  const unit = Object.hasOwn(UNITS, word) ? UNITS[word] : undefined;
  return { ...rankOf(name), ...(unit !== undefined && { unit }) };
}

function rankOf(name: string): { tier: number; order: number } {
  const own = OWN.indexOf(name);
  if (own >= 0) return { tier: 0, order: own };
  const often = OFTEN.indexOf(name);
  if (often >= 0) return { tier: 1, order: often };
  if (HOLDS.test(name)) return { tier: OTHER.test(name) ? 2.5 : 2, order: 0 };
  return { tier: 3, order: 0 };
}
