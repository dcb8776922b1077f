import { timeReader } from './reader.ts';

/** Why a value is not a time in this format and zone, as the end of a sentence about it; null where nothing more can be said than that. */
export function whyNoTime(value: unknown, format: string, zone: string): string | null {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  if (/^0001-01-01/.test(text)) return 'which is in the year 1: programs write that where they have no time';
  if (text === '') return null;
  if (!Number.isNaN(timeReader(format, 'UTC')(value)) && Number.isNaN(timeReader(format, zone)(value)))
    return `which the clocks of ${zone} never show: they are put forward over it`;
  const swapped = swappedOrder(format);
  if (swapped !== null && !Number.isNaN(timeReader(swapped, zone)(value))) {
    const tokens = format.replace(/'[^']*'/g, '').match(/y+|M+|d+/g) ?? [];
    const month = text.match(/\d+/g)?.[tokens.findIndex((token) => token.startsWith('M'))];
    return `in which ${month} would be the month: the column is read as ${format}`;
  }
  return null;
}

/** The pattern with day and month exchanged; null where it does not have both as numbers. */
function swappedOrder(format: string): string | null {
  if (!/(?<![dM])d{1,2}(?!d)/.test(format) || !/(?<!M)M{1,2}(?!M)/.test(format)) return null;
  return format.replace(/(?<![dM])(d{1,2})(?!d)|(?<!M)(M{1,2})(?!M)/g, (token) =>
    token.startsWith('d') ? 'M'.repeat(token.length) : 'd'.repeat(token.length),
  );
}
