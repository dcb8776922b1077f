import { channelSpec } from '../../core/wire/channels.ts';
import { BlockBuilder, type Block } from '../../core/wire/block.ts';
import type { Data } from '../../core/wire/event.ts';
import { refusal } from '../../core/problems/errors.ts';
import { certain } from '../formats/support/decision.ts';
import { durationMs } from '../../core/time/duration.ts';
import { formatOptions } from './inference/format-options.ts';
import { guessesOf, refuseGuesses } from './inference/guesses.ts';
import { interpret, type Interpretation } from './inference/inference.ts';
import type { OpenOptions } from './open-options.ts';
import { furthestBackMs, lowerBound, type Disorder } from './order/order.ts';
import { orderedBlocks, type OrderedBlocks } from './ordered-blocks.ts';
import { recordFilterOf } from './record-filter.ts';
import { RecordReader } from './record-reader.ts';
import { rowMapper } from './parsing/row-mapper.ts';
import { repeatingZone } from './inference/time-values.ts';
import { slug } from './inference/slug.ts';
import { sniff, type SniffResult } from './inference/sniff.ts';
import { refuseUnfollowable } from './source/followable.ts';
import { sourceOf } from './source/open-source.ts';
import type { Source } from './source/source.ts';

/** The reorder window is twice the furthest step back among the first rows, within these bounds. */
const WINDOW_MIN_MS = 30_000;
const WINDOW_MAX_MS = 86_400_000;

/** Records in time order. Row i is on the recording's channel with the index `channels[i]`; null: all are on its first. */
export interface RecordingRows {
  block: Block;
  channels: Uint16Array | null;
}

/** A recording in any format but MCAP: one source of rows in time order, on the channels that they name, or on one. */
export class TextRecording {
  readonly file: string;
  readonly format: string;
  readonly interpretation: Interpretation;
  /** Whether it comes through a pipe or is followed: it can be read once, and is in order only within the reorder window. */
  readonly once: boolean;
  readonly #source: Source;
  readonly #reader: RecordReader;
  readonly #ordered: OrderedBlocks;
  readonly #channels: string[];

  private constructor(
    source: Source,
    format: string,
    interpretation: Interpretation,
    reader: RecordReader,
    ordered: OrderedBlocks,
    channels: string[],
  ) {
    this.file = source.name;
    this.format = format;
    this.interpretation = interpretation;
    this.once = source.once;
    this.#source = source;
    this.#reader = reader;
    this.#ordered = ordered;
    this.#channels = channels;
  }

  /**
   * Opens a file, standard input (`-`) or a Redis stream (`redis:<key>`): infers the options that are not given, and reads
   * the recording into memory where it fits.
   * @throws refusal when it does not exist, when no row can be played, or when an option is missing (it says which)
   */
  static async open(path: string, options: OpenOptions = {}): Promise<TextRecording> {
    const source = await sourceOf(path, options);
    const found = await sniff(source, options);
    const { format, sample, problem } = found;
    if (options.follow) refuseUnfollowable(source.name, format, found.encoding);
    if (sample.length === 0) {
      throw refusal(
        'recording_unplayable',
        `${source.name} has no row that can be read as ${format.name}${problem ? `: ${problem}` : '.'}`,
        { hint: 'If it is in another format, name that with --format.' },
      );
    }
    const interpretation = interpret(source.name, found, options);
    if (options.strict) refuseGuesses(source.name, interpretation);
    options.guessed?.(source.name, guessesOf(interpretation));
    const reader = readerOf(source, found, interpretation, options);
    const ordered = await orderedBlocks(reader, source, {
      windowMs: windowMs(sample, interpretation, options),
      // A window that was asked for is kept, even if nothing comes.
      quiet: options.reorder === undefined ? source.quiet : undefined,
    });
    if (Number.isNaN(ordered.startMs)) throw unplayable(source.name, interpretation, reader);
    const channels = await channelsOf(reader, ordered, found.ownChannels.length > 0);
    return new TextRecording(source, format.name, interpretation, reader, ordered, channels);
  }

  /** The channels that its rows are on, each once. */
  get channels(): readonly string[] {
    return this.#channels;
  }

  /** The zone of times that name none. */
  get zone(): string {
    return this.interpretation.tz.value;
  }

  /** For a recording that is followed: resolves while all that its file holds has been read. */
  get quiet(): Source['quiet'] {
    return this.#source.quiet;
  }

  /** Time of the first record, epoch ms. */
  get startMs(): number {
    return this.#ordered.startMs;
  }

  /** Time of the last record, epoch ms; null where only a full reading would tell. */
  get endMs(): number | null {
    return this.#ordered.endMs;
  }

  /** The number of records; null where only a full reading would tell. */
  get count(): number | null {
    return this.#ordered.count;
  }

  /** Whether the whole recording is in order, and not only rows within a window. */
  get sorted(): boolean {
    return this.#ordered.sorted;
  }

  get disorder(): Disorder {
    return this.#reader.disorder;
  }

  get refused(): number {
    return this.#reader.refused;
  }

  /** How many records have a time that the clocks showed twice, without a sign of which is meant. */
  get ambiguous(): number {
    return this.#reader.ambiguous;
  }

  /** How many records were left out by filter or sample, or because they only restore state. */
  get filtered(): number {
    return this.#reader.filtered;
  }

  /** What was wrong with the file's bytes, and what could not be checked, as sentences. */
  get notes(): string[] {
    return this.#source.notes();
  }

  /** Rows that the format says are not to be played: reason -> how many. */
  get skipped(): ReadonlyMap<string, number> {
    return this.#reader.skipped;
  }

  /** Optional values that mean "none" and were left out. */
  get absent(): number {
    return this.#reader.absent;
  }

  /** How much of the file the present reading has read, 0..1; null where it is not known. */
  get readShare(): number | null {
    return this.#source.share();
  }

  /** Records from the given time on, in time order. */
  async *blocks(fromMs = -Infinity): AsyncGenerator<Block> {
    // Rows that came too late for the window may lie before the first record: from the start on they are played, too.
    const fromStart = !(fromMs > this.startMs);
    for await (const block of this.#ordered.blocks()) {
      if (fromStart) {
        yield block;
        continue;
      }
      if (block.timesMs.at(-1)! < fromMs) continue;
      yield block.timesMs[0]! >= fromMs ? block : block.slice(lowerBound(block.timesMs, fromMs));
    }
  }

  /** The same, each row with its channel. */
  async *rows(fromMs = -Infinity): AsyncGenerator<RecordingRows> {
    for await (const block of this.blocks(fromMs)) yield this.withChannels(block);
  }

  /** A block of this recording, with the channels of its rows. */
  withChannels(block: Block): RecordingRows {
    if (this.#channels.length === 1) return { block, channels: null };
    const { channelOf } = this.#reader.subjects;
    return { block, channels: Uint16Array.from(block.subjects, (subject) => channelOf[subject]!) };
  }

  /** Records in file order, for callers that sort them; those of a pipe are in order within the window. */
  async *inFileOrder(): AsyncGenerator<Block> {
    yield* this.once ? this.#ordered.blocks() : this.#reader.read();
  }

  /**
   * The latest record of each subject of each channel before a time, in time order. Reads from the start unless all is in
   * memory.
   */
  async latestBefore(timeMs: number): Promise<RecordingRows | null> {
    const latest = new Map<number, { block: Block; row: number }>();
    let names: string[] = [];
    for await (const block of this.#ordered.lookUp()) {
      names = block.names;
      const end = lowerBound(block.timesMs, timeMs);
      for (let row = 0; row < end; row++) latest.set(block.subjects[row]!, { block, row });
      if (end < block.count) break;
    }
    if (latest.size === 0) return null;
    const builder = new BlockBuilder(latest.size, names);
    const inOrder = [...latest.values()].sort((a, b) => a.block.timesMs[a.row]! - b.block.timesMs[b.row]!);
    for (const { block, row } of inOrder) builder.addRow(block, row);
    return this.withChannels(builder.take());
  }

  /** Time of the last record before a time; null for none. Reads from the start unless all is in memory. */
  async timeBefore(timeMs: number): Promise<number | null> {
    let before: number | null = null;
    for await (const { timesMs } of this.#ordered.lookUp()) {
      const end = lowerBound(timesMs, timeMs);
      if (end > 0) before = timesMs[end - 1]!;
      if (end < timesMs.length) break;
    }
    return before;
  }
}

function readerOf(
  source: Source,
  { format, options: layout, sample, ownChannels, hasNamelessRows, areEvents }: SniffResult,
  interpretation: Interpretation,
  options: OpenOptions,
): RecordReader {
  const everyMs = options.every === undefined ? null : durationMs(options.every, 'time between rows');
  const { schema } = channelSpec(interpretation.channel.value, options.channels);
  const plan = {
    format: format.name,
    options: formatOptions(layout, interpretation, schema),
    interpretation,
    everyMs,
    subject: slug(source.name),
    ownChannels: options.channel === undefined,
    onlyChannels: source.once
      ? [...ownChannels, ...(hasNamelessRows ? [interpretation.channel.value] : [])]
      : null,
    channels: options.channels,
    filter: recordFilterOf(options),
  };
  return new RecordReader(plan, {
    source,
    format,
    outliers: everyMs === null ? (options.outliers ?? (areEvents ? 'keep' : 'skip')) : 'keep',
    offsetMs: options.offsetMs ?? 0,
    repeatingZone: repeatingZone(interpretation, sample),
    refuse: options.refuse ?? (() => {}),
    noted: options.noted ?? (() => {}),
    ...(options.timeLimits && { timeLimits: options.timeLimits }),
  });
}

/**
 * The channels of a recording's rows, each once. A file that is not in memory is read through for them where its rows name
 * them, because a replay holds its channels from the start.
 */
async function channelsOf(
  reader: RecordReader,
  { sorted }: OrderedBlocks,
  areNamed: boolean,
): Promise<string[]> {
  const { plan, subjects } = reader;
  if (!sorted && !plan.onlyChannels) {
    if (!areNamed || !plan.ownChannels) plan.onlyChannels = [plan.interpretation.channel.value];
    else for await (const { count } of reader.readSilently()) if (count === 0) break;
  }
  return plan.onlyChannels ?? subjects.channels;
}

/** How far back a row may lie and still be put in order while the file is being read, ms. */
function windowMs(sample: Data[], interpretation: Interpretation, { reorder }: OpenOptions): number {
  if (reorder !== undefined) return durationMs(reorder, 'reorder window');
  const furthestMs = furthestBackMs(timesOf(sample, interpretation));
  return Math.min(WINDOW_MAX_MS, Math.max(WINDOW_MIN_MS, 2 * furthestMs));
}

/** The times of those sample rows that have one. */
function* timesOf(sample: Data[], interpretation: Interpretation): Generator<number> {
  const map = rowMapper({ ...interpretation, subject: certain(null, '') }, '', null);
  for (const values of sample) {
    const record = map({ line: 0, values, json: '' });
    if (typeof record !== 'string') yield record.timeMs;
  }
}

function unplayable(file: string, { channel }: Interpretation, reader: RecordReader): Error {
  const { filtered, refused, lastReason } = reader;
  return refusal('recording_unplayable', `No row of ${file} can be played on channel "${channel.value}".`, {
    hint:
      filtered > 0
        ? `${filtered} rows were left out by --filter or --sample, or because they only restore state.`
        : `All ${refused} rows were refused, the last one because: ${lastReason}`,
  });
}
