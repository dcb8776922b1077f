import { GPS, type NMEA } from 'gps';
import { hex, xor, type Sentence } from './sentence.ts';

/** What a sentence says of a fix. */
export interface Told {
  /** The UTC time of day, ms since midnight; undefined where the sentence has none. */
  clockMs?: number;
  /** Midnight (UTC) of the day that the sentence names, epoch ms. */
  dayMs?: number;
  /** Whether it is a sentence that tells a position, even if it has none now. */
  isPosition: boolean;
  /** Decimal degrees and how many decimals of minutes they come from; undefined where the receiver has no fix. */
  position?: { latitude: string; longitude: string; decimals: number };
  /** The other members and their values in JSON. */
  members: [string, string][];
}

/** Which fields hold a time of day, latitude with N or S, longitude with E or W, and plain numbers. */
interface Shape {
  time?: number;
  latitude?: number;
  longitude?: number;
  numbers: number[];
}

const SHAPES: { [type: string]: Shape } = {
  RMC: { time: 0, latitude: 2, longitude: 4, numbers: [6, 7, 9] },
  GGA: { time: 0, latitude: 1, longitude: 3, numbers: [6, 7, 8, 10] },
  GNS: { time: 0, latitude: 1, longitude: 3, numbers: [6, 7, 8, 9] },
  GLL: { time: 4, latitude: 0, longitude: 2, numbers: [] },
  ZDA: { time: 0, numbers: [] },
  GST: { time: 0, numbers: [1, 2, 3, 4, 5, 6, 7] },
  VTG: { numbers: [0, 2, 4, 6] },
  GSA: { numbers: [14, 15, 16] },
  HDT: { numbers: [0] },
};
/** Decimals of numbers other than degrees: what comes from knots has no end. */
const DIGITS = 4;
const CLOCK = /^([01]\d|2[0-3])([0-5]\d)([0-5]\d|60)(\.\d*)?$/;
const LATITUDE = /^\d{2}[0-5]\d(?:\.(\d*))?$/;
const LONGITUDE = /^\d{3}[0-5]\d(?:\.(\d*))?$/;

/** Whether sentences of this type say something of a fix. Others are passed over. */
export const tellsOfFix = (type: string) => Object.hasOwn(SHAPES, type);

/** Reads a sentence whose type `tellsOfFix`. @returns a sentence that says what is wrong with it */
export function told(sentence: Sentence): Told | string {
  const { fields, type, talker } = sentence;
  const shape = SHAPES[type]!;
  const clock = shape.time === undefined ? '' : (fields[shape.time] ?? '');
  if (clock !== '' && !CLOCK.test(clock))
    return `${talker}${type}: "${clock.slice(0, 20)}" is not a time of day.`;
  const wrong = shape.numbers.find((at) => !/^-?\d*(?:\.\d*)?$/.test((fields[at] ?? '').trim()));
  if (wrong !== undefined) return `${talker}${type}: "${fields[wrong]!.slice(0, 20)}" is not a number.`;
  let parsed: NMEA | false;
  try {
    const checked = sentence.hasChecksum
      ? sentence.text
      : `${sentence.text}*${hex(xor(sentence.text.slice(1)))}`;
    parsed = GPS.Parse(checked);
  } catch (error) {
    return `${talker}${type}: ${(error as Error).message.replace(/: [$].*/s, '')}.`;
  }
  if (!parsed) return `${talker}${type}: not a valid sentence.`;
  const result: Told = { isPosition: 'lat' in parsed, members: membersOf(parsed) };
  if (clock !== '') result.clockMs = clockMs(clock);
  const day = dayOf(type, fields);
  if (day !== undefined) result.dayMs = day;
  if (!('lat' in parsed) || parsed.lat === null || parsed.lon === null || isVoid(parsed)) return result;
  const { latitude: latitudeAt = 0, longitude: longitudeAt = 0 } = shape;
  const [, decimals = ''] = LATITUDE.exec(fields[latitudeAt]!) ?? [undefined, null];
  const hasSides =
    /^[NS]$/.test(fields[latitudeAt + 1] ?? '') && /^[EW]$/.test(fields[longitudeAt + 1] ?? '');
  if (decimals === null || !LONGITUDE.test(fields[longitudeAt]!) || !hasSides)
    return `${talker}${type}: not a position: ${fields
      .slice(latitudeAt, longitudeAt + 2)
      .join(',')
      .slice(0, 60)}.`;
  if (Math.abs(parsed.lat) > 90 || Math.abs(parsed.lon) > 180)
    return `${talker}${type}: the position is not on Earth.`;
  const degrees = (value: number) => rounded(value, decimals.length + 3);
  result.position = {
    latitude: degrees(parsed.lat),
    longitude: degrees(parsed.lon),
    decimals: decimals.length,
  };
  return result;
}

function isVoid(parsed: NMEA): boolean {
  if (parsed.type === 'GGA') return parsed.quality === null;
  if (parsed.type === 'GNS') return /^N*$/.test(parsed.mode);
  return (parsed.type === 'RMC' || parsed.type === 'GLL') && parsed.status !== 'active';
}

/** Members and their values; null where the sentence has none. */
function valuesOf(parsed: NMEA): [string, string | number | null][] {
  switch (parsed.type) {
    case 'RMC':
      return [
        ['speed_meters_per_second', metersPerSecond(parsed.speed)],
        ['bearing', parsed.track],
        ['magnetic_variation_degrees', parsed.variation],
        ['mode', parsed.faa],
      ];
    case 'VTG':
      return [
        ['speed_meters_per_second', metersPerSecond(parsed.speed)],
        ['bearing', parsed.track],
        ['magnetic_bearing', parsed.trackMagnetic],
      ];
    case 'GGA':
      return [
        ['elevation', parsed.alt],
        ['fix_quality', parsed.quality],
        ['satellites', parsed.satellites],
        ['hdop', parsed.hdop],
        ['geoid_height_meters', parsed.geoidal],
      ];
    case 'GNS':
      return [
        ['elevation', parsed.alt],
        ['satellites', parsed.satsUsed],
        ['hdop', parsed.hdop],
        ['geoid_height_meters', parsed.sep],
      ];
    case 'GSA':
      return [
        ['fix_dimensions', parsed.fix],
        ['pdop', parsed.pdop],
        ['hdop', parsed.hdop],
        ['vdop', parsed.vdop],
      ];
    case 'GST':
      return [
        ['latitude_error_meters', parsed.latitudeError],
        ['longitude_error_meters', parsed.longitudeError],
        ['elevation_error_meters', parsed.heightError],
      ];
    case 'HDT':
      return [['heading', parsed.heading]];
    default:
      return [];
  }
}

const membersOf = (parsed: NMEA) =>
  valuesOf(parsed).flatMap(([name, value]): [string, string][] => {
    if (typeof value === 'string') return [[name, JSON.stringify(value)]];
    return value === null || Number.isNaN(value) ? [] : [[name, rounded(value, DIGITS)]];
  });

/** Midnight of the day that RMC or ZDA names. Years of two digits lie between 1980 and 2079. */
function dayOf(type: string, fields: string[]): number | undefined {
  const [day, month, year] =
    type === 'ZDA'
      ? fields.slice(1, 4)
      : type === 'RMC'
        ? ((fields[8] ?? '').match(/^\d{6}$/)?.[0].match(/\d\d/g) ?? [])
        : [];
  if (!/^\d{1,2}$/.test(day ?? '') || !/^\d{1,2}$/.test(month ?? '') || !/^(?:\d{2}|\d{4})$/.test(year ?? ''))
    return undefined;
  const short = Number(year);
  const full = year!.length === 4 ? short : short < 80 ? 2000 + short : 1900 + short;
  const ms = Date.UTC(full, Number(month) - 1, Number(day));
  return new Date(ms).getUTCDate() === Number(day) && new Date(ms).getUTCMonth() === Number(month) - 1
    ? ms
    : undefined;
}

function clockMs(text: string): number {
  const [, hour, minute, second, fraction = ''] = CLOCK.exec(text)!;
  const ms = fraction.length > 1 ? Number(`0${fraction}`) * 1000 : 0;
  return (Number(hour) * 3600 + Number(minute) * 60 + Number(second)) * 1000 + ms;
}

const metersPerSecond = (kilometersPerHour: number | null) =>
  kilometersPerHour === null ? null : kilometersPerHour / 3.6;

const rounded = (value: number, digits: number) => String(Number(value.toFixed(digits)));
