import { MalformedMcap, FieldReader } from './bytes.ts';

/** The kinds of records that Reprise reads or writes. */
export const Opcode = {
  HEADER: 1,
  FOOTER: 2,
  SCHEMA: 3,
  CHANNEL: 4,
  MESSAGE: 5,
  CHUNK: 6,
  MESSAGE_INDEX: 7,
  CHUNK_INDEX: 8,
  ATTACHMENT: 9,
  ATTACHMENT_INDEX: 10,
  STATISTICS: 11,
  METADATA: 12,
  METADATA_INDEX: 13,
  DATA_END: 15,
} as const;

/** The last kind of record that MCAP defines today. Readers skip other kinds; those from 128 on are for private use. */
export const LAST_OPCODE = Opcode.DATA_END;

/** What each record begins with: its opcode and its length. */
export const HEAD_BYTES = 9;
/** What a message record holds before its data: head, channel, sequence number, log time and publish time. */
export const MESSAGE_BYTES = HEAD_BYTES + 22;
export const MAGIC = Buffer.from('\x89MCAP0\r\n', 'latin1');
/** What a chunk record holds before its packed records, besides the name of its compression. */
export const CHUNK_HEAD_BYTES = HEAD_BYTES + 40;
/** Footer record and magic at the end of a file. */
export const TAIL_BYTES = HEAD_BYTES + 20 + MAGIC.length;

/** A channel record: one stream of messages of a topic. */
export interface McapChannel {
  id: number;
  schemaId: number;
  topic: string;
  encoding: string;
  metadata: Map<string, string>;
}

/** A schema record. */
export interface McapSchema {
  id: number;
  name: string;
  encoding: string;
  data: Buffer;
}

/** A chunk, or a run of messages outside of chunks: where it lies in the file, and which times it covers. */
export interface ChunkEntry {
  /** Where the chunk record begins in the file, or the first message of the run. */
  offset: number;
  length: number;
  /** Time of the first and last message, epoch ms. */
  startMs: number;
  endMs: number;
  compression: string;
  /** Size of the packed records. The chunk record may go on after them. */
  packedBytes: number;
  /** Size of the records, unpacked. */
  bytes: number;
  /** Size of the message indexes right after the chunk; 0 for none. */
  indexBytes: number;
}

/** A metadata record, and where it lies in the file. */
export interface MetadataRecord {
  offset: number;
  length: number;
  name: string;
  values: Map<string, string>;
}

/** An attachment: where its record lies in the file, and what its index says of it. Times are in nanoseconds. */
export interface AttachmentEntry {
  offset: number;
  length: number;
  logTime: bigint;
  createTime: bigint;
  dataSize: number;
  name: string;
  mediaType: string;
}

/** The statistics record. */
export interface Statistics {
  messages: number;
  attachments: number;
  metadata: number;
  channels: number;
  chunks: number;
  startMs: number;
  endMs: number;
  /** Number of messages by channel id. */
  counts: Map<number, number>;
}

export function readChannel(fields: FieldReader): McapChannel {
  return {
    id: fields.u16(),
    schemaId: fields.u16(),
    topic: fields.text(),
    encoding: fields.text(),
    metadata: fields.map(),
  };
}

export function readSchema(fields: FieldReader): McapSchema {
  const [id, name, encoding] = [fields.u16(), fields.text(), fields.text()];
  return { id, name, encoding, data: Buffer.from(fields.data(fields.u32())) };
}

export function readStatistics(fields: FieldReader): Statistics {
  const messages = fields.u64();
  fields.skip(2);
  const [channels, attachments, metadata] = [fields.u32(), fields.u32(), fields.u32()];
  const [chunks, startMs, endMs] = [fields.u32(), fields.time(), fields.time()];
  const counts = new Map<number, number>();
  for (const end = fields.u32() + fields.at; fields.at < end;) counts.set(fields.u16(), fields.u64());
  return { messages, attachments, metadata, channels, chunks, startMs, endMs, counts };
}

/** Reads a chunk index, and the ids of the channels that have messages in the chunk. */
export function readChunkIndex(fields: FieldReader): { entry: ChunkEntry; channels: Uint16Array } {
  const [startMs, endMs, offset, length] = [fields.time(), fields.time(), fields.u64(), fields.u64()];
  const offsets = fields.data(fields.u32());
  const channels = Uint16Array.from({ length: Math.floor(offsets.length / 10) }, (_, i) =>
    offsets.readUInt16LE(i * 10),
  );
  const [indexBytes, compression, packedBytes, bytes] = [
    fields.u64(),
    fields.text(),
    fields.u64(),
    fields.u64(),
  ];
  if (packedBytes > length - CHUNK_HEAD_BYTES - compression.length)
    throw new MalformedMcap('the index names a chunk that claims to hold more than its own length');
  return { entry: { offset, length, startMs, endMs, compression, packedBytes, bytes, indexBytes }, channels };
}

/** Reads the head of a chunk record that begins at `offset`. `crc` is 0 where the chunk has no checksum. */
export function readChunkHead(
  fields: FieldReader,
  offset: number,
  length: number,
): ChunkEntry & { crc: number } {
  const [startMs, endMs, bytes, crc] = [fields.time(), fields.time(), fields.u64(), fields.u32()];
  const [compression, packedBytes] = [fields.text(), fields.u64()];
  if (packedBytes > length - CHUNK_HEAD_BYTES - compression.length)
    throw new MalformedMcap('a chunk claims to hold more than its own length');
  return { offset, length, startMs, endMs, compression, packedBytes, bytes, crc, indexBytes: 0 };
}

/** Where a chunk's packed records begin in the file; for a run of messages outside of chunks, where the run begins. */
export function recordsAt({ offset, length, packedBytes, compression }: ChunkEntry): number {
  return length === packedBytes ? offset : offset + CHUNK_HEAD_BYTES + compression.length;
}

/** Reads an attachment index. */
export function readAttachmentIndex(fields: FieldReader): AttachmentEntry {
  const [offset, length] = [fields.u64(), fields.u64()];
  const [logTime, createTime, dataSize] = [fields.time64(), fields.time64(), fields.u64()];
  return { offset, length, logTime, createTime, dataSize, name: fields.text(), mediaType: fields.text() };
}

/** Reads the beginning of an attachment record that begins at `offset`: all fields before its data. */
export function readAttachmentHead(fields: FieldReader, offset: number, length: number): AttachmentEntry {
  const [logTime, createTime] = [fields.time64(), fields.time64()];
  const [name, mediaType, dataSize] = [fields.text(), fields.text(), fields.u64()];
  return { offset, length, logTime, createTime, dataSize, name, mediaType };
}

export function readMetadata(fields: FieldReader): [name: string, values: Map<string, string>] {
  return [fields.text(), fields.map()];
}

/** The opcode, the fields and the whole length of the record that begins at `at`; null when it is not whole. */
export function recordAt(
  bytes: Buffer,
  at: number,
  end = bytes.length,
): { opcode: number; fields: FieldReader; length: number } | null {
  if (at + HEAD_BYTES > end) return null;
  const length = new FieldReader(bytes, at + 1).u64();
  if (at + HEAD_BYTES + length > end) return null;
  const start = at + HEAD_BYTES;
  return {
    opcode: bytes[at]!,
    fields: new FieldReader(bytes, start, start + length),
    length: HEAD_BYTES + length,
  };
}
