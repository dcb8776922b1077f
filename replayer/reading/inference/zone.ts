import { certain, given as asGiven, guess, likely, type Decision } from '../../formats/support/decision.ts';
import { normalName } from './member-names.ts';

const ZONE_AT_END = /(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?|\b[A-Z]{2,5}T)\)?$/i;

/** The zone of times that name none: as given, else UTC, which is a guess unless no time needs it. */
export function zoneOf(
  given: string | undefined,
  timeFormat: string,
  columns: readonly string[],
  times: readonly unknown[],
): Decision<string> {
  if (given) return asGiven(given);
  const because = 'no time needs a zone';
  if (/^(?:s|ms|us|ns|\(its own\))$/.test(timeFormat)) return certain('UTC', because);
  const texts = times.filter((time) => typeof time === 'string');
  const zoned = texts.filter(
    (time) => ZONE_AT_END.test(time.trim().slice(8)) || /\bUTC|GMT|[+-]\d{4}\b/.test(time),
  );
  if (texts.length > 0 && zoned.length === texts.length) return certain('UTC', 'every time names its zone');
  const named = columns.find((column) =>
    /^(?:utc|gmt|z)$/.test(normalName(column).unit ?? normalName(column).name),
  );
  if (named !== undefined) return likely('UTC', `${named} says so`);
  return guess('UTC', 'the times name no zone, and none is given');
}
