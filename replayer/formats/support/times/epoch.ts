import { DAY_MS, OUR_DAYS } from './calendar.ts';
import { zoneClock } from './zone-clock.ts';

/** Reads one value as a time: epoch ms, or NaN when it is not a time. */
export type TimeReader = (value: unknown) => number;

/** Epoch units, and how many of each make a millisecond. */
export const EPOCH_UNITS: { [unit: string]: number } = { s: 1 / 1000, ms: 1, us: 1_000, ns: 1_000_000 };
/** Apple's Core Foundation counts seconds from 2001. */
export const COCOA_EPOCH_MS = Date.UTC(2001, 0, 1);
const NUMBER = /^[+-]?\d+(?:\.\d*)?(?:e[+-]?\d{1,2})?$/i;
/** Day 0 of Excel. Excel takes 1900 for a leap year; counted from here, days from March 1900 on come out right. */
const EXCEL_EPOCH_MS = Date.UTC(1899, 11, 30);

/** Reads epoch times in a unit, as numbers or as texts, also such as `1.7156919E+12`. */
export function epochReader(unit: string): TimeReader {
  const perMs = EPOCH_UNITS[unit]!;
  return (value) => epochMs(value, perMs);
}

function epochMs(value: unknown, perMs: number): number {
  if (typeof value === 'number') return perMs === 1 ? value : Math.round((value / perMs) * 1000) / 1000;
  if (typeof value !== 'string') return NaN;
  const text = value.trim().replace(',', '.');
  if (!NUMBER.test(text)) return NaN;
  // Nanoseconds have more digits than a double holds, so the integer is divided first.
  if (text.length > 15 && perMs >= 1_000 && /^[+-]?\d+$/.test(text))
    return Number(BigInt(text.replace('+', '')) / BigInt(perMs / 1_000)) / 1_000;
  return epochMs(Number(text), perMs);
}

/** Reads epoch times of which each has the unit that makes it a time of our days; others are not times. */
export function anyEpochReader(): TimeReader {
  const readers = Object.keys(EPOCH_UNITS).map(epochReader);
  return (value) => {
    for (const read of readers) {
      const timeMs = read(value);
      if (timeMs >= OUR_DAYS.fromMs && timeMs < OUR_DAYS.toMs) return timeMs;
    }
    return NaN;
  };
}

/** Reads seconds since 2001. */
export function cocoaReader(): TimeReader {
  return (value) => epochMs(value, EPOCH_UNITS['s']!) + COCOA_EPOCH_MS;
}

/** Reads day numbers of Excel, whose fractions are the time of day in `zone`. */
export function excelReader(zone: string): TimeReader {
  const clock = zoneClock(zone);
  return (value) => {
    if (value === '' || (typeof value !== 'string' && typeof value !== 'number')) return NaN;
    const days = Number(value);
    if (!(days >= 61 && days < 2_958_466)) return NaN;
    return clock.instantMs(Math.round(EXCEL_EPOCH_MS + days * DAY_MS));
  };
}
