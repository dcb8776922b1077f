import type { Rate } from '../../../../schemas/types.ts';

const whole = new Intl.NumberFormat('en');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `36,271`. */
export const count = (n: number): string => whole.format(Math.round(n));

/** `1 row`, `1,316 rows`. */
export const counted = (n: number, noun: string): string => `${whole.format(n)} ${noun}${n === 1 ? '' : 's'}`;

/** At least three significant digits where there are any, and no fraction from 100 on: `0.000412`, `8.26`, `127`, `12,345`. */
export function short(n: number): string {
  if (!Number.isFinite(n)) return '–';
  const size = Math.abs(n);
  if (size > 0 && size < 1e-6) return String(Number(n.toPrecision(3)));
  const digits = size >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 };
  return new Intl.NumberFormat('en', digits).format(n);
}

/** A number with all its digits; the error of a conversion of units, in the 15th digit and beyond, is left out. */
export const exact = (n: number): string => (Number.isFinite(n) ? value(Number(n.toPrecision(15))) : '–');

/** Time of day in UTC: `20:21:27`. */
export const timeOfDay = (ms: number): string =>
  Number.isFinite(ms) ? new Date(ms).toISOString().slice(11, 19) : '–';

/** Date in UTC: `2019-12-24`. */
export const dateOf = (ms: number): string =>
  Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 10) : '–';

/** A length of time with as many parts as it needs: `0:07`, `12:03`, `1:02:03`, `4 d 02:10`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, '0');
  const days = Math.floor(s / 86400);
  const hours = Math.floor((s % 86400) / 3600);
  const minutes = Math.floor((s % 3600) / 60);
  if (days > 0) return `${whole.format(days)} d ${two(hours)}:${two(minutes)}`;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}

/** A length of time in words: `45 s`, `58 min`, `9.6 h`, `4 days`. */
export function span(ms: number): string {
  if (ms < 2 * MINUTE) return `${Math.round(ms / 1000)} s`;
  if (ms < 2 * HOUR) return `${Math.round(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${short(ms / HOUR)} h`;
  return `${count(ms / DAY)} days`;
}

/** A measured time with its unit: `4.2 ms`, `120 ms`, `1.5 s`, `3 min`. */
export function elapsed(ms: number): string {
  const digits = (n: number, maximumFractionDigits: number): string =>
    n.toLocaleString('en', { maximumFractionDigits });
  if (ms < 1000) return `${digits(ms, ms < 10 ? 1 : 0)} ms`;
  return ms < 2 * MINUTE ? `${digits(ms / 1000, 1)} s` : `${digits(Math.round(ms / MINUTE), 0)} min`;
}

/** `1×`, `0.25×`, `max`. */
export const rateText = (rate: Rate): string => (rate === 'max' ? 'max' : `${Number(rate.toPrecision(3))}×`);

/** File size: `832 B`, `1.2 MB`. */
export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, n < 1 ? 0 : Math.floor(Math.log10(n) / 3));
  return `${short(n / 1000 ** power)} ${units[power]}`;
}

/** A value as text; a number with all its digits. Values of events: see lib/live/event-text.ts. */
export function value(v: unknown): string {
  if (typeof v === 'number') return Object.is(v, -0) ? '-0' : String(v);
  if (typeof v === 'string') return v;
  return v === null || v === undefined ? '–' : JSON.stringify(v);
}
