const DATE_AND_TIME =
  /(?<!\d)(\d{4})([-/.])(\d{2})\2(\d{2})[T ,;_]\s?(\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?\s?(Z|UTC|GMT|[+-]\d{2}:?\d{2})?(?![\d:])/i;
const COMPACT = /(?<![\w.])(\d{4})(\d{2})(\d{2})[T_-]?(\d{2})(\d{2})(\d{2})(?:\.(\d{1,9}))?(Z?)(?![\w])/;
const EPOCH = /(?<![\w.-])(\d{9,19})(\.\d{1,9})?(?![\w.])/;
/** Digits of epoch seconds, milliseconds, microseconds and nanoseconds -> how many of them make a second. */
const UNITS: { [digits: number]: number } = { 9: 1, 10: 1, 13: 1e3, 16: 1e6, 19: 1e9 };
/** AIS and GPS receivers came after 1980; a later number is not an epoch. */
const EARLIEST_MS = Date.UTC(1980, 0);
const LATEST_MS = Date.UTC(2100, 0);

/**
 * The time that a logger wrote beside a sentence, as ISO 8601: a date and time, in any brackets and before any separator,
 * or an epoch in s, ms, us or ns. Without a zone where the logger names none. undefined: there is none.
 */
export function receivedTime(text: string): string | undefined {
  if (text.length < 9) return undefined;
  const written = DATE_AND_TIME.exec(text);
  if (written) {
    const [, year, , month, day, hour, minute, second, fraction, zone = ''] = written;
    return iso([year, month, day, hour, minute, second], fraction, zone);
  }
  const compact = COMPACT.exec(text);
  if (compact) {
    const [, year, month, day, hour, minute, second, fraction, zone = ''] = compact;
    const time = iso([year, month, day, hour, minute, second], fraction, zone);
    if (time !== undefined) return time;
  }
  const [, digits, fraction = ''] = EPOCH.exec(text) ?? [];
  const unit = UNITS[digits?.length ?? 0];
  if (digits === undefined || unit === undefined) return undefined;
  const ms = (Number(digits + fraction) / unit) * 1000;
  if (!(ms >= EARLIEST_MS && ms < LATEST_MS)) return undefined;
  return new Date(Math.round(ms)).toISOString();
}

function iso(parts: (string | undefined)[], fraction: string | undefined, zone: string): string | undefined {
  const [year, month, day, hour, minute, second] = parts.map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const isDate = new Date(ms).getUTCDate() === day && new Date(ms).getUTCMonth() === month - 1;
  if (!isDate || hour > 23 || minute > 59 || second > 60 || ms < EARLIEST_MS || ms >= LATEST_MS)
    return undefined;
  const [y, m, d, h, min, s] = parts as [string, string, string, string, string, string];
  const offset = /^[+-]/.test(zone) ? zone.replace(/(\d{2}):?(\d{2})$/, '$1:$2') : zone === '' ? '' : 'Z';
  return `${y}-${m}-${d}T${h}:${min}:${s}${fraction ? `.${fraction}` : ''}${offset}`;
}
