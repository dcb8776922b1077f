import { crc32 } from 'node:zlib';
import { McapRecordBuilder, type McapTypes } from '@mcap/core';
import { HEAD_BYTES, Opcode, type AttachmentEntry, type ChunkEntry } from '../format/records.ts';
import type { ChunkTimes, MessageIndexes } from './chunk.ts';

/** The summary is written in pieces of about this size, because many subjects make it long. */
const PIECE_BYTES = 1 << 20;

/** What the summary at the end of a file tells. */
export interface SummaryContent {
  schemas: McapTypes.Schema[];
  channels: McapTypes.Channel[];
  /** Number of messages by channel id. */
  counts: readonly number[];
  metadata: McapTypes.MetadataIndex[];
  attachments: AttachmentEntry[];
  chunks: SummarisedChunk[];
}

/** What the summary tells of a chunk. */
export interface SummarisedChunk {
  entry: ChunkEntry;
  times: ChunkTimes;
  indexes: MessageIndexes;
}

/** Writes the summary section, the footer and the magic that end a file. */
export class SummaryWriter {
  readonly #records = new McapRecordBuilder();
  readonly #start: number;
  readonly #write: (bytes: Buffer) => Promise<void>;
  readonly #groups: McapTypes.SummaryOffset[] = [];
  #offset: number;
  #crc = 0;

  /** `offset` is where the summary begins in the file; `write` appends bytes to the file. */
  constructor(offset: number, write: (bytes: Buffer) => Promise<void>) {
    this.#start = this.#offset = offset;
    this.#write = write;
  }

  async write(content: SummaryContent): Promise<void> {
    const { schemas, channels, metadata, attachments, chunks } = content;
    const records = this.#records;
    await this.#group(Opcode.SCHEMA, schemas, (schema) => void records.writeSchema(schema));
    await this.#group(Opcode.CHANNEL, channels, (channel) => void records.writeChannel(channel));
    await this.#group(Opcode.STATISTICS, [statisticsOf(content)], (statistics) => {
      records.writeStatistics(statistics);
    });
    await this.#group(Opcode.METADATA_INDEX, metadata, (index) => void records.writeMetadataIndex(index));
    await this.#group(Opcode.ATTACHMENT_INDEX, attachments, (attachment) => {
      records.writeAttachmentIndex(indexOf(attachment));
    });
    await this.#group(Opcode.CHUNK_INDEX, chunks, chunkIndex);
    const offsetsStart = this.#offset;
    for (const group of this.#groups) records.writeSummaryOffset(group);
    await this.#append(this.#taken());
    await this.#writeFooter(offsetsStart);
  }

  /** Writes the records of one kind. `write` adds an item to the builder, or returns its record. */
  async #group<T>(groupOpcode: number, items: T[], write: (item: T) => Buffer | void): Promise<void> {
    const groupStart = this.#offset;
    for (const item of items) {
      const record = write(item);
      if (record) await this.#append(record);
      else if (this.#records.length > PIECE_BYTES) await this.#append(this.#taken());
    }
    await this.#append(this.#taken());
    const groupLength = BigInt(this.#offset - groupStart);
    if (groupLength > 0n) this.#groups.push({ groupOpcode, groupStart: BigInt(groupStart), groupLength });
  }

  async #writeFooter(offsetsStart: number): Promise<void> {
    const footer = {
      summaryStart: BigInt(this.#start),
      summaryOffsetStart: BigInt(offsetsStart),
      summaryCrc: 0,
    };
    this.#records.writeFooter(footer);
    // The checksum covers the footer up to the checksum itself.
    footer.summaryCrc = crc32(this.#records.buffer.subarray(0, -4), this.#crc);
    this.#records.reset();
    this.#records.writeFooter(footer);
    this.#records.writeMagic();
    await this.#write(this.#taken());
  }

  async #append(bytes: Buffer): Promise<void> {
    this.#crc = crc32(bytes, this.#crc);
    this.#offset += bytes.length;
    await this.#write(bytes);
  }

  #taken(): Buffer {
    const taken = Buffer.from(this.#records.buffer);
    this.#records.reset();
    return taken;
  }
}

function indexOf({ offset, length, dataSize, ...rest }: AttachmentEntry): McapTypes.AttachmentIndex {
  return { ...rest, offset: BigInt(offset), length: BigInt(length), dataSize: BigInt(dataSize) };
}

function statisticsOf(content: SummaryContent): McapTypes.Statistics {
  const { schemas, channels, counts, metadata, attachments, chunks } = content;
  let [first, last] = [chunks[0]?.times.start ?? 0n, 0n];
  for (const { start, end } of chunks.map(({ times }) => times)) {
    if (start < first) first = start;
    if (end > last) last = end;
  }
  return {
    messageCount: BigInt(counts.reduce((sum, count) => sum + count, 0)),
    schemaCount: schemas.length,
    channelCount: channels.length,
    attachmentCount: attachments.length,
    metadataCount: metadata.length,
    chunkCount: chunks.length,
    messageStartTime: first,
    messageEndTime: last,
    channelMessageCounts: new Map(counts.map((count, id) => [id, BigInt(count)])),
  };
}

/** Makes a chunk index record. By hand, because a large file has very many of them. */
function chunkIndex({ entry, times, indexes }: SummarisedChunk): Buffer {
  const { compression } = entry;
  const { channels, offsets } = indexes;
  const record = Buffer.alloc(HEAD_BYTES + 64 + compression.length + channels.length * 10);
  record[0] = Opcode.CHUNK_INDEX;
  record.writeUInt32LE(record.length - HEAD_BYTES, 1);
  record.writeBigUInt64LE(times.start, 9);
  record.writeBigUInt64LE(times.end, 17);
  record.writeBigUInt64LE(BigInt(entry.offset), 25);
  record.writeBigUInt64LE(BigInt(entry.length), 33);
  record.writeUInt32LE(channels.length * 10, 41);
  let at = 45;
  for (let i = 0; i < channels.length; i++, at += 10) {
    record.writeUInt16LE(channels[i]!, at);
    record.writeBigUInt64LE(BigInt(entry.offset + offsets[i]!), at + 2);
  }
  record.writeBigUInt64LE(BigInt(entry.indexBytes), at);
  record.writeUInt32LE(compression.length, at + 8);
  record.write(compression, at + 12);
  at += 12 + compression.length;
  record.writeBigUInt64LE(BigInt(entry.packedBytes), at);
  record.writeBigUInt64LE(BigInt(entry.bytes), at + 8);
  return record;
}
