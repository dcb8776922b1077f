import { BlockBuilder, type Block } from '../../../core/wire/block.ts';
import { isoTime } from '../../../core/wire/event.ts';
import type { RefusedRow } from '../parsing/parser.ts';

/** A row whose time is weeks away from the rows around it is left out, given the time of the row before it, or kept. */
export type OutlierPolicy = 'skip' | 'clamp' | 'keep';

/** Records in the order of the file, each with its line. */
export interface NumberedRows {
  block: Block;
  lines: Uint32Array;
}

const DAY_MS = 86_400_000;
/** A row nearer than this to its neighbours is never an outlier. */
const NEAR_MS = 14 * DAY_MS;
/** Nor is a row nearer than this many typical steps between rows, for recordings of a row a day or a year. */
const NEAR_STEPS = 1_000;
/** More rows than this in a row that agree on another time are not outliers: the recording goes on at that time. */
const RUN_MAX = 8;
/** A recording with more large steps than both of these allow jumps by nature, and has no outliers. */
const JUMPS_MAX = 4;
const JUMPS_MAX_SHARE = 0.05;
/** How many rows the rules above are learnt from. */
const LEARNT_ROWS = 1_000;

interface Outlier {
  row: number;
  /** The time of the row before; of the row after where no row is before. */
  nearMs: number;
}

/**
 * Handles rows whose clock was wrong, for instance a GPS receiver without a fix that reports 1970. A single one would
 * stretch a replay by years. `report` receives them as refused rows.
 */
export async function* withoutOutliers(
  source: AsyncIterable<NumberedRows>,
  policy: OutlierPolicy,
  report: (rows: RefusedRow[]) => void,
): AsyncGenerator<Block> {
  if (policy === 'keep') {
    for await (const { block } of source) yield block;
    return;
  }
  const finder = new OutlierFinder();
  let held: NumberedRows | null = null;
  const treated = ({ block, lines }: NumberedRows, end: number, outliers: Outlier[]) => {
    if (outliers.length > 0) report(outliers.map((outlier) => refusedRow(block, lines, outlier)));
    if (policy === 'skip') return without(block, end, outliers);
    for (const { row, nearMs } of outliers) block.timesMs[row] = nearMs;
    return block.slice(0, end);
  };
  for await (const next of source) {
    const rows: NumberedRows = held ? joined(held, next) : next;
    const { outliers, end } = finder.find(rows.block.timesMs, false);
    held = end < rows.block.count ? { block: rows.block.slice(end), lines: rows.lines.subarray(end) } : null;
    const block = treated(rows, end, outliers);
    if (block.count > 0) yield block;
  }
  if (!held) return;
  const { outliers, end } = finder.find(held.block.timesMs, true);
  const block = treated(held, end, outliers);
  if (block.count > 0) yield block;
}

/** Tells whether rows that come one by one, in order, hold outliers. */
export class OutlierWatch {
  readonly #finder = new OutlierFinder();
  #timesMs: number[] = [];

  /** Whether there is an outlier among the rows up to this one, as far as can be told without those that follow. */
  finds(timeMs: number): boolean {
    return this.#timesMs.push(timeMs) >= LEARNT_ROWS && this.#find(false);
  }

  /** The same after the last row. */
  findsAtEnd(): boolean {
    return this.#find(true);
  }

  #find(isLast: boolean): boolean {
    const { outliers, end } = this.#finder.find(Float64Array.from(this.#timesMs), isLast);
    this.#timesMs = this.#timesMs.slice(end);
    return outliers.length > 0;
  }
}

/**
 * Finds runs of up to eight rows that lie weeks away from both the row before and the row after. What counts as far is
 * learnt from the first thousand rows: in a recording of one row a year, a year is not far.
 */
class OutlierFinder {
  #seen: number[] = [];
  #nearMs = NEAR_MS;
  #previousMs = NaN;
  #accepted = 0;
  /** Rows at the end of the last batch that were left undecided; they come first in the next batch. */
  #undecided = 0;

  /** The outliers among the next rows, up to `end`. The rows from there on are undecided, and come again with more. */
  find(timesMs: Float64Array, isLast: boolean): { outliers: Outlier[]; end: number } {
    this.#learn(timesMs.subarray(this.#undecided));
    this.#undecided = 0;
    const outliers: Outlier[] = [];
    const { length } = timesMs;
    for (let row = 0; row < length;) {
      const timeMs = timesMs[row]!;
      if (this.#isNear(timeMs)) {
        this.#accept(timeMs);
        row++;
        continue;
      }
      let end = row + 1;
      while (end < length && end - row <= RUN_MAX && !this.#isNear(timesMs[end]!)) end++;
      const isRun = end - row <= RUN_MAX;
      if (isRun && end === length && !isLast) {
        this.#undecided = length - row;
        return { outliers, end: row };
      }
      if (isRun && (end < length || this.#accepted > RUN_MAX * (end - row))) {
        const nearMs = this.#accepted > 0 ? this.#previousMs : timesMs[end]!;
        for (; row < end; row++) outliers.push({ row, nearMs });
      } else this.#accept(timesMs[row++]!);
    }
    return { outliers, end: length };
  }

  /** Learns from the first rows how far apart rows are, and at which time the recording begins. */
  #learn(timesMs: Float64Array): void {
    const seen = this.#seen;
    if (seen.length >= LEARNT_ROWS) return;
    seen.push(...timesMs.subarray(0, LEARNT_ROWS - seen.length));
    const steps = seen.slice(1).map((timeMs, i) => Math.abs(timeMs - seen[i]!));
    const nearMs = Math.max(NEAR_MS, NEAR_STEPS * median(steps));
    const jumps = steps.filter((step) => step > nearMs).length;
    this.#nearMs = jumps > Math.max(JUMPS_MAX, JUMPS_MAX_SHARE * steps.length) ? Infinity : nearMs;
    if (this.#accepted === 0) this.#previousMs = median(seen);
  }

  #isNear(timeMs: number): boolean {
    return !(Math.abs(timeMs - this.#previousMs) > this.#nearMs);
  }

  #accept(timeMs: number): void {
    this.#previousMs = timeMs;
    this.#accepted++;
  }
}

/** The lower median; 0 of no values. */
function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1] ?? 0;
}

function refusedRow(block: Block, lines: Uint32Array, { row, nearMs }: Outlier): RefusedRow {
  const { timeMs, data } = block.record(row);
  const days = Math.round(Math.abs(timeMs - nearMs) / DAY_MS).toLocaleString('en');
  return {
    line: lines[row]!,
    reason: `Its time, ${isoTime(timeMs)}, is ${days} days away from the rows around it (--outliers skip, clamp or keep).`,
    content: data,
    timeMs: nearMs,
  };
}

function without(block: Block, end: number, outliers: Outlier[]): Block {
  if (outliers.length === 0) return block.slice(0, end);
  const left = new Set(outliers.map(({ row }) => row));
  return block.pick(Array.from({ length: end }, (_, row) => row).filter((row) => !left.has(row)));
}

function joined(first: NumberedRows, second: NumberedRows): NumberedRows {
  const builder = new BlockBuilder(first.block.count + second.block.count, first.block.names);
  for (const { block } of [first, second])
    for (let row = 0; row < block.count; row++) builder.addRow(block, row);
  return { block: builder.take(), lines: Uint32Array.from([...first.lines, ...second.lines]) };
}
