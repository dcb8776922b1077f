import { recordedZone } from './recorded-zone.ts';
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import type { Block } from '../../../core/wire/block.ts';
import { channelSpec, dataValidator } from '../../../core/wire/channels.ts';
import { refusal } from '../../../core/problems/errors.ts';
import type { Data } from '../../../core/wire/event.ts';
import { recordPredicate, recordFilterOf, type RecordPredicate } from '../../reading/record-filter.ts';
import { explain } from '../../../schemas/index.ts';
import type { OpenOptions, RefusedRecord } from '../../reading/open-options.ts';
import { lowerBound, type Disorder } from '../../reading/order/order.ts';
import { chunksToRead, latestPositions, LatestRows } from './latest.ts';
import { holdsCopies } from '../format/copied-channels.ts';
import { isTrusted } from '../format/libraries.ts';
import { inTimeOrder, openBytesMax } from './time-order.ts';
import { MESSAGE_BYTES, type ChunkEntry } from '../format/records.ts';
import { onlyPlayed, skippedCopies } from './unplayed.ts';
import { sliceRows, type ChannelBlock, type ChannelRows } from '../format/channel-rows.ts';
import { Scanner } from './scanner.ts';
import { asRefusal } from './as-refusal.ts';
import { shiftOf } from '../format/shifted-times.ts';
import type { Summary } from '../format/summary.ts';
import { readSummary } from './summary.ts';
import { unusedOptions } from './unused-options.ts';
import { findMessages } from '../format/message-columns.ts';
import { unpackChunk, ChunkUnpacker, type UnpackedChunk } from '../compression/unpack-chunk.ts';

/** Bound on the unpacked size of chunks that overlap, because they must be in memory together. */
const OPEN_MAX_BYTES = 1 << 28;
/** With fewer chunks to read, starting a thread does not pay. */
const BESIDE_MIN_CHUNKS = 16;

/** A recording in MCAP: several channels on one timeline. Any time in it is reached through the chunk index. */
export class McapRecording {
  readonly file: string;
  readonly format = 'mcap';
  /** The channels that its messages are played on, each once. */
  readonly channels: string[];
  readonly disorder: Disorder = { reordered: 0, late: 0, outliers: 0 };
  readonly summary: Summary;
  /** Time of the first and last message, epoch ms. */
  readonly startMs: number;
  readonly endMs: number;
  /** The number of messages; null where the file does not tell. */
  readonly count: number | null;
  /** The zone of times that name none, in requests; null where the channels have different ones. */
  readonly zone: string | null;
  /** What a user should know of the reading, as sentences. */
  readonly notes: string[];
  refused = 0;
  /** How many records were left out by filter or sample, or because they only restore state. */
  filtered = 0;
  /** Messages that are not played, because they are copies for other programs: reason -> how many. */
  readonly skipped: ReadonlyMap<string, number>;
  readonly #scanner: Scanner;
  readonly #passes: RecordPredicate | null;
  #beside: ChunkUnpacker | null = null;
  readonly #noted: OpenOptions['noted'];
  #isTold = false;
  /** Added to the times in the file, ms: the offset that was asked for, less the shift of the file. */
  readonly #offsetMs: number;
  /** How many messages only restore state. */
  readonly #restored: number;

  private constructor(summary: Summary, whole: Summary, options: OpenOptions) {
    const { channel, rename, subject, channels: declared, refuse } = options;
    this.file = basename(summary.path);
    this.notes = unusedOptions(summary.path, options);
    for (const note of this.notes) options.noted?.(note);
    this.#noted = options.noted;
    this.summary = summary;
    this.zone = recordedZone(summary, options.tz);
    this.skipped = skippedCopies(whole);
    const copies = [...this.skipped.values()].reduce((sum, count) => sum + count, 0);
    this.#restored = (whole.statistics?.messages ?? 0) - copies - (summary.statistics?.messages ?? 0);
    this.#passes = recordPredicate(recordFilterOf(options));
    const { chunks, statistics } = summary;
    this.#offsetMs = (options.offsetMs ?? 0) - shiftOf(summary.metadata);
    this.startMs = this.#offsetMs + chunks.reduce((first, { startMs }) => Math.min(first, startMs), Infinity);
    this.endMs = this.#offsetMs + chunks.reduce((last, { endMs }) => Math.max(last, endMs), -Infinity);
    this.count = statistics?.messages ?? null;
    const nameOf = (topic: string) => channel ?? rename?.get(topic) ?? channelName(topic);
    const topics = [...summary.channels.values()].flatMap((each) => (holdsCopies(each) ? [] : [each.topic]));
    this.channels = [...new Set(topics.map(nameOf))];
    const specs = this.channels.map((name) => channelSpec(name, declared));
    const validators = specs.map((spec) => dataValidator(spec) as ValidateFunction | null);
    this.#scanner = new Scanner(summary.channels.values(), {
      channelOf: (topic) => this.channels.indexOf(nameOf(topic)),
      trusted: isTrusted(summary.library) && !options.distrust,
      subject,
      check(index, value) {
        const validate = validators[index];
        return !validate || validate(value)
          ? null
          : `Not what channel "${specs[index]!.name}" carries: ${explain(validate.errors, value)}.`;
      },
      refuse: ({ topic, sequence, reason, content }) => {
        this.refused++;
        const refused: RefusedRecord = {
          channel: nameOf(topic),
          file: this.file,
          line: sequence,
          reason,
          content,
        };
        refuse?.([refused]);
      },
    });
  }

  /** Reads the summary of the file. @throws refusal when the file is not intact or holds no message */
  static async open(path: string, options: OpenOptions = {}): Promise<McapRecording> {
    const whole = await asRefusal(path, () => readSummary(path));
    const summary = await asRefusal(path, () => onlyPlayed(whole));
    const { chunks } = summary;
    if (chunks.length === 0) throw emptyRefusal(whole);
    if (openBytesMax(chunks) > OPEN_MAX_BYTES)
      throw refusal('recording_disordered', `Too many chunks of ${basename(path)} overlap in time.`, {
        hint: 'Put it in order first: reprise convert FILE sorted.mcap.',
      });
    return new McapRecording(summary, whole, options);
  }

  /** The messages from the given time on, in time order. Chunks that end before it are not read. */
  async *rows(fromMs = -Infinity): AsyncGenerator<ChannelRows> {
    this.refused = 0;
    this.filtered = fromMs > this.startMs ? 0 : this.#restored;
    const entries = this.summary.chunks.filter(({ endMs }) => endMs + this.#offsetMs >= fromMs);
    const handle = await open(this.summary.path);
    try {
      const beside = entries.length < BESIDE_MIN_CHUNKS ? null : this.#unpacking();
      // The reader waits for the first chunk, and the thread may be busy or still starting.
      let isFirst = true;
      const by = (entry: ChunkEntry) => {
        if (!beside || isFirst) return ((isFirst = false), unpackChunk(handle, entry));
        return beside.unpack(handle, entry);
      };
      const load = (entry: ChunkEntry) => this.#load(handle, entry, undefined, by);
      for await (const rows of inTimeOrder(entries, load, this.#offsetMs)) {
        const { timesMs } = rows.block;
        if (timesMs.length === 0 || timesMs.at(-1)! < fromMs) {
          rows.done?.();
          continue;
        }
        const from = lowerBound(timesMs, fromMs);
        const rest = from === 0 ? rows : sliceRows(rows, from);
        const passed = this.#passing(rest);
        this.filtered += rest.block.count - passed.block.count;
        if (passed.block.count > 0) yield passed;
      }
    } finally {
      const closed = (this.#beside?.rest() ?? Promise.resolve()).then(() => handle.close());
      // Not awaited: a reader that stops, for instance to seek, need not wait for what was read ahead.
      closed.catch(() => {});
    }
  }

  /**
   * Where the data of those messages begin, among the records of a chunk, that are played or only restore state. Counts the
   * others as refused or filtered.
   */
  keptOf(records: Buffer): ReadonlySet<number> {
    const places: number[] = [];
    const messages = findMessages(records);
    const { starts, ids, count } = messages;
    const restored = new Set<number>();
    for (let i = 0; i < count; i++) if (this.#scanner.isRestored(ids[i]!)) restored.add(starts[i]!);
    const rows = this.#scanner.scan(records, messages, undefined, places);
    const passed = this.#passes ? this.#passed(rows.block) : null;
    const kept = passed ? places.filter((_, row) => passed.has(row)) : places;
    this.filtered += places.length - kept.length;
    return new Set([...kept, ...restored]);
  }

  /** The latest message of each subject before a time, by channel and in time order. */
  async latestBefore(timeMs: number): Promise<ChannelBlock[]> {
    const latest = new LatestRows(timeMs);
    const handle = await open(this.summary.path);
    try {
      const places =
        this.#scanner.shared || this.#passes
          ? null
          : await latestPositions(handle, this.summary, timeMs - this.#offsetMs);
      if (places === null) {
        for (const entry of chunksToRead(this.summary, timeMs - this.#offsetMs))
          latest.add(this.#passing(await this.#load(handle, entry)));
      } else {
        const wanted = new Map<ChunkEntry, Set<number>>();
        for (const { chunk, offset } of places.values()) {
          const starts = wanted.get(chunk) ?? new Set();
          wanted.set(chunk, starts.add(offset + MESSAGE_BYTES));
        }
        for (const [chunk, starts] of [...wanted].sort(([a], [b]) => b.offset - a.offset))
          latest.add(await this.#load(handle, chunk, starts));
      }
    } finally {
      await handle.close();
    }
    return latest.take();
  }

  /** Time of the last message before a time; null for none. */
  async timeBefore(timeMs: number): Promise<number | null> {
    const handle = await open(this.summary.path);
    try {
      let lastMs: number | null = null;
      for (const entry of chunksToRead(this.summary, timeMs - this.#offsetMs)) {
        if (lastMs !== null && entry.endMs + this.#offsetMs <= lastMs) break;
        const { timesMs } = this.#passing(await this.#load(handle, entry)).block;
        const before = lowerBound(timesMs, timeMs);
        if (before > 0) lastMs = Math.max(lastMs ?? -Infinity, timesMs[before - 1]!);
      }
      return lastMs;
    } finally {
      await handle.close();
    }
  }

  /** The rows that the filter lets pass. */
  #passing(rows: ChannelRows): ChannelRows {
    if (!this.#passes) return rows;
    const { block, channels, done } = rows;
    const kept = [...this.#passed(block)];
    if (kept.length === block.count) return rows;
    return { block: block.pick(kept), channels: Uint16Array.from(kept, (row) => channels[row]!), done };
  }

  /** The rows of a block that the filter lets pass. */
  #passed(block: Block): Set<number> {
    const kept = new Set<number>();
    for (let row = 0; row < block.count; row++) {
      const data = () => JSON.parse(block.record(row).data) as Data;
      const passes = this.#passes!(block.timesMs[row]!, block.names[block.subjects[row]!]!, data);
      if (passes === true) kept.add(row);
      else if (typeof passes === 'string') this.#unevaluated(passes);
    }
    return kept;
  }

  /** Tells once that a record is left out because the filter takes too long for it. */
  #unevaluated(reason: string): void {
    if (!this.#isTold)
      this.#noted?.(`${reason} Such records of ${this.file} are left out, and count as filtered.`);
    this.#isTold = true;
  }

  async #load(
    handle: FileHandle,
    entry: ChunkEntry,
    starts?: ReadonlySet<number>,
    by: (entry: ChunkEntry) => Promise<UnpackedChunk> = () => unpackChunk(handle, entry),
  ): Promise<ChannelRows> {
    const { bytes, messages, done } = await asRefusal(this.file, () => by(entry));
    const rows = await asRefusal(this.file, () => this.#scanner.scan(bytes, messages, starts));
    const { timesMs } = rows.block;
    if (this.#offsetMs !== 0) for (let row = 0; row < timesMs.length; row++) timesMs[row]! += this.#offsetMs;
    return { ...rows, done };
  }

  #unpacking(): ChunkUnpacker {
    return (this.#beside ??= new ChunkUnpacker(Math.max(...this.summary.chunks.map(({ bytes }) => bytes))));
  }
}

/** The refusal of a file without messages; it says what else the file holds. */
export function emptyRefusal({ path, attachments, metadata }: Summary): Error {
  const counted = (count: number, noun: string) =>
    count === 0 ? [] : [`${count} ${noun}${count === 1 ? '' : 's'}`];
  const besides = [
    ...counted(attachments.length, 'attachment'),
    ...counted(metadata.length, 'metadata record'),
  ];
  const only = besides.length > 0 ? `, only ${besides.join(' and ')}` : '';
  return refusal('recording_empty', `${basename(path)} holds no message${only}.`, {
    hint: 'Record or choose another file.',
  });
}

/** Turns a topic into a channel name: /fix becomes fix, and characters that are not allowed become dashes. */
function channelName(topic: string): string {
  const name = topic.replace(/^[^A-Za-z0-9]+/, '').replace(/[^A-Za-z0-9._:-]/g, '-');
  return name.slice(0, 128) || 'recording';
}
