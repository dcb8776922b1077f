import {
  anyEpochReader,
  cocoaReader,
  EPOCH_UNITS,
  epochReader,
  excelReader,
  type TimeReader,
} from './epoch.ts';
import { isoReader } from './iso.ts';
import { patternReader } from './pattern.ts';
import { zoneClock } from './zone-clock.ts';

export type { TimeReader };

/**
 * The reader for a time format: `s`, `ms`, `us`, `ns` (epoch), `epoch` (each number in its own of these units), `cocoa`
 * (seconds since 2001), `excel` (day numbers), `iso`, or a Luxon pattern. `zone` applies to times that do not name their zone.
 * @throws refusal when the zone does not exist, or the pattern has no year
 */
export function timeReader(format: string, zone: string): TimeReader {
  zoneClock(zone);
  if (Object.hasOwn(EPOCH_UNITS, format)) return epochReader(format);
  if (format === 'epoch') return anyEpochReader();
  if (format === 'cocoa') return cocoaReader();
  if (format === 'excel') return excelReader(zone);
  const parse = format === 'iso' ? isoReader(zone) : patternReader(format, zone);
  // Patterns are slow, and neighbouring rows often share a time: remember the last.
  let lastText = '';
  let lastMs = NaN;
  return (value) => {
    const text = typeof value === 'number' && format !== 'iso' ? String(value) : value;
    if (typeof text !== 'string') return NaN;
    if (text !== lastText) {
      lastText = text;
      lastMs = parse(text.trim());
    }
    return lastMs;
  };
}

/** Whether times of a format name their zone themselves, all of them. */
export function isZoned(format: string): boolean {
  return Object.hasOwn(EPOCH_UNITS, format) || format === 'epoch' || format === 'cocoa';
}
