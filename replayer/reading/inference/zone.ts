import { certain, given as asGiven, guess, likely, type Decision } from '../../formats/support/decision.ts';
import { ambiguousZone, zonedShare } from '../../formats/support/times/zone-evidence.ts';
import { normalName } from './member-names.ts';

/** The zone of times that name none: as given, else UTC, which is a guess unless no time needs it. */
export function zoneOf(
  given: string | undefined,
  timeFormat: string,
  columns: readonly string[],
  times: readonly unknown[],
): Decision<string> {
  if (given) return asGiven(given);
  if (times.length === 0) return certain('UTC', 'no time needs a zone');
  const zoned = timeFormat === 'parts' ? 'none' : zonedShare(timeFormat, times);
  const ambiguous = ambiguousZone(times);
  if (ambiguous && zoned !== 'none') {
    const { name, meanings } = ambiguous;
    const [first, second] = [meanings[0]!, meanings[1]!];
    return guess(first.zone, `${name} is read as the time of ${first.place}`, {
      value: second.zone,
      because: `${name} is also the time of ${second.place}`,
    });
  }
  if (zoned === 'all') return certain('UTC', 'every time names its zone, or needs none');
  const named = columns.find((column) => {
    const { name, unit } = normalName(column);
    return /(?:^|_)(?:utc|gmt|zulu)(?:_|$)/.test(unit ?? name) || /(?:^|_)(?:utc|gmt)(?:_|$)/.test(name);
  });
  if (named !== undefined) return likely('UTC', `${named} says so`);
  const some = zoned === 'some' ? 'some of the times name no zone' : 'the times name no zone';
  return guess('UTC', `${some}, and none is given`);
}
