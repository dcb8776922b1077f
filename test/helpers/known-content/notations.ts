import { DateTime } from 'luxon';

/** A way to write a time. */
export interface Notation {
  name: string;
  /** What it can hold, µs: known times are whole multiples of it. */
  resolutionUs: number;
  /** Whether a time says its zone, or needs none. */
  zoned: boolean;
  /** Whether JSON writes it as a number. */
  isNumber: boolean;
  /** The first time that it can hold, µs: two digits of a year stand for 1961 to 2060. */
  sinceUs?: number;
  /** The value of `timeFormat` that reads it, where a user would give one. */
  format?: string;
  /** The text of a time on the clocks of a zone. */
  write(us: number, zone: string): string;
}

const [US, MS, S, MIN] = [1, 1_000, 1_000_000, 60_000_000];
const at = (us: number, zone: string) =>
  DateTime.fromMillis(Math.floor(us / 1000), { zone }).setLocale('en-US');
const digits = (us: number, count: number) =>
  String(((us % S) + S) % S)
    .padStart(6, '0')
    .slice(0, count);
/** Units of an epoch as a decimal number: the µs with the point moved to the left. */
function moved(us: number, places: number): string {
  const text = String(Math.abs(us)).padStart(places + 1, '0');
  const part = text.slice(text.length - places).replace(/0+$/, '');
  return `${us < 0 ? '-' : ''}${text.slice(0, text.length - places)}${part && `.${part}`}`;
}

/** Luxon's tokens, written by Luxon; `#` stands for as many digits of the fraction. */
function pattern(
  name: string,
  tokens: string,
  resolutionUs: number,
  { zone: always, ...options }: { zoned?: boolean; format?: string; zone?: string } = {},
): Notation {
  const write = (us: number, zone: string) =>
    at(us, always ?? zone)
      .toFormat(tokens)
      .replace(/#+/, (found) => digits(us, found.length));
  return { name, resolutionUs, zoned: false, isNumber: false, ...options, write };
}

function epoch(name: string, places: number, format: string, isNumber: boolean): Notation {
  return {
    name,
    resolutionUs: places === 0 ? US : 10 ** places,
    zoned: true,
    isNumber,
    format,
    write: (us) => moved(us, places),
  };
}

const zoned = { zoned: true };
const utc = { zoned: true, zone: 'UTC' };
/** The ways in which known times are written. */
export const NOTATIONS: readonly Notation[] = [
  pattern('ISO, Z', "yyyy-MM-dd'T'HH:mm:ss.###'Z'", MS, utc),
  pattern('ISO, µs, Z', "yyyy-MM-dd'T'HH:mm:ss.######'Z'", US, utc),
  pattern('ISO, offset', "yyyy-MM-dd'T'HH:mm:ssZZ", S, zoned),
  pattern('ISO, offset without a colon', 'yyyy-MM-dd HH:mm:ss.###ZZZ', MS, zoned),
  pattern('ISO, no zone', 'yyyy-MM-dd HH:mm:ss', S, { format: 'yyyy-MM-dd HH:mm:ss' }),
  pattern('ISO, comma', "yyyy-MM-dd'T'HH:mm:ss,###", MS, { format: 'iso' }),
  pattern('ISO, minutes', 'yyyy-MM-dd HH:mm', MIN),
  pattern('ISO, basic', "yyyyMMdd'T'HHmmss'Z'", S, utc),
  pattern('ISO, week', "kkkk-'W'WW-c'T'HH:mm:ss'Z'", S, utc),
  pattern('ISO, UTC behind', "yyyy-MM-dd HH:mm:ss 'UTC'", S, utc),
  pattern('ISO, zone in brackets', "yyyy-MM-dd'T'HH:mm:ssZZ'['z']'", S, zoned),
  pattern('slashes, year first', 'yyyy/MM/dd HH:mm:ss', S, { format: 'yyyy/MM/dd HH:mm:ss' }),
  pattern('14 digits', 'yyyyMMddHHmmss', S, { format: 'yyyyMMddHHmmss' }),
  pattern('12 digits', 'yyyyMMddHHmm', MIN, { format: 'yyyyMMddHHmm' }),
  pattern('digits with a blank', 'yyyyMMdd HHmmss', S, { format: 'yyyyMMdd HHmmss' }),
  pattern('points, day first', 'dd.MM.yyyy HH:mm:ss', S, { format: 'dd.MM.yyyy HH:mm:ss' }),
  pattern('points, day first, fraction', 'd.M.yyyy HH:mm:ss.###', MS, { format: 'd.M.yyyy HH:mm:ss.SSS' }),
  pattern('slashes, day first', 'dd/MM/yyyy HH:mm', MIN, { format: 'dd/MM/yyyy HH:mm' }),
  {
    ...pattern('slashes, day first, two digits', 'dd/MM/yy HH:mm:ss', S, { format: 'dd/MM/yy HH:mm:ss' }),
    sinceUs: Date.UTC(1962, 0, 1) * MS,
  },
  pattern('slashes, month first', 'MM/dd/yyyy HH:mm:ss', S, { format: 'MM/dd/yyyy HH:mm:ss' }),
  pattern('slashes, month first, AM', 'M/d/yyyy h:mm:ss a', S, { format: 'M/d/yyyy h:mm:ss a' }),
  pattern('hyphens, day first', 'dd-MM-yyyy HH:mm:ss', S, { format: 'dd-MM-yyyy HH:mm:ss' }),
  pattern('month name, hyphens', 'dd-MMM-yyyy HH:mm:ss', S, { format: 'dd-MMM-yyyy HH:mm:ss' }),
  pattern('month name, American', 'MMM d, yyyy h:mm a', MIN, { format: 'MMM d, yyyy h:mm a' }),
  pattern('month name in full', 'd MMMM yyyy HH:mm:ss', S),
  pattern('mail', 'EEE, d MMM yyyy HH:mm:ss ZZZ', S, zoned),
  pattern('access log', 'dd/MMM/yyyy:HH:mm:ss ZZZ', S, zoned),
  pattern('JavaScript', "EEE MMM dd yyyy HH:mm:ss 'GMT'ZZZ", S, zoned),
  pattern('Twitter', 'EEE MMM dd HH:mm:ss ZZZ yyyy', S, zoned),
  pattern('ctime', 'EEE MMM d HH:mm:ss yyyy', S),
  {
    ...pattern('ISO, zone name', 'yyyy-MM-dd HH:mm:ss', S, zoned),
    write: (us, zone) => `${at(us, zone).toFormat('yyyy-MM-dd HH:mm:ss')} ${zoneName(us, zone)}`,
  },
  epoch('epoch s', 6, 's', true),
  epoch('epoch ms', 3, 'ms', true),
  epoch('epoch us', 0, 'us', true),
  { ...epoch('epoch ns', 0, 'ns', true), write: (us) => (us === 0 ? '0' : `${us}000`) },
  epoch('epoch s as text', 6, 's', false),
  epoch('epoch ms as text', 3, 'ms', false),
  { ...epoch('epoch ns as text', 0, 'ns', false), write: (us) => (us === 0 ? '0' : `${us}000`) },
  { ...epoch('epoch s with a fraction', 0, 's', true), resolutionUs: MS, write: (us) => moved(us, 6) },
  {
    ...epoch('Excel', 0, 'excel', true),
    resolutionUs: S,
    zoned: false,
    write: (us, zone) =>
      ((us / 1000 + at(us, zone).offset * 60_000) / 86_400_000 + 25_569).toFixed(9).replace(/0+$/, '0'),
  },
  {
    ...epoch('seconds since 2001', 0, 'cocoa', true),
    resolutionUs: S,
    write: (us) => String(us / S - 978_307_200),
  },
];

/** Zones, with the short names of their standard and summer time. Those of Kolkata and Chicago have several meanings. */
const ZONE_NAMES: { [zone: string]: [string, string] } = {
  UTC: ['UTC', 'UTC'],
  'Europe/Berlin': ['CET', 'CEST'],
  'America/New_York': ['EST', 'EDT'],
  'America/Chicago': ['CST', 'CDT'],
  'Asia/Kolkata': ['IST', 'IST'],
  'Asia/Tokyo': ['JST', 'JST'],
  'Australia/Adelaide': ['ACST', 'ACDT'],
  'Pacific/Auckland': ['NZST', 'NZDT'],
};
/** The zones of known times. */
export const ZONES = Object.keys(ZONE_NAMES);

function zoneName(us: number, zone: string): string {
  return ZONE_NAMES[zone]![at(us, zone).isInDST ? 1 : 0];
}
