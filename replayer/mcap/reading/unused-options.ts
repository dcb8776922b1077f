import { basename } from 'node:path';
import type { OpenOptions } from '../../reading/open-options.ts';

/** The options that say how text is read. */
const OF_TEXT: readonly (keyof OpenOptions)[] = [
  ...(['format', 'encoding', 'time', 'timeFormat', 'every', 'latitude', 'longitude', 'delimiter'] as const),
  ...(['header', 'columns', 'comment', 'decimal', 'rows', 'reorder'] as const),
];

/** Says which of the given options have no effect on an MCAP file, as a sentence; none where all have. */
export function unusedOptions(path: string, options: OpenOptions): string[] {
  const unused = OF_TEXT.filter((name) => options[name] !== undefined && options[name] !== 'mcap');
  if (unused.length === 0) return [];
  const names = unused.map((name) => name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`));
  const have = names.length === 1 ? 'has' : 'have';
  return [
    `${basename(path)} is MCAP, which says itself how it is read: ${names.join(', ')} ${have} no effect on it.`,
  ];
}
