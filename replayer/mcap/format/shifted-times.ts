import { canHold } from './bytes.ts';
import type { MetadataRecord } from './records.ts';

/**
 * MCAP counts nanoseconds since 1970 without a sign, so it can't hold earlier times. A recording that begins earlier is
 * stored with all its times shifted by one cycle of the Gregorian calendar, 400 years: dates, weekdays and leap years stay
 * the same. A metadata record of the file says so, and readers of Reprise shift the times back.
 */
export const CYCLE_MS = 146_097 * 86_400_000;
const NAME = 'reprise:times';
const SHIFT = 'shiftMs';

/** By how much the times of a recording are shifted that begins at a time, ms. */
export function shiftFor(startMs: number): number {
  return startMs < 0 && canHold(startMs + CYCLE_MS) ? CYCLE_MS : 0;
}

/** The latest time that MCAP can hold without a shift. */
const LATEST_MS = (2 ** 64 - 2 ** 12) / 1e6;

/** The times that a file can hold, shifted or not, and why others are refused. */
export const HOLDABLE = {
  fromMs: -CYCLE_MS,
  endMs: LATEST_MS,
  reason:
    'MCAP can only hold times from 1970 to 2554, or from 1570 to 2154 in a recording that begins before 1970.',
};

/** Those of these times that a file can hold with a shift. */
export const HOLDABLE_SHIFTED = { ...HOLDABLE, endMs: LATEST_MS - CYCLE_MS };

/** The metadata record that tells the shift: name and values. */
export function shiftMetadata(shiftMs: number): [name: string, values: Map<string, string>] {
  const why = 'The recording begins before 1970. The true times are 400 years earlier than the stored ones.';
  return [
    NAME,
    new Map([
      [SHIFT, String(shiftMs)],
      ['why', why],
    ]),
  ];
}

/** Whether a metadata record tells a shift. */
export function isShift({ name }: Pick<MetadataRecord, 'name'>): boolean {
  return name === NAME;
}

/** By how much the times of a file are shifted, ms; 0 for none. */
export function shiftOf(metadata: readonly MetadataRecord[]): number {
  const shiftMs = Number(metadata.findLast(isShift)?.values.get(SHIFT) ?? 0);
  return Number.isFinite(shiftMs) ? shiftMs : 0;
}

/** What reports say of a shift; null for none. */
export function shiftNote(shiftMs: number): string | null {
  return shiftMs === 0
    ? null
    : 'The times before 1970 are kept: MCAP can not hold them, so all times are stored 400 years later, and a metadata record says so.';
}
