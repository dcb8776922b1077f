const TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const MINUTE_MS = 60_000;

/** A time that came with an event. */
export interface EventTime {
  /** Epoch milliseconds, with microseconds as a fraction. */
  timeMs: number;
  /** ISO 8601 in UTC, with all digits of the second that were given, at least milliseconds. */
  text: string;
}

/**
 * Reads a time with a zone (RFC 3339). A leap second, 23:59:60 UTC, is the first second of the next day. Null if it is not
 * such a time.
 */
export function readEventTime(given: unknown): EventTime | null {
  const found = typeof given === 'string' ? TIME.exec(given) : null;
  if (!found) return null;
  const [, year, month, day, hour, minute, second, fraction = '', sign, zoneHour = '0', zoneMinute = '0'] =
    found;
  const isLeap = second === '60';
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), isLeap ? 59 : Number(second));
  // There is no thirtieth of February, and no 25th hour.
  if (date.toISOString().slice(0, 16) !== `${year}-${month}-${day}T${hour}:${minute}`) return null;
  if (Number(zoneHour) > 23 || Number(zoneMinute) > 59) return null;
  const zoneMs = (Number(zoneHour) * 60 + Number(zoneMinute)) * MINUTE_MS * (sign === '-' ? -1 : 1);
  const utc = new Date(date.getTime() - zoneMs);
  if (isLeap) {
    if (utc.getUTCHours() !== 23 || utc.getUTCMinutes() !== 59) return null;
    utc.setTime(utc.getTime() + 1_000);
  }
  const shown = utc.toISOString();
  // Years beyond four digits have another form, which few readers know.
  if (shown.length !== 24) return null;
  const microseconds = Number(fraction.slice(0, 6).padEnd(6, '0'));
  return {
    timeMs: utc.getTime() + microseconds / 1_000,
    text: `${shown.slice(0, 20)}${fraction.padEnd(3, '0')}Z`,
  };
}
