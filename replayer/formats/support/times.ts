import { DateTime, IANAZone } from 'luxon';
import { timeMsOf } from '../../../core/wire/event.ts';
import { certain, likely, type Decision } from './decision.ts';
import { refusal } from '../../../core/problems/errors.ts';

/** Reads one value as a time: epoch ms, or NaN when it is not a time. */
export type TimeReader = (value: unknown) => number;

/** Epoch units, and how many of each make a millisecond. */
const EPOCH_UNITS: { [unit: string]: number } = { s: 1 / 1000, ms: 1, us: 1_000, ns: 1_000_000 };
const ISO =
  /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}(?::?\d{2}(?::?\d{2}(?:[.,]\d+)?)?)?)?\s?(?:Z|[+-]\d{2}(?::?\d{2})?)?$/i;
const ZONED = /(?:Z|[+-]\d{2}(?::?\d{2})?)$/i;
/** Day 0 of Excel. Excel takes 1900 for a leap year; counted from here, days from March 1900 on come out right. */
const EXCEL_EPOCH_MS = Date.UTC(1899, 11, 30);
const DAY_MS = 86_400_000;
/** Excel's day numbers for the years 1954 to 2119. */
const EXCEL_DAYS = [20_000, 80_000] as const;
/** Patterns that are tried when no format is given, the likelier first. The data decide between day and month first. */
const PATTERNS = [
  'dd/MM/yyyy HH:mm:ss',
  'dd/MM/yyyy HH:mm',
  'MM/dd/yyyy HH:mm:ss',
  'MM/dd/yyyy HH:mm',
  'MM/dd/yyyy hh:mm:ss a',
  'd/M/yyyy H:mm:ss',
  'd/M/yyyy H:mm',
  'M/d/yyyy H:mm:ss',
  'M/d/yyyy H:mm',
  'M/d/yyyy h:mm:ss a',
  'dd.MM.yyyy HH:mm:ss',
  'dd.MM.yyyy HH:mm',
  'dd-MM-yyyy HH:mm:ss',
  'yyyy/MM/dd HH:mm:ss',
  'yyyy/MM/dd HH:mm',
  'yyyyMMddHHmmss',
  'EEE MMM dd HH:mm:ss ZZZ yyyy',
  'dd/MM/yyyy',
  'MM/dd/yyyy',
  'yyyy/MM/dd',
  'dd.MM.yyyy',
];

/**
 * The reader for a time format: `s`, `ms`, `us`, `ns` (epoch), `iso`, `excel` (day numbers), or a Luxon pattern. `zone`
 * applies to times that do not name their zone. @throws refusal when the zone does not exist
 */
export function timeReader(format: string, zone: string): TimeReader {
  if (!IANAZone.isValidZone(zone) && !/^utc(?:[+-]\d{1,2}(?::\d{2})?)?$/i.test(zone)) {
    throw refusal('time_zone_unknown', `"${zone}" is not a time zone.`, {
      hint: 'Write an IANA name such as Europe/Berlin, or UTC.',
    });
  }
  const perMs = EPOCH_UNITS[format];
  if (perMs !== undefined) return (value) => epochMs(value, perMs);
  if (format === 'excel') return excelReader(zone);
  const parse =
    format === 'iso'
      ? isoReader(zone)
      : (text: string) => DateTime.fromFormat(text, format, { zone, locale: 'en' }).toMillis();
  // Patterns are slow, and neighbouring rows often share a time: remember the last.
  let lastText = '';
  let lastMs = NaN;
  return (value) => {
    if (typeof value !== 'string') return NaN;
    if (value !== lastText) {
      lastText = value;
      lastMs = parse(value.trim());
    }
    return lastMs;
  };
}

function epochMs(value: unknown, perMs: number): number {
  if (typeof value === 'number') return perMs === 1 ? value : Math.round((value / perMs) * 1000) / 1000;
  if (typeof value !== 'string' || !/^-?\d+(?:\.\d+)?$/.test(value.trim())) return NaN;
  const text = value.trim();
  // Nanoseconds have more digits than a double holds, so the integer is divided first.
  if (text.length > 15 && perMs >= 1_000 && !text.includes('.'))
    return Number(BigInt(text) / BigInt(perMs / 1_000)) / 1_000;
  return epochMs(Number(text), perMs);
}

function excelReader(zone: string): TimeReader {
  const utc = /^utc$/i.test(zone);
  return (value) => {
    if (value === '' || (typeof value !== 'string' && typeof value !== 'number')) return NaN;
    const days = Number(value);
    if (!(days >= 61 && days < 2_958_466)) return NaN;
    const wallMs = Math.round(EXCEL_EPOCH_MS + days * DAY_MS);
    return utc
      ? wallMs
      : DateTime.fromMillis(wallMs, { zone: 'utc' }).setZone(zone, { keepLocalTime: true }).toMillis();
  };
}

function isoReader(zone: string): (text: string) => number {
  const utc = /^utc$/i.test(zone);
  return (text) => {
    if (!ISO.test(text)) return NaN;
    const iso = text.replace(' ', 'T').replace(',', '.');
    if (ZONED.test(iso.slice(10)))
      return timeMsOf(
        iso
          .replace(/\s/, '')
          .replace(/([+-]\d{2})(\d{2})?$/, (_, h: string, m?: string) => `${h}:${m ?? '00'}`),
      );
    if (utc) return timeMsOf(iso.length === 10 ? iso : `${iso}Z`);
    return DateTime.fromISO(iso, { zone }).toMillis();
  };
}

/** Guesses the format of time values; null when they are not times. */
export function guessTimeFormat(values: unknown[]): Decision<string> | null {
  const present = values.filter((value) => value !== undefined && value !== null && value !== '');
  if (present.length === 0) return null;
  const fits = (format: string) => {
    const read = timeReader(format, 'UTC');
    return mostly(present, (value) => !Number.isNaN(read(value)));
  };
  const example = JSON.stringify(present[0]);
  const isExcel = (value: unknown) => Number(value) >= EXCEL_DAYS[0] && Number(value) <= EXCEL_DAYS[1];
  // Without fractions they could as well be seconds of a day.
  if (mostly(present, isExcel) && present.some((value) => isExcel(value) && Number(value) % 1 !== 0)) {
    const day = new Date(timeReader('excel', 'UTC')(present.find(isExcel))).toISOString().slice(0, 16);
    return likely('excel', `${example} is ${day} as a day number of Excel`);
  }
  const isEpoch = (value: unknown) => typeof value === 'number' || /^\d{9,20}(?:\.\d+)?$/.test(String(value));
  if (mostly(present, isEpoch)) {
    // The median decides, because a GPS receiver without a fix reports 0.
    const sizes = present.filter(isEpoch).map((value) => Math.abs(Number(value)));
    const size = sizes.sort((a, b) => a - b)[sizes.length >> 1]!;
    const unit = size < 1e8 ? null : size < 1e11 ? 's' : size < 1e14 ? 'ms' : size < 1e17 ? 'us' : 'ns';
    const shown = JSON.stringify(present.find((value) => Math.abs(Number(value)) === size));
    return unit && likely(unit, `${shown} is a recent date in epoch ${unit}`);
  }
  if (fits('iso')) return certain('iso', `${example} is ISO 8601`);
  const patterns = PATTERNS.filter(fits);
  if (patterns.length === 0) return null;
  if (patterns.length === 1) return certain(patterns[0]!, `${example} reads as ${patterns[0]}`);
  // 03/04/2021: day or month first? The pattern under which neighbouring rows are closest in time wins.
  const distances = patterns.map((pattern) => {
    const read = timeReader(pattern, 'UTC');
    const times = present.map(read).filter((ms) => !Number.isNaN(ms));
    return (
      times.slice(1).reduce((sum, ms, i) => sum + Math.abs(ms - times[i]!), 0) +
      (present.length - times.length) * 1e15
    );
  });
  const best = patterns[distances.indexOf(Math.min(...distances))]!;
  return likely(
    best,
    `${example} reads as ${patterns.join(' or ')}; with this one the rows are closest in time`,
  );
}

/** Whether more than half of the values satisfy a condition: a few bad rows must not hide what the column holds. */
function mostly(values: unknown[], holds: (value: unknown) => boolean): boolean {
  return values.filter(holds).length > values.length / 2;
}
