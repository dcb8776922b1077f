import { open, type FileHandle } from 'node:fs/promises';
import { Block } from '../../core/wire/block.ts';
import { canHold, MalformedMcap, readMs } from '../mcap/format/bytes.ts';
import { readCheckedRecords } from '../mcap/reading/read-chunk.ts';
import { isPlayed } from '../mcap/reading/unplayed.ts';
import { inTimeOrder } from '../mcap/reading/time-order.ts';
import {
  HEAD_BYTES,
  MESSAGE_BYTES,
  Opcode,
  recordAt,
  type ChunkEntry,
  type McapChannel,
} from '../mcap/format/records.ts';
import { sortedRows, type ChannelRows } from '../mcap/format/channel-rows.ts';
import type { Summary } from '../mcap/format/summary.ts';
import { holdsCopies } from '../mcap/format/copied-channels.ts';
import type { FoxgloveCopies } from '../mcap/writing/foxglove/copies.ts';
import { datumOf } from '../mcap/writing/foxglove/datum.ts';
import { isDrawn } from '../mcap/writing/foxglove/messages.ts';
import { postponed } from '../mcap/writing/chunk.ts';
import type { McapWriter } from '../mcap/writing/writer.ts';

/** More than the largest channel id: the ids of file number n are counted from n times this. */
const IDS = 1 << 16;
/** More than the size of any file: offsets in file number n are counted from n times this. */
const FILE_BYTES = 2 ** 44;
const CONTENT_MAX_BYTES = 2_000;
const HEAD = MESSAGE_BYTES - HEAD_BYTES;

/** A file whose messages are copied. */
export interface RawInput {
  summary: Summary;
  /** Added to its times, ms: where the times of the copy are shifted otherwise than those of the file. */
  laterMs: number;
  /** Where the data of the messages begin, among the records of a chunk, that are copied; null: all are. */
  keptOf: ((records: Buffer) => ReadonlySet<number>) | null;
  naming?: Naming;
}

/** What the copy calls what a file leaves open or calls otherwise. */
export interface Naming {
  topicOf(topic: string): string;
  /** The member that names the subject, where the file does not tell. */
  subject?: string | undefined;
}

/**
 * The messages of MCAP files in time order, unchanged: each row is a message record without its opcode and length, and its
 * subject is `file * 65536 + channel id`. The rows have the times of the copy, as the range has. Checks the checksums of
 * chunks. @throws MalformedMcap
 */
export async function* rawRows(
  inputs: readonly RawInput[],
  fromMs: number,
  endMs: number,
): AsyncGenerator<ChannelRows> {
  const handles: FileHandle[] = [];
  try {
    for (const { summary } of inputs) handles.push(await open(summary.path));
    const entries = inputs.flatMap(({ summary: { chunks }, laterMs }, file) =>
      chunks
        .map((chunk) => ({
          ...chunk,
          startMs: chunk.startMs + laterMs,
          endMs: chunk.endMs + laterMs,
          offset: chunk.offset + file * FILE_BYTES,
        }))
        .filter((chunk) => chunk.endMs >= fromMs && chunk.startMs <= endMs),
    );
    const load = async (entry: ChunkEntry) => {
      const file = Math.floor(entry.offset / FILE_BYTES);
      const offset = entry.offset - file * FILE_BYTES;
      const { laterMs, keptOf } = inputs[file]!;
      const records = await readCheckedRecords(handles[file]!, { ...entry, offset });
      const rows = scanRaw(records, file * IDS);
      const { timesMs } = rows.block;
      if (laterMs !== 0) for (let row = 0; row < timesMs.length; row++) timesMs[row]! += laterMs;
      return keptOf ? picked(rows, keptOf(records)) : rows;
    };
    for await (const rows of inTimeOrder(entries, load, 0)) if (rows.block.count > 0) yield rows;
  } finally {
    for (const handle of handles) await handle.close();
  }
}

/** The rows whose data begin at these places. */
function picked({ block, channels }: ChannelRows, kept: ReadonlySet<number>): ChannelRows {
  const rows = [...block.starts.keys()].filter((row) => kept.has(block.starts[row]! + HEAD));
  if (rows.length === block.count) return { block, channels };
  return { block: block.pick(rows), channels: channels.subarray(0, rows.length) };
}

/** The message records of a chunk in time order. `idsFrom` is added to the channel ids. */
export function scanRaw(bytes: Buffer, idsFrom = 0): ChannelRows {
  const [timesMs, subjects, starts, ends]: number[][] = [[], [], [], []];
  let ordered = true;
  for (let at = 0, record; at < bytes.length; at += record.length) {
    record = recordAt(bytes, at);
    if (!record) throw new MalformedMcap('a record within a chunk is not whole');
    if (record.opcode !== Opcode.MESSAGE) continue;
    if (record.length < MESSAGE_BYTES) throw new MalformedMcap('a message is too short');
    const start = at + HEAD_BYTES;
    const timeMs = readMs(bytes, start + 6);
    if (timeMs < (timesMs!.at(-1) ?? 0)) ordered = false;
    timesMs!.push(timeMs);
    subjects!.push(idsFrom + bytes.readUInt16LE(start));
    starts!.push(start);
    ends!.push(at + record.length);
  }
  const block = new Block({
    timesMs: Float64Array.from(timesMs!),
    subjects: Uint32Array.from(subjects!),
    names: [],
    data: bytes,
    starts: Uint32Array.from(starts!),
    ends: Uint32Array.from(ends!),
  });
  const rows = { block, channels: new Uint16Array(block.count) };
  return ordered ? rows : sortedRows(rows);
}

/** A file as the copy of its messages sees it. */
interface CopiedFile extends Pick<Summary, 'channels' | 'schemas'> {
  laterMs?: number;
  naming?: Naming;
}

/** A channel of a file as the copy has it. */
interface CopiedChannel {
  id: number;
  topic: string;
  isLeftOut: boolean;
  /** The channel of the messages of which Foxglove draws something; null: nothing is added for them. */
  source: McapChannel | null;
}

export interface CopyOptions {
  /** Receives each message whose time the copy can't hold. */
  refuse?: (message: { topic: string; sequence: number; content: string }) => void;
  /** Whether copies for Foxglove are left out. */
  withoutCopies?: boolean;
  /** Gets what is copied, to add what Foxglove draws of it. */
  copies?: FoxgloveCopies | null;
}

/** Copies messages unchanged, with their channels and schemas. */
export class RawCopy {
  copied = 0;
  /** How many messages were left out, because the record of their channel is missing. */
  nameless = 0;
  /** How many were left out because the copy can't hold their times. */
  unheld = 0;
  readonly #writer: McapWriter;
  readonly #files: readonly CopiedFile[];
  readonly #options: CopyOptions;
  readonly #known = new Map<number, CopiedChannel | null>();

  constructor(writer: McapWriter, files: readonly CopiedFile[], options: CopyOptions = {}) {
    this.#writer = writer;
    this.#files = files;
    this.#options = options;
  }

  /** Copies those rows that lie in a time range. */
  async add({ block }: ChannelRows, fromMs = -Infinity, endMs = Infinity): Promise<void> {
    const { timesMs, subjects, data, starts, ends } = block;
    for (let row = 0; row < block.count; row++) {
      const timeMs = timesMs[row]!;
      if (timeMs < fromMs || timeMs > endMs) continue;
      const subject = subjects[row]!;
      const channel = this.#channelOf(subject);
      if (channel === null) {
        this.nameless++;
        continue;
      }
      if (channel.isLeftOut) continue;
      const [start, end] = [starts[row]!, ends[row]!];
      if (!canHold(timeMs)) {
        this.#refuse(subject, data.subarray(start, end));
        continue;
      }
      const { laterMs = 0 } = this.#files[Math.floor(subject / IDS)]!;
      const laterNs = laterMs === 0 ? 0n : BigInt(laterMs) * 1_000_000n;
      this.#writer.addCopy(channel.id, data, start, end, laterNs);
      this.copied++;
      if (channel.source) this.#draw(channel.topic, channel.source, data.subarray(start, end), laterNs);
      if (this.#writer.full) await this.#writer.flush();
    }
  }

  #refuse(subject: number, message: Buffer): void {
    this.unheld++;
    const { topic } = this.#files[Math.floor(subject / IDS)]!.channels.get(subject % IDS)!;
    const content = message.toString('utf8', HEAD, HEAD + CONTENT_MAX_BYTES);
    this.#options.refuse?.({ topic, sequence: message.readUInt32LE(2), content });
  }

  /** Adds what Foxglove draws of a message. */
  #draw(topic: string, source: McapChannel, message: Buffer, laterNs: bigint): void {
    const found = datumOf(source, message.subarray(HEAD));
    if (!found) return;
    const [timeNs, publishNs] = [message.readBigUInt64LE(6) + laterNs, message.readBigUInt64LE(14)];
    this.#options.copies!.add({ topic, ...found, timeNs, publishNs: postponed(publishNs, laterNs) });
  }

  #channelOf(subject: number): CopiedChannel | null {
    let channel = this.#known.get(subject);
    if (channel === undefined) this.#known.set(subject, (channel = this.#newChannel(subject)));
    return channel;
  }

  #newChannel(key: number): CopiedChannel | null {
    const { channels, schemas, naming } = this.#files[Math.floor(key / IDS)]!;
    const channel = channels.get(key % IDS);
    if (!channel) return null;
    const { copies, withoutCopies = false } = this.#options;
    const topic = naming?.topicOf(channel.topic) ?? channel.topic;
    if (withoutCopies && holdsCopies(channel)) return { id: 0, topic, isLeftOut: true, source: null };
    const subject = naming?.subject;
    const { encoding, schemaId } = channel;
    const metadata = new Map(channel.metadata);
    const isOwn = metadata.has('subject') || metadata.has('subjectColumn') || metadata.has('envelope');
    if (subject !== undefined && !isOwn && encoding === 'json') metadata.set('subjectColumn', subject);
    const schema = schemas.get(schemaId) ?? null;
    const isCopied = copies && isPlayed(channel) && !isDrawn(schema?.name ?? '');
    return {
      id: this.#writer.addChannel({ topic, metadata, encoding, schema }),
      topic,
      isLeftOut: false,
      source: isCopied ? { ...channel, topic, metadata } : null,
    };
  }
}
