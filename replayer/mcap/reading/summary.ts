import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { crc32 } from 'node:zlib';
import { refusal } from '../../../core/problems/errors.ts';
import { MalformedMcap, FieldReader } from '../format/bytes.ts';
import { loadCompression } from '../compression/compression.ts';
import { unpackChunk } from '../compression/unpack-chunk.ts';
import {
  HEAD_BYTES,
  MAGIC,
  Opcode,
  readChannel,
  readChunkIndex,
  readMetadata,
  readSchema,
  readStatistics,
  recordAt,
  TAIL_BYTES,
  type ChunkEntry,
  type McapChannel,
  type McapSchema,
  type Statistics,
} from '../format/records.ts';
import { readAt } from '../format/read-at.ts';
import { ChunkFinder, walk } from './walk.ts';

const PIECE_BYTES = 1 << 22;
const HEADER_MAX_BYTES = 4_096;
/** So many channels of chunks are remembered; beyond, the file is asked. */
const CHANNELS_OF_CHUNKS_MAX = 1 << 23;

/** What is known of a file without its messages. */
export interface Summary {
  path: string;
  bytes: number;
  library: string;
  channels: Map<number, McapChannel>;
  schemas: Map<number, McapSchema>;
  /** In file order. */
  chunks: ChunkEntry[];
  /** By chunk, the channels that it has messages of; null where that is not known. */
  channelsOf: Uint16Array[] | null;
  statistics: Statistics | null;
  metadata: Map<string, Map<string, string>>;
  /** Whether the file brought an index; else it was walked through. */
  indexed: boolean;
}

/** Reads the summary at the end of the file; without one, walks through the file. @throws Broken */
export async function readSummary(path: string): Promise<Summary> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const summary = emptySummary(path, size);
    const head = await readAt(handle, 0, Math.min(size, MAGIC.length + 4096));
    if (!head.subarray(0, MAGIC.length).equals(MAGIC))
      throw new MalformedMcap('it does not begin as MCAP files do');
    const header = recordAt(head, MAGIC.length);
    if (header?.opcode === Opcode.HEADER) {
      header.fields.text();
      summary.library = header.fields.text();
    }
    const { start, crc } = await readFooter(handle, size);
    if (start > 0) await readSection(handle, start, size, crc, summary);
    summary.indexed = summary.chunks.length > 0 || summary.statistics?.messages === 0;
    const known = summary.statistics && summary.channels.size >= summary.statistics.channels;
    if (!summary.indexed || !known) await walkThrough(handle, size - TAIL_BYTES, summary);
    for (const { compression } of summary.chunks) await loadCompression(compression);
    return summary;
  } finally {
    await handle.close();
  }
}

/** The library that the file's header names; '' where that is damaged. */
export async function readLibrary(path: string): Promise<string> {
  const handle = await open(path);
  try {
    return await libraryOf(handle, (await handle.stat()).size).catch(() => '');
  } finally {
    await handle.close();
  }
}

async function libraryOf(handle: FileHandle, size: number): Promise<string> {
  const head = await readAt(handle, 0, Math.min(size, MAGIC.length + HEADER_MAX_BYTES));
  if (!head.subarray(0, MAGIC.length).equals(MAGIC))
    throw new MalformedMcap('it does not begin as MCAP files do');
  const header = recordAt(head, MAGIC.length);
  if (header?.opcode !== Opcode.HEADER) return '';
  header.fields.text();
  return header.fields.text();
}

function emptySummary(path: string, bytes: number): Summary {
  return {
    path,
    bytes,
    library: '',
    channels: new Map(),
    schemas: new Map(),
    chunks: [],
    channelsOf: [],
    statistics: null,
    metadata: new Map(),
    indexed: false,
  };
}

async function readFooter(handle: FileHandle, size: number): Promise<{ start: number; crc: number }> {
  const tail = size < TAIL_BYTES ? null : await readAt(handle, size - TAIL_BYTES, TAIL_BYTES);
  const whole = tail?.subarray(-MAGIC.length).equals(MAGIC) && tail[0] === Opcode.FOOTER;
  if (!tail || !whole) throw new MalformedMcap('its end is missing');
  const fields = new FieldReader(tail, HEAD_BYTES);
  const start = fields.u64();
  fields.skip(8);
  if (start > size - TAIL_BYTES) throw new MalformedMcap('its summary lies beyond its end');
  return { start, crc: fields.u32() };
}

/** The summary section, in pieces: of many subjects it is long. */
async function readSection(
  handle: FileHandle,
  start: number,
  size: number,
  crc: number,
  summary: Summary,
): Promise<void> {
  const end = size - TAIL_BYTES;
  let found = 0;
  let held: Buffer = Buffer.alloc(0);
  let remembered = 0;
  for (let at = start; at < end;) {
    const piece = await readAt(handle, at, Math.min(PIECE_BYTES, end - at));
    at += piece.length;
    found = crc32(piece, found);
    held = held.length === 0 ? piece : Buffer.concat([held, piece]);
    let offset = 0;
    for (let record; (record = recordAt(held, offset)); offset += record.length) {
      if (record.opcode === Opcode.CHUNK_INDEX) {
        const { entry, channels } = readChunkIndex(record.fields);
        if (entry.offset + entry.length + entry.indexBytes > start)
          throw new MalformedMcap('its index names a chunk beyond the data');
        summary.chunks.push(entry);
        remembered += channels.length;
        if (remembered > CHANNELS_OF_CHUNKS_MAX) summary.channelsOf = null;
        summary.channelsOf?.push(channels);
      } else await take(handle, record.opcode, record.fields, start, summary);
    }
    held = held.subarray(offset);
  }
  if (held.length > 0) throw new MalformedMcap('its summary is cut');
  const footer = await readAt(handle, end, HEAD_BYTES + 16);
  if (crc !== 0 && crc32(footer, found) !== crc) throw new MalformedMcap('its summary is damaged (CRC)');
  inFileOrder(summary);
}

function inFileOrder(summary: Summary): void {
  const { chunks, channelsOf } = summary;
  if (chunks.every((chunk, i) => i === 0 || chunks[i - 1]!.offset < chunk.offset)) return;
  const order = [...chunks.keys()].sort((a, b) => chunks[a]!.offset - chunks[b]!.offset);
  summary.chunks = order.map((i) => chunks[i]!);
  summary.channelsOf = channelsOf && order.map((i) => channelsOf[i]!);
}

async function take(
  handle: FileHandle,
  opcode: number,
  fields: FieldReader,
  dataEnd: number,
  summary: Summary,
): Promise<void> {
  const { channels, schemas, metadata } = summary;
  if (opcode === Opcode.CHANNEL) {
    const channel = readChannel(fields);
    channels.set(channel.id, channel);
  } else if (opcode === Opcode.SCHEMA) {
    const schema = readSchema(fields);
    schemas.set(schema.id, schema);
  } else if (opcode === Opcode.METADATA_INDEX) {
    const [offset, length] = [fields.u64(), fields.u64()];
    if (offset + length > dataEnd || length > PIECE_BYTES)
      throw new MalformedMcap('its index names metadata beyond the data');
    const record = recordAt(await readAt(handle, offset, length), 0);
    if (record?.opcode === Opcode.METADATA) metadata.set(...readMetadata(record.fields));
  } else if (opcode === Opcode.STATISTICS) summary.statistics = readStatistics(fields);
}

/** What the summary would have said, found by reading the file through. */
async function walkThrough(handle: FileHandle, end: number, summary: Summary): Promise<void> {
  const finder = new ChunkFinder();
  for await (const record of walk(handle, MAGIC.length, end)) {
    if (record.opcode === Opcode.DATA_END) break;
    finder.add(record);
    if (record.opcode === Opcode.METADATA) summary.metadata.set(...readMetadata(record.fields));
    else if (record.opcode === Opcode.CHUNK) await channelsWithin(handle, finder.entries.at(-1)!, summary);
    else await take(handle, record.opcode, record.fields, 0, summary);
  }
  summary.chunks = finder.entries;
  summary.channelsOf = null;
}

async function channelsWithin(handle: FileHandle, chunk: ChunkEntry, summary: Summary): Promise<void> {
  const records = await readRecords(handle, chunk);
  for (let at = 0, record; (record = recordAt(records, at)); at += record.length) {
    if (record.opcode !== Opcode.MESSAGE) await take(handle, record.opcode, record.fields, 0, summary);
  }
}

/** The records of a chunk, unpacked. @throws Broken */
export async function readRecords(handle: FileHandle, chunk: ChunkEntry): Promise<Buffer> {
  return (await unpackChunk(handle, chunk)).bytes;
}

/** The same, with the sum that they should have; 0 where there is none. @throws Broken */
export async function readChunk(
  handle: FileHandle,
  chunk: ChunkEntry,
): Promise<{ records: Buffer; crc: number }> {
  const records = await readRecords(handle, chunk);
  // A run of messages outside of chunks has no head.
  if (chunk.length === chunk.packedBytes) return { records, crc: 0 };
  const head = await readAt(handle, chunk.offset + HEAD_BYTES + 24, 4);
  return { records, crc: head.readUInt32LE() };
}

/** Says of a broken file which one it is, and what to do. */
export async function asRefusal<T>(path: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof MalformedMcap)) throw cause;
    throw refusal('recording_broken', `${basename(path)} is no intact MCAP file: ${cause.message}.`, {
      hint: 'reprise doctor FILE says more; reprise recover FILE OUT.mcap saves what is intact.',
      cause,
    });
  }
}
