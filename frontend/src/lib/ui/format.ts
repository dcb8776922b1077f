import type { Rate } from '../../../../schemas/types.ts';

const whole = new Intl.NumberFormat('en');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `36,271`. */
export const count = (n: number): string => whole.format(Math.round(n));

/** `1 row`, `1,316 rows`. */
export const counted = (n: number, noun: string): string => `${whole.format(n)} ${noun}${n === 1 ? '' : 's'}`;

/** At most three significant digits: `0.04`, `8.3`, `127`, `12,300`. */
export function short(n: number): string {
  if (!Number.isFinite(n)) return '–';
  const size = Math.abs(n);
  const places = size >= 100 || n === 0 ? 0 : size >= 10 ? 1 : 2;
  return new Intl.NumberFormat('en', { maximumFractionDigits: places }).format(n);
}

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

/** A value of an event's data as text. */
export function value(v: unknown): string {
  if (typeof v === 'number') return Number.isInteger(v) ? String(v) : String(Number(v.toPrecision(7)));
  if (typeof v === 'string') return v;
  return v === null || v === undefined ? '–' : JSON.stringify(v);
}
