import type { Block } from '../../core/wire/block.ts';
import type { Format } from '../formats/support/format.ts';
import type { OpenOptions, TimeLimits } from './open-options.ts';
import type { Disorder } from './order/order.ts';
import { withoutOutliers, type NumberedRows, type OutlierPolicy } from './order/outliers.ts';
import { withRepeatedHours } from './order/repeated-hour.ts';
import { parsedInParallel } from './parsing/parallel.ts';
import { Parser, type Parsed, type ParserPlan, type RefusedRow } from './parsing/parser.ts';
import { Subjects } from './parsing/subjects.ts';
import type { Source } from './source/source.ts';

/** A smaller file is read before the threads that would help have started. */
const PARALLEL_MIN_BYTES = 32_000_000;

/** What a reader needs besides the plan of its parser. */
interface ReaderOptions {
  source: Source;
  format: Format;
  outliers: OutlierPolicy;
  /** Added to all times, ms. */
  offsetMs: number;
  /** The zone of times that name none, if its clocks are put back at times; else null. */
  repeatingZone: string | null;
  refuse: NonNullable<OpenOptions['refuse']>;
  noted: NonNullable<OpenOptions['noted']>;
  timeLimits?: TimeLimits;
}

/** How many bytes a reading has taken so far: of the text, or of the records where these are larger. */
export interface ReadProgress {
  bytes: number;
}

/** Reads the records of one source in file order, as often as asked, and counts the rows that it leaves out. */
export class RecordReader {
  readonly disorder: Disorder = { reordered: 0, late: 0, outliers: 0 };
  refused = 0;
  /** Records left out by filter or sample, or because they only restore state. */
  filtered = 0;
  /** Rows that the format says are not to be played: reason -> how many. */
  readonly skipped = new Map<string, number>();
  /** Optional values that mean "none" and were left out. */
  absent = 0;
  /** Rows whose time the clocks showed twice, and nothing tells which time is meant: they have the first. */
  ambiguous = 0;
  /** The subjects that have been read so far, with their channels. All blocks share them. */
  readonly subjects = new Subjects();
  /** Why the last refused row was refused. */
  lastReason = '';
  readonly plan: ParserPlan;
  readonly #options: ReaderOptions;

  constructor(plan: ParserPlan, options: ReaderOptions) {
    this.plan = plan;
    this.#options = options;
  }

  /** Reads from the start. Counts begin anew, and refused rows are reported. */
  async *read(progress: ReadProgress = { bytes: 0 }): AsyncGenerator<Block> {
    Object.assign(this.disorder, { reordered: 0, late: 0, outliers: 0 });
    this.refused = this.filtered = this.absent = this.ambiguous = 0;
    this.skipped.clear();
    const { outliers } = this.#options;
    yield* withoutOutliers(this.#timed(progress, false), outliers, (rows) => {
      this.disorder.outliers += rows.length;
      this.#report(rows, outliers === 'skip');
    });
    for (const note of this.#options.source.notes()) this.#options.noted(note);
  }

  /** Reads from the start, and neither counts nor reports anything. */
  readSilently(): AsyncGenerator<Block> {
    return withoutOutliers(this.#timed({ bytes: 0 }, true), this.#options.outliers, () => {});
  }

  /** Reports rows to the caller; those that are left out count as refused. */
  #report(rows: RefusedRow[], areLeftOut: boolean): void {
    if (areLeftOut) {
      this.refused += rows.length;
      this.lastReason = rows.at(-1)!.reason;
    }
    const { refuse, source } = this.#options;
    const channel = this.plan.interpretation.channel.value;
    refuse(rows.map((row) => ({ channel, file: source.name, ...row })));
  }

  #count({ filtered, absent, skipped }: Parsed): void {
    this.filtered += filtered;
    this.absent += absent;
    for (const [reason, count] of skipped) this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + count);
  }

  /** The rows in file order, with their times on the timeline. */
  async *#timed(progress: ReadProgress, silent: boolean): AsyncGenerator<NumberedRows> {
    const { repeatingZone, offsetMs, timeLimits } = this.#options;
    const rows = this.#rows(progress, silent);
    const ambiguous = (count: number) => {
      if (!silent) this.ambiguous += count;
    };
    const told = repeatingZone === null ? rows : withRepeatedHours(rows, repeatingZone, ambiguous);
    for await (const numbered of told) {
      const { timesMs } = numbered.block;
      if (offsetMs !== 0) for (let row = 0; row < timesMs.length; row++) timesMs[row]! += offsetMs;
      const kept = timeLimits ? this.#within(numbered, timeLimits, silent) : numbered;
      if (kept.block.count > 0) yield kept;
    }
  }

  /** Those rows whose times lie within limits. The others are refused. */
  #within(rows: NumberedRows, { fromMs, endMs, reason }: TimeLimits, silent: boolean): NumberedRows {
    const { block, lines } = rows;
    const isWithin = (timeMs: number) => timeMs >= fromMs && timeMs <= endMs;
    if (block.timesMs.every(isWithin)) return rows;
    const [kept, refused]: number[][] = [[], []];
    block.timesMs.forEach((timeMs, row) => (isWithin(timeMs) ? kept! : refused!).push(row));
    if (!silent)
      this.#report(
        refused!.map((row) => ({ line: lines[row]!, reason, content: block.record(row).data })),
        true,
      );
    return { block: block.pick(kept!), lines: Uint32Array.from(kept!, (row) => lines[row]!) };
  }

  async *#rows(progress: ReadProgress, silent: boolean): AsyncGenerator<NumberedRows> {
    const { format } = this.#options;
    let line = 0;
    // Text takes about as much memory as its file. Compressed columns take as much as the records made of them.
    const isText = format.cut !== undefined;
    let recordBytes = 0;
    for await (const parsed of this.#parsed(progress)) {
      const { block, rowLines, refused, lines } = parsed;
      if (!silent) this.#count(parsed);
      recordBytes += block.data.length;
      if (!isText) progress.bytes = Math.max(progress.bytes, recordBytes);
      if (refused.length > 0 && !silent) {
        const { offsetMs } = this.#options;
        const rows = refused.map((row) => {
          const timeMs = row.timeMs ?? timeBeside(row.line, parsed);
          return {
            ...row,
            line: row.line + line,
            ...(timeMs !== undefined && { timeMs: timeMs + offsetMs }),
          };
        });
        this.#report(rows, true);
      }
      if (line > 0) for (let row = 0; row < rowLines.length; row++) rowLines[row]! += line;
      line += lines;
      if (block.count > 0) yield { block, lines: rowLines };
    }
  }

  #parsed(progress: ReadProgress): AsyncGenerator<Parsed> {
    const { source, format } = this.#options;
    const input = source.input((bytes) => counted(bytes, progress));
    const isLarge = (source.bytes ?? 0) >= PARALLEL_MIN_BYTES;
    return format.cut && this.plan.everyMs === null && isLarge
      ? parsedInParallel(input.bytes(), format.cut, this.plan, this.subjects)
      : new Parser(this.plan).file(input, this.subjects);
  }
}

/** When a row without a time happened, ms, by those before and after it in a run; undefined where the run holds no other. */
function timeBeside(line: number, { block, rowLines }: Parsed): number | undefined {
  const found = rowLines.findIndex((other) => other > line);
  const after = found < 0 ? rowLines.length : found;
  const [fromMs, toMs] = [block.timesMs[after - 1], block.timesMs[after]];
  if (fromMs === undefined || toMs === undefined) return fromMs ?? toMs;
  const [from, to] = [rowLines[after - 1]!, rowLines[after]!];
  return fromMs + ((toMs - fromMs) * (line - from)) / (to - from);
}

async function* counted(bytes: AsyncIterable<Buffer>, progress: ReadProgress): AsyncGenerator<Buffer> {
  for await (const piece of bytes) {
    progress.bytes += piece.length;
    yield piece;
  }
}
