import { certain, guess, likely, type Decision } from '../decision.ts';
import { meansNone } from '../none.ts';
import { numberText } from './numbers.ts';
import { BLANKS, trimmed, type ScannedRow } from './row-scanner.ts';
import type { TableSample } from './table-sample.ts';

/** What may stand between cells, the more usual first, and what users call it. */
const DELIMITERS: readonly [delimiter: string, name: string][] = [
  [',', 'commas'],
  [';', 'semicolons'],
  ['\t', 'tabs'],
  ['|', 'bars'],
  ['^', 'carets'],
  [BLANKS, 'blanks'],
];
const STRONG = /[,;\t|]/;
const DATE = /^\d{1,4}[-/.:]\d{1,2}(?:[-/.:]\d{1,4}|[T ]|$)/;
/** Blanks are in texts and times as well, so that another delimiter that fits as well is the likelier. */
const BLANKS_WEIGHT = 0.9;
/** A runner-up whose score comes this near to the best fits as well. */
const CLOSE = 0.05;
/** Below this score a delimiter is not worth telling as a runner-up. */
const RUNNER_UP_MIN = 0.7;
/** Below this share of rows with the same number of cells a delimiter does not make a table. */
const SHARE_MIN = 0.8;
const JUDGED_ROWS = 300;
const MAJORITY = 0.5;
const TABS_INSTEAD = 0.5;

/** The delimiter that occurs most often in a line, outside of quotes; null when none occurs. Blanks do not count. */
export function delimiterOf(line: string): string | null {
  const bare = line.replace(/"[^"]*"/g, '');
  const candidates = DELIMITERS.map(([delimiter]) => delimiter).filter((delimiter) => delimiter !== BLANKS);
  const counts = candidates.map((delimiter) => bare.split(delimiter).length - 1);
  const most = Math.max(...counts);
  return most === 0 ? null : candidates[counts.indexOf(most)]!;
}

/** What a delimiter would make of a table. */
interface Candidate {
  delimiter: string;
  name: string;
  rows: number;
  /** The most frequent number of cells, and the share of rows that have it. */
  width: number;
  share: number;
  /** 0 to 1: how alike the rows are, and how much their cells look like values. */
  score: number;
}

/** The delimiter of a table: the one by which most rows have the same number of cells, and cells are values. */
export function delimiterDecision(sample: TableSample, comment: string | undefined): Decision<string> {
  const candidates = DELIMITERS.filter(([delimiter]) => sample.holds(delimiter) || delimiter === BLANKS)
    .map(([delimiter, name]) => candidateOf(sample, delimiter, name, comment))
    .filter(({ width }) => width > 1);
  const tabs = candidates.find(({ delimiter }) => delimiter === '\t');
  const blanks = candidates.find(({ delimiter }) => delimiter === BLANKS);
  // Tabs are blanks, too: where most rows are divided by tabs, a title of as many words does not make them blanks.
  if (tabs && blanks && tabs.share >= MAJORITY && tabs.width === blanks.width) blanks.score *= TABS_INSTEAD;
  candidates.sort((a, b) => b.score - a.score);
  const [best, ...others] = candidates;
  if (!best) return likely(',', 'no row holds anything that could stand between cells');
  const because = evidence(best);
  const runnerUp = others.find(({ share, score }) => share >= SHARE_MIN && score >= RUNNER_UP_MIN);
  const instead = runnerUp && { value: runnerUp.delimiter, because: evidence(runnerUp) };
  if ((runnerUp && runnerUp.score >= best.score - CLOSE) || best.share < SHARE_MIN)
    return guess(best.delimiter, because, instead);
  return instead || best.share < 1
    ? likely(best.delimiter, because, instead)
    : certain(best.delimiter, because);
}

function evidence({ name, rows, width, share }: Candidate): string {
  const count = Math.round(share * rows);
  return `${count === rows ? 'all' : `${count} of`} ${rows} rows of the sample have ${width} cells with ${name} between them`;
}

function candidateOf(
  sample: TableSample,
  delimiter: string,
  name: string,
  comment: string | undefined,
): Candidate {
  const dialect = { delimiter, comment };
  const rows = [...sample.headRows(dialect), ...sample.laterRows(dialect)];
  const width = usualWidth(rows);
  const alike = rows.filter(({ cells, problem }) => cells.length === width && problem === undefined);
  const share = rows.length === 0 ? 0 : alike.length / rows.length;
  const judged = (alike.length > 1 ? alike.slice(1) : alike).slice(0, JUDGED_ROWS);
  const cells = judged.flatMap(({ cells, quoted }) => cells.filter((_, i) => !quoted?.includes(i)));
  const clean = cells.length === 0 ? 1 : cells.filter((cell) => isClean(cell)).length / cells.length;
  const weight = delimiter === BLANKS ? BLANKS_WEIGHT : 1;
  return { delimiter, name, rows: rows.length, width, share, score: weight * share * (0.4 + 0.6 * clean) };
}

/** The most frequent number of cells; of several, the largest. */
export function usualWidth(rows: readonly ScannedRow[]): number {
  const counts = new Map<number, number>();
  for (const { cells, problem } of rows)
    if (problem === undefined) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1);
  const [width = 1] = [...counts].sort(([a, n], [b, m]) => m - n || b - a)[0] ?? [];
  return width;
}

/** Whether a cell looks like a value and not like several cells. */
function isClean(written: string): boolean {
  const cell = trimmed(written);
  if (cell === '' || meansNone(cell) || DATE.test(cell)) return !STRONG.test(cell) || DATE_ONLY.test(cell);
  return numberText(cell) !== null || numberText(cell, ',') !== null || !STRONG.test(cell);
}

/** A time may have a comma before its fraction. */
const DATE_ONLY = /^[\d\-/.:T ]+(?:,\d+)?(?: ?[AP]M| ?UTC|Z|[+-]\d{2}:?\d{2})?$/i;
