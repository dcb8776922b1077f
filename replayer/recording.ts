import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { channelSpec } from '../core/channels.ts';
import { BlockBuilder, type Block } from '../core/block.ts';
import type { Data } from '../core/event.ts';
import { refusal } from '../core/errors.ts';
import type { Config, RecordingOptions } from '../schemas/types.ts';
import { formatOf } from './formats/index.ts';
import type { Format, Row } from './formats/format.ts';
import { infer, slug, type Reading } from './inference.ts';
import { lowerBound, reordered, sorted, type Disorder } from './order.ts';
import { parsedInParallel } from './parallel.ts';
import { Parser, type Parsed, type ParserPlan } from './parser.ts';
import { decoded, fileInput, readBytes } from './source.ts';

/** A file of up to this, decompressed, is put in order as a whole; a larger one within a window. */
const MEMORY_MAX_BYTES = 200_000_000;
/** A file of less than this is read before threads that start for it have come up. */
const PARALLEL_MIN_BYTES = 32_000_000;
const SAMPLE_ROWS = 1_000;
const SAMPLE_CHARACTERS = 1 << 20;

/** A row that can't be played. */
export interface Refusal {
  channel: string;
  file: string;
  line: number;
  reason: string;
  content: string;
}

export interface OpenOptions extends Omit<RecordingOptions, 'id' | 'offset'> {
  rename?: ReadonlyMap<string, string>;
  channels?: Config['channels'];
  /** Shifts all of it on the timeline. */
  offsetMs?: number;
  /** Hears of every row that can't be played. */
  refuse?: (refusals: Refusal[]) => void;
}

/** One file, understood and in time order. */
export class Recording {
  readonly file: string;
  readonly format: string;
  readonly reading: Reading;
  readonly disorder: Disorder = { reordered: 0, late: 0 };
  refused = 0;
  readonly #path: string;
  readonly #format: Format;
  readonly #offsetMs: number;
  readonly #refuse: (refusals: Refusal[]) => void;
  readonly #plan: ParserPlan;
  /** As it lies on the disk. */
  readonly #bytes: number;
  /** The whole recording in order, where it fits. */
  #blocks: Block[] | null = null;
  #startMs = NaN;

  private constructor(path: string, bytes: number, format: Format, reading: Reading, options: OpenOptions) {
    this.file = basename(path);
    this.format = format.name;
    this.reading = reading;
    this.#path = path;
    this.#format = format;
    this.#bytes = bytes;
    this.#offsetMs = options.offsetMs ?? 0;
    this.#refuse = options.refuse ?? (() => {});
    const { schema } = channelSpec(reading.channel.value, options.channels);
    this.#plan = { format: format.name, reading, subject: slug(path), schema };
  }

  /**
   * Looks at the file, infers what was not said, and reads it into memory where it fits.
   * @throws refusal when there is no such file, nothing in it can be played, or an option is missing (it says which)
   */
  static async open(path: string, options: OpenOptions = {}): Promise<Recording> {
    const info = await stat(path).catch(() => null);
    if (!info?.isFile())
      throw refusal('recording_unknown', 404, `There is no file ${path}.`, { hint: 'Check the path.' });
    if (info.size === 0)
      throw refusal('recording_empty', 422, `${basename(path)} is empty.`, {
        hint: 'Record or choose another file.',
      });
    const { format, sample, problem } = await look(path);
    if (sample.length === 0) {
      throw refusal(
        'recording_unplayable',
        422,
        `${basename(path)} has no row that can be read as ${format.name}${problem ? `: ${problem}` : '.'}`,
        {
          hint: 'CSV needs a header line; NDJSON one JSON object a line.',
        },
      );
    }
    const reading = infer(basename(path), sample, options);
    const recording = new Recording(path, info.size, format, reading, options);
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
    else {
      this.disorder.reordered = this.disorder.late = this.refused = 0;
      blocks = reordered(this.#read(), this.disorder);
    }
    for await (const block of blocks) {
      if (block.timesMs.at(-1)! < fromMs) continue;
      yield block.timesMs[0]! >= fromMs ? block : block.slice(lowerBound(block.timesMs, fromMs));
    }
  }

  /** Once more from the start, telling nobody. */
  #again(): AsyncGenerator<Block> {
    return reordered(this.#read({ bytes: 0 }, true), { reordered: 0, late: 0 });
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
    const packed = this.#path.endsWith('.gz');
    if (this.#bytes * (packed ? 2 : 1) <= MEMORY_MAX_BYTES) {
      const read = { bytes: 0 };
      this.#blocks = await sorted(this.#read(read), this.disorder, () => read.bytes <= MEMORY_MAX_BYTES);
    }
    for await (const block of this.blocks()) {
      this.#startMs = block.timesMs[0]!;
      break;
    }
    if (Number.isNaN(this.#startMs)) {
      throw refusal(
        'recording_unplayable',
        422,
        `No row of ${this.file} can be played on channel "${this.channel}".`,
        {
          hint: `All ${this.refused} were refused; GET /api/v1/deadletters says why. ${this.lastReason}`,
        },
      );
    }
  }

  /** Why the last refused row was. */
  lastReason = '';

  /** Records in file order; refused rows are told and left out. */
  async *#read(read = { bytes: 0 }, silent = false): AsyncGenerator<Block> {
    let line = 0;
    for await (const { block, refused, lines } of this.#parsed(() => counted(readBytes(this.#path), read))) {
      if (refused.length > 0 && !silent) {
        this.refused += refused.length;
        this.lastReason = refused.at(-1)!.reason;
        const { channel, file } = this;
        this.#refuse(refused.map((row) => ({ channel, file, ...row, line: row.line + line })));
      }
      line += lines;
      if (this.#offsetMs !== 0)
        for (let row = 0; row < block.count; row++) block.timesMs[row]! += this.#offsetMs;
      if (block.count > 0) yield block;
    }
  }

  #parsed(bytes: () => AsyncGenerator<Buffer>): AsyncGenerator<Parsed> {
    const { cut } = this.#format;
    return cut && this.#bytes >= PARALLEL_MIN_BYTES
      ? parsedInParallel(bytes(), cut, this.#plan)
      : new Parser(this.#plan).file(fileInput(this.#path, bytes));
  }
}

/** Reads the beginning of a file: its format, the rows that can be read, and what is wrong with the first that can't. */
async function look(path: string): Promise<{ format: Format; sample: Data[]; problem: string | undefined }> {
  let head = '';
  for await (const piece of decoded(readBytes(path))) {
    head += piece;
    if (head.length >= SAMPLE_CHARACTERS) break;
  }
  const format = formatOf(path, head);
  const rows: Row[] = [];
  const input = { ...fileInput(path), text: () => each(head) };
  for await (const chunk of format.rows(input, { rename: new Map() })) {
    rows.push(...chunk);
    if (rows.length >= SAMPLE_ROWS) break;
  }
  const sample = rows.slice(0, SAMPLE_ROWS).flatMap((row) => (row.values ? [row.values] : []));
  return { format, sample, problem: rows.find((row) => row.problem)?.problem };
}

async function* each(text: string): AsyncGenerator<string> {
  yield text;
}

async function* counted(source: AsyncIterable<Buffer>, read: { bytes: number }): AsyncGenerator<Buffer> {
  for await (const bytes of source) {
    read.bytes += bytes.length;
    yield bytes;
  }
}
