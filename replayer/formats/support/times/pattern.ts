import { DateTime } from 'luxon';
import { refusal } from '../../../../core/problems/errors.ts';
import {
  DAY_MS,
  fractionMs,
  fullYear,
  isWeekday,
  MONTH_NAME,
  monthNamed,
  wallMsOf,
  WEEKDAY_NAME,
} from './calendar.ts';
import { zoneClock } from './zone-clock.ts';
import { zoneTail, type WallReader } from './zone-tail.ts';

/** What a token of a pattern stands for: the group's name, its expression, and whether it is made of digits. */
interface Token {
  name: string;
  regex: string;
  digits?: true;
}

const two = (name: string): Token => ({ name, regex: '\\d{1,2}', digits: true });
const FRACTION: Token = { name: 'fraction', regex: '\\d*', digits: true };
const ZONE: Token = { name: 'zone', regex: "[^\\s\\d][^\\s]*(?: \\([A-Za-z .'-]+\\))?" };
/** Luxon's tokens that are read here. A pattern with any other is read by Luxon, which is slower and stricter. */
const TOKENS: { [token: string]: Token } = {
  yyyy: { name: 'year', regex: '\\d{4}', digits: true },
  y: { name: 'year', regex: '\\d{4}', digits: true },
  yy: { name: 'shortYear', regex: '\\d{2}', digits: true },
  M: two('month'),
  MM: two('month'),
  L: two('month'),
  LL: two('month'),
  MMM: { name: 'monthName', regex: `${MONTH_NAME}\\.?` },
  MMMM: { name: 'monthName', regex: `${MONTH_NAME}\\.?` },
  d: two('day'),
  dd: two('day'),
  EEE: { name: 'weekday', regex: `${WEEKDAY_NAME}\\.?` },
  EEEE: { name: 'weekday', regex: `${WEEKDAY_NAME}\\.?` },
  H: two('hour'),
  HH: two('hour'),
  h: two('hour'),
  hh: two('hour'),
  m: two('minute'),
  mm: two('minute'),
  s: two('second'),
  ss: two('second'),
  S: FRACTION,
  SSS: FRACTION,
  SSSSSS: FRACTION,
  a: { name: 'meridiem', regex: '[ap]\\.?\\s?m\\.?' },
  Z: ZONE,
  ZZ: ZONE,
  ZZZ: ZONE,
  z: ZONE,
};

/**
 * The reader for a pattern of Luxon's tokens, in English. It is more tolerant than Luxon: numbers between other characters
 * may have one digit or two, any blank is a blank, seconds, fractions of any length and a zone at the end may be there or
 * not. It is as strict about dates: 30 February and a wrong weekday are not times. `zone` is for times that name none.
 * @throws refusal `time_format_unknown` for a pattern without a year: today's would be taken
 */
export function patternReader(pattern: string, zone: string): (text: string) => number {
  const regex = compiled(pattern);
  const clock = zoneClock(zone);
  if (!regex) return luxonReader(pattern, zone);
  let lastTail = '';
  let tail: WallReader | null = zoneTail('', clock);
  return (text) => {
    const groups = regex.exec(text)?.groups;
    if (!groups) return NaN;
    const zoneText = groups['zone'] ?? groups['tail'] ?? '';
    if (zoneText !== lastTail) tail = zoneTail((lastTail = zoneText), clock);
    const wallMs = tail ? wallMsOfGroups(groups) : NaN;
    return Number.isNaN(wallMs) ? NaN : tail!(wallMs);
  };
}

type Groups = { [name: string]: string | undefined };

function wallMsOfGroups(groups: Groups): number {
  const { year, shortYear, month, monthName, day, weekday, second, fraction, meridiem } = groups;
  let hour = Number(groups['hour'] ?? 0);
  if (meridiem) {
    const isAfternoon = /p/i.test(meridiem);
    if (hour <= 12) hour = (hour % 12) + (isAfternoon ? 12 : 0);
    else if (!isAfternoon) return NaN;
  }
  const wallMs = wallMsOf({
    year: year === undefined ? fullYear(Number(shortYear)) : Number(year),
    month: monthName === undefined ? Number(month ?? 1) : monthNamed(monthName),
    day: Number(day ?? 1),
    hour,
    minute: Number(groups['minute'] ?? 0),
    second: Number(second ?? 0),
    ms: fractionMs(fraction || undefined),
  });
  return weekday !== undefined && !isWeekday(Math.floor(wallMs / DAY_MS), weekday) ? NaN : wallMs;
}

/** A pattern as a regular expression with a group for each part; null if it has a token that only Luxon knows. */
function compiled(pattern: string): RegExp | null {
  const pieces = pattern.match(/'[^']*'|([A-Za-z])\1*|[^A-Za-z']/g) ?? [];
  const found = pieces.map((piece) => (/^[A-Za-z]/.test(piece) ? (TOKENS[piece] ?? null) : piece));
  if (found.includes(null)) return null;
  const parts = found as (Token | string)[];
  const names = parts.flatMap((part) => (typeof part === 'string' ? [] : [part.name]));
  if (!names.includes('year') && !names.includes('shortYear')) throw yearless(pattern);
  if (new Set(names).size < names.length) return null;
  let source = '';
  for (const [i, part] of parts.entries()) {
    const before = parts[i - 1];
    if (typeof part === 'string') {
      // The sign before a fraction goes with it: both may be missing, and a comma is as good as a point.
      const next = parts[i + 1];
      const beforeFraction = /^[.,]$/.test(part) && typeof next === 'object' && next.name === 'fraction';
      if (!beforeFraction) source += literal(part);
      continue;
    }
    if (part.name === 'fraction' && typeof before === 'string' && /^[.,]$/.test(before))
      source += optionalFraction;
    else source += group(part, exact(parts, i) ? pieces[i]!.length : 0);
    if (part.name === 'minute' && !names.includes('second') && !exact(parts, i))
      source += `(?::(?<second>\\d{2})${optionalFraction})?`;
    if (part.name === 'second' && !names.includes('fraction')) source += optionalFraction;
  }
  const tail = names.includes('hour') && !names.includes('zone') ? '(?<tail>\\s*[^\\d\\s:.,/].*)?' : '';
  return new RegExp(`^${source}${tail}$`, 'i');
}

const optionalFraction = '(?:[.,](?<fraction>\\d+))?';

function group({ name, regex, digits }: Token, width: number): string {
  const ordinal = name === 'day' && width === 0 ? '(?:st|nd|rd|th)?' : '';
  return `(?<${name}>${width > 1 && digits && name !== 'fraction' ? `\\d{${width}}` : regex})${ordinal}`;
}

/** Whether a part has another one of digits next to it, so that its width tells where it ends. */
function exact(parts: (Token | string)[], i: number): boolean {
  const isDigits = (part: Token | string | undefined) => typeof part === 'object' && part.digits === true;
  return isDigits(parts[i]) && (isDigits(parts[i - 1]) || isDigits(parts[i + 1]));
}

function literal(piece: string): string {
  const text = piece.startsWith("'") ? piece.slice(1, -1) : piece;
  if (text.trim() === '') return text === '' ? '' : '\\s+';
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

function luxonReader(pattern: string, zone: string): (text: string) => number {
  const parser = DateTime.buildFormatParser(pattern, { locale: 'en' });
  return (text) => DateTime.fromFormatParser(text, parser, { zone }).toMillis();
}

function yearless(pattern: string): Error {
  return refusal('time_format_unknown', `The time format "${pattern}" has no year.`, {
    hint: 'Name the column of the date as well, as in --time date+clock --time-format "yyyy-MM-dd HH:mm:ss", or play a row every so often with --every 1s.',
  });
}
