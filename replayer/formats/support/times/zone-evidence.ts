import { isZoned, timeReader } from './reader.ts';
import { zoneMeanings, type NamedOffset } from './zone-names.ts';

/** How many of these times name their zone: none, some or all. Epoch times need no zone, so that is all. */
export function zonedShare(format: string, times: readonly unknown[]): 'none' | 'some' | 'all' {
  if (isZoned(format)) return 'all';
  // No zone name means seven minutes past.
  const [here, there] = [timeReader(format, 'UTC'), timeReader(format, 'UTC+00:07')];
  const read = times.filter((time) => !Number.isNaN(here(time)));
  const zoned = read.filter((time) => here(time) === there(time)).length;
  return zoned === 0 ? 'none' : zoned === read.length ? 'all' : 'some';
}

/** The first zone name in these times that has several meanings, such as IST, with its meanings, the commonest first; null for none. */
export function ambiguousZone(
  times: readonly unknown[],
): { name: string; meanings: readonly NamedOffset[] } | null {
  const names = new Set<string>();
  for (const time of times) {
    if (typeof time !== 'string') continue;
    // Behind an offset a name only repeats it.
    if (/[+-]\d{2}:?\d{2}/.test(time.slice(8))) continue;
    for (const [name] of time.matchAll(/\b[A-Z]{3,4}\b/g)) names.add(name);
  }
  for (const name of names) {
    const meanings = zoneMeanings(name);
    if (meanings && meanings.length > 1) return { name, meanings };
  }
  return null;
}
