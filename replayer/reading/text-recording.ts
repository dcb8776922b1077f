import { channelSpec } from '../../core/wire/channels.ts';
import { BlockBuilder, type Block } from '../../core/wire/block.ts';
import type { Data } from '../../core/wire/event.ts';
import { refusal } from '../../core/problems/errors.ts';
import type { OpenOptions, RefusedRecord } from './open-options.ts';
import type { Format } from '../formats/support/format.ts';
import { recordFilterOf } from './record-filter.ts';
import { interpret, slug, type Interpretation } from './inference.ts';
import { sniff, type SniffResult } from './sniff.ts';
import { rowMapper } from './row-mapper.ts';
import { spanMs } from '../../core/time/duration.ts';
import { furthestBackMs, lowerBound, reordered, sorted, type Disorder } from './order.ts';
import { sourceOf, type Source } from './source.ts';
import { withoutOutliers, type NumberedRows, type OutlierPolicy } from './outliers.ts';
import { parsedInParallel } from './parallel.ts';
import { Parser, type Parsed, type ParserPlan, type RefusedRow } from './parser.ts';

/** A file of up to this, decompressed, is put in order as a whole; a larger one within a window. */
const MEMORY_MAX_BYTES = 64_000_000;
/** A file of less than this is read before threads that start for it have come up. */
const PARALLEL_MIN_BYTES = 32_000_000;
/** Twice the furthest step back of a first look, within these. */
const WINDOW_MIN_MS = 30_000;
const WINDOW_MAX_MS = 86_400_000;

/** One file, understood and in time order. */
export class TextRecording {
  readonly file: string;
  readonly format: string;
  readonly reading: Interpretation;
  readonly disorder: Disorder = { reordered: 0, late: 0, outliers: 0 };
  refused = 0;
  /** Records that were not chosen, or are no news. */
  filtered = 0;
  /** It comes through a pipe: read once, onwards, in order within the window only. */
  readonly once: boolean;
  readonly #source: Source;
  readonly #format: Format;
  readonly #offsetMs: number;
  /** How far back a row may lie to be put in order while the file is being played. */
  readonly #windowMs: number;
  readonly #outliers: OutlierPolicy;
  readonly #refuse: (refusals: RefusedRecord[]) => void;
  readonly #plan: ParserPlan;
  /** The whole recording in order, where it fits. */
  #blocks: Block[] | null = null;
  /** Of a pipe what is still to come. */
  #onwards: AsyncGenerator<Block> | null = null;
  #startMs = NaN;

  private constructor(
    source: Source,
    { format, options: layout, sample }: SniffResult,
    reading: Interpretation,
    options: OpenOptions,
  ) {
    this.file = source.name;
    this.format = format.name;
    this.reading = reading;
    this.once = source.once;
    this.#source = source;
    this.#format = format;
    this.#offsetMs = options.offsetMs ?? 0;
    this.#refuse = options.refuse ?? (() => {});
    const { schema } = channelSpec(reading.channel.value, options.channels);
    const rename = reading.rename.value;
    const subject = slug(source.name);
    const everyMs = options.every === undefined ? null : spanMs(options.every, 'time between rows');
    const plan = { format: format.name, options: { ...layout, rename }, reading };
    this.#plan = { ...plan, everyMs, subject, schema, choice: recordFilterOf(options) };
    this.#outliers = everyMs === null ? (options.outliers ?? 'skip') : 'keep';
    this.#windowMs =
      options.reorder === undefined
        ? Math.min(WINDOW_MAX_MS, Math.max(WINDOW_MIN_MS, 2 * furthestBackMs(timesOf(sample, reading))))
        : spanMs(options.reorder, 'reorder window');
  }

  /**
   * Looks at a file, at standard input (`-`) or at a stream (`redis:<key>`), infers what was not said, and reads it into
   * memory where it fits.
   * @throws refusal when there is no such thing, nothing in it can be played, or an option is missing (it says which)
   */
  static async open(path: string, options: OpenOptions = {}): Promise<TextRecording> {
    const source = await sourceOf(path, options.redis);
    const seen = await sniff(source, options);
    const { format, sample, problem } = seen;
    if (sample.length === 0) {
      throw refusal(
        'recording_unplayable',
        422,
        `${source.name} has no row that can be read as ${format.name}${problem ? `: ${problem}` : '.'}`,
        { hint: 'If it is in another format, name that with --format.' },
      );
    }
    const recording = new TextRecording(source, seen, interpret(source.name, seen, options), options);
    await recording.#load();
    return recording;
  }

  get channel(): string {
    return this.reading.channel.value;
  }

  /** Time of the first record, epoch ms. */
  get startMs(): number {
    return this.#startMs;
  }

  /** Time of the last record, epoch ms; null where only a full reading would tell. */
  get endMs(): number | null {
    return this.#blocks?.at(-1)?.timesMs.at(-1) ?? null;
  }

  /** How many records there are; null where only a full reading would tell. */
  get count(): number | null {
    return this.#blocks && this.#blocks.reduce((sum, { count }) => sum + count, 0);
  }

  /** Records from the given time on, in time order. */
  async *blocks(fromMs = -Infinity): AsyncGenerator<Block> {
    let blocks: Iterable<Block> | AsyncIterable<Block>;
    if (this.#blocks) blocks = this.#blocks;
    else if (this.#onwards) blocks = this.#passOnce(this.#onwards);
    else {
      this.#forgetCounts();
      blocks = reordered(this.#read(), this.#windowMs, this.disorder);
    }
    // Rows too late for the window may lie before the first: from the start on, they are played like all others.
    const fromStart = !(fromMs > this.#startMs);
    for await (const block of blocks) {
      if (fromStart) {
        yield block;
        continue;
      }
      if (block.timesMs.at(-1)! < fromMs) continue;
      yield block.timesMs[0]! >= fromMs ? block : block.slice(lowerBound(block.timesMs, fromMs));
    }
  }

  /** Whether the whole of it was put in order, not within a window only. */
  get sorted(): boolean {
    return this.#blocks !== null;
  }

  /** How much of the file the reading under way has read, 0..1; null where nobody knows. */
  get readShare(): number | null {
    return this.#source.share();
  }

  /** Records as they come, for who puts them in order by himself; those of a pipe are in order within the window. */
  inFileOrder(): AsyncGenerator<Block> {
    if (this.#onwards) return this.#passOnce(this.#onwards);
    this.#forgetCounts();
    return this.#read();
  }

  #forgetCounts(): void {
    Object.assign(this.disorder, { reordered: 0, late: 0, outliers: 0 });
    this.refused = this.filtered = 0;
  }

  /** Once more from the start, telling nobody; of a pipe nothing is left. */
  #again(): Iterable<Block> | AsyncIterable<Block> {
    if (this.once) return [];
    const disorder = { reordered: 0, late: 0, outliers: 0 };
    return reordered(this.#read({ bytes: 0 }, true), this.#windowMs, disorder);
  }

  /** The latest record of each subject before a time, in order of time. Reads from the start where all is not in memory. */
  async latestBefore(timeMs: number): Promise<Block | null> {
    const latest = new Map<number, { block: Block; row: number }>();
    let names: string[] = [];
    for await (const block of this.#blocks ?? this.#again()) {
      names = block.names;
      const end = lowerBound(block.timesMs, timeMs);
      for (let row = 0; row < end; row++) latest.set(block.subjects[row]!, { block, row });
      if (end < block.count) break;
    }
    if (latest.size === 0) return null;
    const builder = new BlockBuilder(latest.size, names);
    const inOrder = [...latest.values()].sort((a, b) => a.block.timesMs[a.row]! - b.block.timesMs[b.row]!);
    for (const { block, row } of inOrder) builder.addRow(block, row);
    return builder.take();
  }

  /** The time of the last record before a time; null where there is none. Reads from the start where all is not in memory. */
  async timeBefore(timeMs: number): Promise<number | null> {
    let before: number | null = null;
    for await (const { timesMs } of this.#blocks ?? this.#again()) {
      const end = lowerBound(timesMs, timeMs);
      if (end > 0) before = timesMs[end - 1]!;
      if (end < timesMs.length) break;
    }
    return before;
  }

  async #load(): Promise<void> {
    if (this.once) this.#onwards = await this.#begun();
    else if ((this.#source.bytes ?? 0) <= MEMORY_MAX_BYTES) {
      const read = { bytes: 0 };
      this.#blocks = await sorted(this.#read(read), this.disorder, () => read.bytes <= MEMORY_MAX_BYTES);
    }
    if (!this.once) {
      for await (const block of this.blocks()) {
        this.#startMs = block.timesMs[0]!;
        break;
      }
    }
    if (Number.isNaN(this.#startMs)) {
      throw refusal(
        'recording_unplayable',
        422,
        `No row of ${this.file} can be played on channel "${this.channel}".`,
        {
          hint:
            this.filtered > 0
              ? `${this.filtered} were left out by filter or sample, or as restored.`
              : `All ${this.refused} were refused, the last for this: ${this.lastReason}`,
        },
      );
    }
  }

  /** A pipe's blocks, of which the first has come. */
  async #begun(): Promise<AsyncGenerator<Block>> {
    const blocks = reordered(this.#read(), this.#windowMs, this.disorder);
    const first = await blocks.next();
    if (!first.done) this.#startMs = first.value.timesMs[0]!;
    return (async function* () {
      if (!first.done) yield first.value;
      yield* blocks;
    })();
  }

  async *#passOnce(blocks: AsyncGenerator<Block>): AsyncGenerator<Block> {
    if (this.#passed)
      throw refusal('recording_passed', 409, `${this.file} can be read once only: no seek, no loop.`, {
        hint: 'Write it to a file first and play that.',
      });
    this.#passed = true;
    yield* blocks;
  }
  #passed = false;

  /** Why the last refused row was. */
  lastReason = '';

  /** Records in file order; refused rows and outliers are told and left out. */
  #read(read = { bytes: 0 }, silent = false): AsyncGenerator<Block> {
    return withoutOutliers(this.#rows(read, silent), this.#outliers, (rows) => {
      if (silent) return;
      this.disorder.outliers += rows.length;
      this.#tell(rows, this.#outliers === 'skip');
    });
  }

  /** Tells of rows; those that are left out count as refused. */
  #tell(rows: RefusedRow[], areRefused = true): void {
    if (areRefused) {
      this.refused += rows.length;
      this.lastReason = rows.at(-1)!.reason;
    }
    const { channel, file } = this;
    this.#refuse(rows.map((row) => ({ channel, file, ...row })));
  }

  /** Records in file order; refused rows are told and left out. */
  async *#rows(read: { bytes: number }, silent: boolean): AsyncGenerator<NumberedRows> {
    let line = 0;
    // Of a packed column store only what comes out tells how much memory it takes; text takes little more than it is.
    const isText = this.#format.cut !== undefined;
    let made = 0;
    for await (const { block, rowLines, refused, filtered, lines } of this.#parsed(read)) {
      if (!silent) this.filtered += filtered;
      made += block.data.length;
      if (!isText) read.bytes = Math.max(read.bytes, made);
      if (refused.length > 0 && !silent)
        this.#tell(refused.map((row) => ({ ...row, line: row.line + line })));
      if (line > 0) for (let row = 0; row < rowLines.length; row++) rowLines[row]! += line;
      line += lines;
      if (this.#offsetMs !== 0)
        for (let row = 0; row < block.count; row++) block.timesMs[row]! += this.#offsetMs;
      if (block.count > 0) yield { block, lines: rowLines };
    }
  }

  #parsed(read: { bytes: number }): AsyncGenerator<Parsed> {
    const { cut } = this.#format;
    const input = this.#source.input((bytes) => counted(bytes, read));
    return cut && this.#plan.everyMs === null && (this.#source.bytes ?? 0) >= PARALLEL_MIN_BYTES
      ? parsedInParallel(input.bytes(), cut, this.#plan)
      : new Parser(this.#plan).file(input);
  }
}

async function* counted(source: AsyncIterable<Buffer>, read: { bytes: number }): AsyncGenerator<Buffer> {
  for await (const bytes of source) {
    read.bytes += bytes.length;
    yield bytes;
  }
}

/** The times of the rows of a first look that have one. */
function* timesOf(sample: Data[], reading: Interpretation): Generator<number> {
  const map = rowMapper({ ...reading, subject: { value: null, because: '' } }, '', null);
  for (const values of sample) {
    const record = map({ line: 0, values, json: '' });
    if (typeof record !== 'string') yield record.timeMs;
  }
}
