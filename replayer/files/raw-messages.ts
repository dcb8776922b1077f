import { open, type FileHandle } from 'node:fs/promises';
import { Block } from '../../core/wire/block.ts';
import { MalformedMcap, readMs } from '../mcap/format/bytes.ts';
import { readCheckedRecords } from '../mcap/reading/read-chunk.ts';
import { inTimeOrder } from '../mcap/reading/time-order.ts';
import { HEAD_BYTES, MESSAGE_BYTES, Opcode, recordAt, type ChunkEntry } from '../mcap/format/records.ts';
import { sortedRows, type ChannelRows } from '../mcap/format/channel-rows.ts';
import type { Summary } from '../mcap/format/summary.ts';
import type { McapWriter } from '../mcap/writing/writer.ts';

/** More than the largest channel id: the ids of file number n are counted from n times this. */
const IDS = 1 << 16;
/** More than the size of any file: offsets in file number n are counted from n times this. */
const FILE_BYTES = 2 ** 44;

/**
 * The messages of MCAP files in time order, unchanged: each row is a message record without its opcode and length, and its
 * subject is `file * 65536 + channel id`. Checks the checksums of chunks. @throws MalformedMcap
 */
export async function* rawRows(
  summaries: Summary[],
  fromMs: number,
  endMs: number,
): AsyncGenerator<ChannelRows> {
  const handles: FileHandle[] = [];
  try {
    for (const { path } of summaries) handles.push(await open(path));
    const entries = summaries.flatMap(({ chunks }, file) =>
      chunks
        .filter((chunk) => chunk.endMs >= fromMs && chunk.startMs <= endMs)
        .map((chunk) => ({ ...chunk, offset: chunk.offset + file * FILE_BYTES })),
    );
    const load = async (entry: ChunkEntry) => {
      const file = Math.floor(entry.offset / FILE_BYTES);
      const offset = entry.offset - file * FILE_BYTES;
      return scanRaw(await readCheckedRecords(handles[file]!, { ...entry, offset }), file * IDS);
    };
    for await (const rows of inTimeOrder(entries, load, 0)) yield rows;
  } finally {
    for (const handle of handles) await handle.close();
  }
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

/** Copies messages unchanged, with their channels and schemas. */
export class RawCopy {
  copied = 0;
  /** How many messages were left out, because the record of their channel is missing. */
  nameless = 0;
  readonly #writer: McapWriter;
  readonly #summaries: Pick<Summary, 'channels' | 'schemas'>[];
  readonly #ids = new Map<number, number | null>();

  constructor(writer: McapWriter, summaries: Pick<Summary, 'channels' | 'schemas'>[]) {
    this.#writer = writer;
    this.#summaries = summaries;
  }

  /** Copies those rows that lie in a time range. */
  async add({ block }: ChannelRows, fromMs = -Infinity, endMs = Infinity): Promise<void> {
    const { timesMs, subjects, data, starts, ends } = block;
    for (let row = 0; row < block.count; row++) {
      const timeMs = timesMs[row]!;
      if (timeMs < fromMs || timeMs > endMs) continue;
      const id = this.#idOf(subjects[row]!);
      if (id === null) {
        this.nameless++;
        continue;
      }
      this.#writer.addCopy(id, data, starts[row]!, ends[row]!);
      this.copied++;
      if (this.#writer.full) await this.#writer.flush();
    }
  }

  #idOf(subject: number): number | null {
    let id = this.#ids.get(subject);
    if (id === undefined) this.#ids.set(subject, (id = this.#newId(subject)));
    return id;
  }

  #newId(subject: number): number | null {
    const { channels, schemas } = this.#summaries[Math.floor(subject / IDS)]!;
    const channel = channels.get(subject % IDS);
    if (!channel) return null;
    const { topic, metadata, encoding, schemaId } = channel;
    return this.#writer.addChannel({ topic, metadata, encoding, schema: schemas.get(schemaId) ?? null });
  }
}
