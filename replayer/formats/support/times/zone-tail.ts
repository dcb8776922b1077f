import { isZone, zoneClock, type ZoneClock } from './zone-clock.ts';
import { zoneMeanings } from './zone-names.ts';

/** The end of a time that names a zone: `Z`, `+02`, ` +0200`, `GMT+0200 (CEST)`, ` PDT`, `+02:00[Europe/Berlin]`, ` Europe/Berlin`. */
const TAIL =
  /^\s*(?:(?:(?:UTC|GMT)\s?)?([+-])(\d{2}|\d(?!\d))(?::?([0-5]\d)(?::?([0-5]\d))?)?|(Z)|\[?([A-Za-z]{2,5})\]?|\[?([A-Za-z_]+(?:\/[A-Za-z0-9_+-]+){1,2})\]?)?\s*(?:\[([A-Za-z_]+(?:\/[A-Za-z0-9_+-]+){0,2})\]|\([A-Za-z .'-]{1,60}\))?$/i;

/** Turns a wall time into an instant, epoch ms; NaN where the clocks of the zone never show it. */
export type WallReader = (wallMs: number) => number;

/**
 * How the end of a time says to read it. `null`: the text is not the end of a time. An empty text leaves it to `zone`.
 * Offsets are minutes and signs of any kind (Unicode's minus, too); a zone in brackets behind an offset repeats it.
 */
export function zoneTail(text: string, zone: ZoneClock): WallReader | null {
  if (text === '') return (wallMs) => zone.instantMs(wallMs);
  const match = TAIL.exec(text.replace(/[\u2212\u2013]/g, '-'));
  if (!match) return null;
  const [, sign, hours, minutes, seconds, zulu, name, region, bracket] = match;
  if (sign !== undefined) {
    const offset = Number(hours) * 60 + Number(minutes ?? 0) + Number(seconds ?? 0) / 60;
    if (offset > 18 * 60) return null;
    return shift((sign === '-' ? -offset : offset) * 60_000);
  }
  if (zulu !== undefined) return shift(0);
  if (name !== undefined) return named(name, zone);
  const place = region ?? bracket;
  if (place === undefined || !isZone(place)) return null;
  const clock = zoneClock(place);
  return (wallMs) => clock.instantMs(wallMs);
}

function shift(offsetMs: number): WallReader {
  return (wallMs) => wallMs - offsetMs;
}

function named(name: string, zone: ZoneClock): WallReader | null {
  const meanings = zoneMeanings(name);
  if (!meanings) return null;
  if (meanings.length === 1) return shift(meanings[0]!.minutes * 60_000);
  return (wallMs) => {
    // IST with --tz Asia/Jerusalem is Israel's: the zone's own offset decides.
    const fits = meanings.find(
      ({ minutes }) => zone.offsetMs(wallMs - minutes * 60_000) === minutes * 60_000,
    );
    return wallMs - (fits ?? meanings[0]!).minutes * 60_000;
  };
}
