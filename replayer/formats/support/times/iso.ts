import { timeMsOf } from '../../../../core/wire/event.ts';
import { DAY_MS, dayNumber, daysIn, fractionMs, wallMsOf } from './calendar.ts';
import { zoneClock } from './zone-clock.ts';
import { zoneTail } from './zone-tail.ts';

/** What most files hold. `Date.parse` reads it, given a T and a colon in the offset. */
const USUAL = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s?(?:Z|[+-]\d{2}(?::?\d{2})?)?$/i;
const ZONED = /(?:Z|[+-]\d{2}(?::?\d{2})?)$/i;
/** All of ISO 8601 that names a day: calendar, week and ordinal dates, with and without hyphens; and what people make of it. */
const ANY =
  /^(\d{4})(?:-(\d{1,2})-(\d{1,2})|-?W(\d{2})-?([1-7])|-(\d{3})|(\d{2})(\d{2})(?=[T\s_])|(\d{3})(?=T))(?:(?:[T_]|,?\s+)(\d{1,2})(?:(?::(\d{2})(?::(\d{2})(?:[.,](\d+))?)?)|(?:(\d{2})(?:(\d{2})(?:[.,](\d+))?)?))?(?:\s*([ap])\.?\s?m\.?)?)?(\D.*)?$/i;

/**
 * Reads ISO 8601 and its relatives: a blank or `_` for the T, a fraction of any length behind a point or a comma, and any
 * zone that `zoneTail` knows. `zone` is for times that name none.
 */
export function isoReader(zone: string): (text: string) => number {
  const clock = zoneClock(zone);
  const isUtc = clock.fixedMs === 0;
  return (text) => {
    if (!USUAL.test(text)) return anyMs(text);
    if (!dayExists(text)) return NaN;
    const iso = text.replace(' ', 'T').replace(',', '.');
    let ms: number;
    if (ZONED.test(iso.slice(10))) {
      ms = timeMsOf(
        iso
          .replace(/\s/, '')
          .replace(/([+-]\d{2})(\d{2})?$/, (_, h: string, m?: string) => `${h}:${m ?? '00'}`),
      );
    } else {
      const wallMs = timeMsOf(`${iso}Z`);
      ms = isUtc ? wallMs : clock.instantMs(wallMs);
    }
    return Number.isNaN(ms) ? anyMs(text) : ms;
  };

  function anyMs(text: string): number {
    const match = ANY.exec(text);
    if (!match) return NaN;
    const wallMs = wallMsOfMatch(match);
    const hasMinutes = match[11] !== undefined || match[14] !== undefined;
    // In 2024-05-14_13-05 the 05 are minutes. A zone behind a date without a time of day is that of its midnight.
    if (match[10] !== undefined && !hasMinutes && /^-/.test(match[18] ?? '')) return NaN;
    const tail = zoneTail(match[18] ?? '', clock);
    return tail && !Number.isNaN(wallMs) ? tail(wallMs) : NaN;
  }
}

/** `Date.parse` takes 30 February for the first days of March. */
function dayExists(text: string): boolean {
  if (text.charCodeAt(8) < 50) return true;
  const day = Number(text.slice(8, 10));
  return day <= 28 || day <= daysIn(Number(text.slice(0, 4)), Number(text.slice(5, 7)));
}

function wallMsOfMatch(match: RegExpExecArray): number {
  const year = Number(match[1]);
  let hour = Number(match[10] ?? 0);
  const meridiem = match[17];
  if (meridiem) {
    if (hour < 1 || hour > 12) return NaN;
    hour = (hour % 12) + (/p/i.test(meridiem) ? 12 : 0);
  }
  const clock = {
    hour,
    minute: Number(match[11] ?? match[14] ?? 0),
    second: Number(match[12] ?? match[15] ?? 0),
    ms: fractionMs(match[13] ?? match[16]),
  };
  const month = match[2] ?? match[7];
  if (month !== undefined)
    return wallMsOf({ year, month: Number(month), day: Number(match[3] ?? match[8]), ...clock });
  const ofDay = wallMsOf({ year: 1970, month: 1, day: 1, ...clock });
  if (match[4] !== undefined) return isoWeekDay(year, Number(match[4]), Number(match[5])) * DAY_MS + ofDay;
  const ordinal = Number(match[6] ?? match[9]);
  const last = daysIn(year, 2) === 29 ? 366 : 365;
  return ordinal >= 1 && ordinal <= last ? (dayNumber(year, 1, 1) + ordinal - 1) * DAY_MS + ofDay : NaN;
}

/** Days since 1970 of a weekday (1: Monday) of a week; week 1 holds 4 January. NaN if the year does not have the week. */
function isoWeekDay(year: number, week: number, weekday: number): number {
  const monday = (ofYear: number) => {
    const fourth = dayNumber(ofYear, 1, 4);
    return fourth - ((((fourth + 3) % 7) + 7) % 7);
  };
  const first = monday(year) + (week - 1) * 7;
  return week >= 1 && first < monday(year + 1) ? first + weekday - 1 : NaN;
}
