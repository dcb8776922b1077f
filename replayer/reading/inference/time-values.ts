import type { Data } from '../../../core/wire/event.ts';
import type { Decision } from '../../formats/support/decision.ts';
import { zoneClock } from '../../formats/support/times/zone-clock.ts';
import { zonedShare } from '../../formats/support/times/zone-evidence.ts';
import { memberReader } from './member-path.ts';
import { joinedTime, PARTS } from './time-parts.ts';

/** The times of rows as they stand in them, joined where they have several columns; none of rows without. */
export function timeValues(sample: readonly Data[], columns: string, format: string): unknown[] {
  const readers = columns.split('+').map(memberReader);
  return sample
    .map((row) =>
      joinedTime(
        readers.map((read) => read(row)),
        format,
      ),
    )
    .filter((time) => time !== undefined && time !== null && time !== '');
}

/** The zone in which times are read that name none, where its clocks are put back at times; null where no time is shown twice. */
export function repeatingZone(
  { time, timeFormat, tz }: { [name in 'time' | 'timeFormat' | 'tz']: Decision<string> },
  sample: readonly Data[],
): string | null {
  if (zoneClock(tz.value).fixedMs !== null) return null;
  if (timeFormat.value === PARTS) return tz.value;
  const values = timeValues(sample, time.value, timeFormat.value);
  return values.length > 0 && zonedShare(timeFormat.value, values) === 'none' ? tz.value : null;
}
