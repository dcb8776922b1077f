import type { Data } from '../../../../core/wire/event.ts';
import { MONTH_NAME } from '../times/calendar.ts';

/** Members that hold the time of a thing, the likelier first. Compared in lower case, without `_`, `-` and `@`. */
const NAMES = [
  'timestamp',
  'timestampms',
  'time',
  'datetime',
  'createdat',
  'publishedat',
  'published',
  'recordedat',
  'ts',
  'tst',
  'date',
  'datetimeutc',
  'starttime',
  'starttimestamp',
  'starttimestampms',
  'start',
  'lastchanged',
  'utc',
  'dt',
  't',
  'epoch',
  'sent',
  'when',
];
const RANKS = new Map(NAMES.map((name, rank) => [name, rank]));
const LIKELY = /(?:time|date|timestamp|_at|at_ms|_ts)(?:_?(?:ms|us|ns|utc|gmt|s))?$/i;
/** The capital tells `createdAt` from `status` and `lat`. */
const LIKELY_CAPITAL = /[a-z]At(?:_?(?:ms|us|ns|utc|gmt|s))?$|[a-z]At(?:Ms|Us|Ns|Utc|S)$/;
/** Times of people and places that a thing only refers to. */
const REFERRED = /^(?:user|author|account|actor|owner|profile|sender|header|meta|metadata|reply|includes)$/i;
const FULL = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/;
const DAY_FIRST = `\\d{1,2}[ /-]${MONTH_NAME}\\b`;
const WRITTEN = new RegExp(
  [
    ...['[+-]?\\d{4}-\\d{1,2}-\\d{1,2}', '\\d{1,4}[/.]\\d{1,2}[/.]\\d{2,4}', '\\d{1,2}-\\d{1,2}-\\d{4}'],
    // The basic form of ISO 8601, and its weeks.
    ...['\\d{8}[T ]\\d{4}(?:\\d{2})?(?!\\d)', '\\d{4}-?W\\d{2}'],
    `(?:\\w{3,9},? )?(?:${DAY_FIRST}|${MONTH_NAME} \\d{1,2}\\b)`,
  ]
    .map((form) => `^${form}`)
    .join('|'),
  'i',
);
const DEPTH_MAX = 4;
/** A number that a member of one of the first names holds is a time of other days, too: from 1973 on, or before 1966. */
const SURE_NAMES = 11;
const SURE_MIN = 1e8;
/** Epochs from 1990 to 2060 in s, and compact dates of the same years. */
const EPOCH_S = [631_152_000, 2_871_763_200] as const;
const COMPACT = [19900101, 20601231] as const;

/** Google's Timeline of iOS: minutes after the `startTime` of the object around. */
export const OFFSET_MINUTES = 'durationMinutesOffsetFromStartTime';

/** How a time is written: as text, or as a number of an epoch (`s`, `ms`, `us`, `ns`). */
export function formOf(value: unknown): string {
  const plain = isObject(value) ? (value['$date'] ?? value) : value;
  const number = typeof plain === 'string' && /^\d{9,}(?:\.\d+)?$/.test(plain) ? Number(plain) : plain;
  if (typeof number !== 'number') return 'text';
  return number < 1e11 ? 's' : number < 1e14 ? 'ms' : number < 1e17 ? 'us' : 'ns';
}

/** Whether a value reads as a time: an epoch or a compact date of our days, a written date, or a time of Extended JSON. */
export function readsAsTime(value: unknown): boolean {
  if (typeof value === 'number') return isEpoch(value);
  if (typeof value === 'string')
    return /^\d+(?:\.\d+)?$/.test(value) ? isEpoch(Number(value)) : WRITTEN.test(value);
  if (typeof value !== 'object' || value === null) return false;
  const { $date, _seconds, seconds } = value as Data;
  return $date !== undefined ? true : isEpoch(Number(_seconds ?? seconds ?? NaN));
}

function isEpoch(value: number): boolean {
  const within = ([from, to]: readonly [number, number], factor: number) =>
    value >= from * factor && value <= to * factor;
  return (
    [1, 1e3, 1e6, 1e9].some((factor) => within(EPOCH_S, factor)) ||
    [1, 1e4, 1e6].some((factor) => within(COMPACT, factor))
  );
}

function isLarge(value: unknown): boolean {
  return (
    (typeof value === 'number' || (typeof value === 'string' && /^-?\d{9,}(?:\.\d+)?$/.test(value))) &&
    Math.abs(Number(value)) >= SURE_MIN
  );
}

/** How likely a member of this name holds the time of its object: 0 is the likeliest; null for unlikely names. */
export function timeRank(name: string): number | null {
  const rank = RANKS.get(name.toLowerCase().replace(/[_\-@]/g, ''));
  if (rank !== undefined) return rank;
  return LIKELY.test(name) || LIKELY_CAPITAL.test(name)
    ? NAMES.length + (/end|expir|update|edit|delet|until/i.test(name) ? 1 : 0)
    : null;
}

/** The path of the member that holds an object's time, in the object itself or in objects inside it; null for none. */
export function timePathOf(values: Data): string[] | null {
  let level: [path: string[], values: Data][] = [[[], values]];
  for (let depth = 0; depth < DEPTH_MAX && level.length > 0; depth++) {
    let best: string[] | null = null;
    let bestRank = Infinity;
    const next: typeof level = [];
    for (const [path, object] of level) {
      for (const name of Object.keys(object)) {
        const value = object[name];
        const isObject = typeof value === 'object' && value !== null;
        const written =
          depth === 0 && typeof value === 'string' && FULL.test(value) ? NAMES.length + 2 : null;
        const rank = isObject && Array.isArray(value) ? null : (timeRank(name) ?? written);
        const isTime = readsAsTime(value) || (rank !== null && rank < SURE_NAMES && isLarge(value));
        if (rank !== null && rank < bestRank && isTime) [best, bestRank] = [[...path, name], rank];
        if (isObject && !Array.isArray(value) && !REFERRED.test(name))
          next.push([[...path, name], value as Data]);
      }
    }
    if (best) return best;
    level = next;
  }
  return null;
}

/** The value at a path; undefined where there is none. */
export function valueAt(values: Data, path: readonly string[]): unknown {
  let value: unknown = values;
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/** Whether an object is a fix or a post itself: it has coordinates or a text, in itself or in objects inside it. */
export function saysPlaceOrText(values: Data, depth = 0): boolean {
  return Object.entries(values).some(
    ([name, value]) =>
      (value !== null && /^(?:lat|latitude|latitudeE7|latlng|text|full_text|content)$/i.test(name)) ||
      (depth < 3 && isObject(value) && saysPlaceOrText(value, depth + 1)),
  );
}

/** Members that say which thing a row is about, or where it is: what a document says once for all its rows. */
const IDENTITY =
  /^_?(?:(?:device|vehicle|sensor|station|bus|truck|ship|tracker|track|trip|user|object|entity|person|asset|node)(?:[ _-]?(?:id|name|label))?|id|uid|uuid|mmsi|imei|icao24|callsign|name|username|subject|tid|topic|serial(?:[ _-]?number)?)$/i;
const PLACE = /^(?:lat|lon|lng|latitude|longitude)$/i;

/** Whether a member of this name says which thing a row is about. */
export function namesIdentity(name: string): boolean {
  return IDENTITY.test(name);
}

/** Whether a member that stands once in a document holds for all its rows. */
export function holdsForAllRows(name: string): boolean {
  return namesIdentity(name) || PLACE.test(name);
}

/** Whether a value is an object, and no array. */
export function isObject(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
