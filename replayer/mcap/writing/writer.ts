import { open, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { McapRecordBuilder, type McapTypes } from '@mcap/core';
import { nanoseconds, writeMs } from '../format/bytes.ts';
import { ChunkBuilder, type MessageIndexes } from './chunk.ts';
import { loadCompression, type Compression } from '../compression/compression.ts';
import { HEAD_BYTES, Opcode, type ChunkEntry } from '../format/records.ts';

/** A reader waits a millisecond for a chunk of this, and a file of them needs little more room than one chunk. */
const CHUNK_BYTES = 1 << 20;
/** In a file of many channels each chunk brings an index of nearly each: fewer, larger chunks cost less. */
const LARGE_CHUNK_BYTES = 1 << 22;
const MANY_CHANNELS = 1_000;
const PIECE_BYTES = 1 << 20;
const CHANNELS_MAX = 65_535;

export interface WriterOptions {
  /** Named in the header, so that a reader knows what it can rely on. */
  library: string;
  compression?: Compression;
}

export interface NewChannel {
  topic: string;
  metadata: Map<string, string>;
  schema: NewSchema | null;
  encoding?: string;
}

export interface NewSchema {
  name: string;
  encoding: string;
  data: Buffer;
}

/**
 * Writes an MCAP file: chunks, chunk and message indexes, statistics, metadata and summary. `add` only collects; a caller
 * that sees `full` awaits `flush`. What was flushed is in the kernel's hands: it outlives this process.
 */
export class McapWriter {
  readonly #handle: FileHandle;
  readonly #compression: Compression;
  readonly #records = new McapRecordBuilder();
  readonly #chunk = new ChunkBuilder();
  /** By what they say. */
  readonly #schemas = new Map<string, McapTypes.Schema>();
  readonly #channels: McapTypes.Channel[] = [];
  /** By channel: messages so far. */
  readonly #counts: number[] = [];
  readonly #namedSchemas = new Set<number>();
  readonly #chunks: { entry: ChunkEntry; indexes: MessageIndexes }[] = [];
  readonly #metadata: McapTypes.MetadataIndex[] = [];
  #crc = 0;
  #offset = 0;

  private constructor(handle: FileHandle, compression: Compression) {
    this.#handle = handle;
    this.#compression = compression;
  }

  /** Begins a file, over what was there. */
  static async create(path: string, { library, compression = 'lz4' }: WriterOptions): Promise<McapWriter> {
    await loadCompression(compression);
    const writer = new McapWriter(await open(path, 'w'), compression);
    writer.#records.writeMagic();
    writer.#records.writeHeader({ profile: '', library });
    await writer.#write([writer.#taken()]);
    return writer;
  }

  /** Writes a whole file; one that fails half-way is closed as it is. */
  static async whole<T>(
    path: string,
    options: WriterOptions,
    work: (writer: McapWriter) => Promise<T>,
  ): Promise<T> {
    const writer = await McapWriter.create(path, options);
    try {
      const result = await work(writer);
      await writer.end();
      return result;
    } catch (error) {
      await writer.#handle.close().catch(() => {});
      throw error;
    }
  }

  /** Bytes in the file so far. */
  get bytes(): number {
    return this.#offset;
  }

  /** Bytes that wait to be flushed. */
  get waiting(): number {
    return this.#chunk.bytes;
  }

  get full(): boolean {
    return this.#chunk.bytes >= (this.#channels.length > MANY_CHANNELS ? LARGE_CHUNK_BYTES : CHUNK_BYTES);
  }

  get messages(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** Whether there can be another channel. */
  get canName(): boolean {
    return this.#channels.length < CHANNELS_MAX;
  }

  /** Answers the new channel's id. */
  addChannel({ topic, metadata, schema, encoding = 'json' }: NewChannel): number {
    const id = this.#channels.length;
    const schemaId = schema ? this.#schemaId(schema) : 0;
    this.#channels.push({ id, schemaId, topic, messageEncoding: encoding, metadata });
    this.#counts.push(0);
    return id;
  }

  /** A message with the data `source[start..end)`. `sequence` counts the channel's messages where none is given. */
  add(
    channel: number,
    timeMs: number,
    source: Uint8Array,
    start: number,
    end: number,
    publishMs = timeMs,
    sequence = this.#counts[channel]!,
  ): void {
    if (this.#counts[channel]!++ === 0) this.#name(channel);
    this.#chunk.addMessage({ channel, sequence, timeMs, publishMs }, source, start, end);
  }

  /** Writes what was added as a chunk. */
  async flush(): Promise<void> {
    if (this.#chunk.count === 0) return;
    const { bytes, entry, indexes } = this.#chunk.take(this.#offset, this.#compression);
    this.#chunks.push({ entry, indexes });
    await this.#write(bytes);
  }

  /** Writes a metadata record. */
  async addMetadata(name: string, metadata: Map<string, string>): Promise<void> {
    await this.flush();
    const length = this.#records.writeMetadata({ name, metadata });
    this.#metadata.push({ name, offset: BigInt(this.#offset), length });
    await this.#write([this.#taken()]);
  }

  /** Writes what is left and the summary, and closes the file. */
  async end(): Promise<void> {
    await this.flush();
    this.#records.writeDataEnd({ dataSectionCrc: this.#crc });
    await this.#write([this.#taken()]);
    await this.#writeSummary();
    await this.#handle.close();
  }

  async #writeSummary(): Promise<void> {
    const records = this.#records;
    const start = this.#offset;
    const offsets: McapTypes.SummaryOffset[] = [];
    let crc = 0;
    const flush = async () => {
      crc = crc32(records.buffer, crc);
      await this.#write([this.#taken()]);
    };
    const group = async <T>(
      groupOpcode: number,
      items: Iterable<T>,
      write: (item: T) => Uint8Array | void,
    ) => {
      const groupStart = this.#offset;
      for (const item of items) {
        const written = write(item);
        if (written) {
          crc = crc32(written, crc);
          await this.#write([Buffer.from(written)]);
        } else if (records.length > PIECE_BYTES) await flush();
      }
      await flush();
      const groupLength = BigInt(this.#offset - groupStart);
      if (groupLength > 0n) offsets.push({ groupOpcode, groupStart: BigInt(groupStart), groupLength });
    };
    await group(Opcode.SCHEMA, this.#schemas.values(), (schema) => void records.writeSchema(schema));
    await group(Opcode.CHANNEL, this.#channels, (channel) => void records.writeChannel(channel));
    await group(
      Opcode.STATISTICS,
      [this.#statistics()],
      (statistics) => void records.writeStatistics(statistics),
    );
    await group(Opcode.METADATA_INDEX, this.#metadata, (index) => void records.writeMetadataIndex(index));
    await group(Opcode.CHUNK_INDEX, this.#chunks, ({ entry, indexes }) => chunkIndex(entry, indexes));
    const summaryOffsetStart = BigInt(this.#offset);
    for (const offset of offsets) records.writeSummaryOffset(offset);
    await flush();
    const footer = { summaryStart: BigInt(start), summaryOffsetStart, summaryCrc: 0 };
    records.writeFooter(footer);
    // All of the footer but the sum itself counts.
    footer.summaryCrc = crc32(records.buffer.subarray(0, -4), crc);
    records.reset();
    records.writeFooter(footer);
    records.writeMagic();
    await this.#write([this.#taken()]);
  }

  #statistics(): McapTypes.Statistics {
    const entries = this.#chunks.map(({ entry }) => entry);
    return {
      messageCount: BigInt(this.messages),
      schemaCount: this.#schemas.size,
      channelCount: this.#channels.length,
      attachmentCount: 0,
      metadataCount: this.#metadata.length,
      chunkCount: entries.length,
      messageStartTime: nanoseconds(
        entries.reduce((first, { startMs }) => Math.min(first, startMs), entries[0]?.startMs ?? 0),
      ),
      messageEndTime: nanoseconds(entries.reduce((last, { endMs }) => Math.max(last, endMs), 0)),
      channelMessageCounts: new Map(this.#counts.map((count, id) => [id, BigInt(count)])),
    };
  }

  /** The channel, and its schema if it is the first of it, stand before its first message. */
  #name(id: number): void {
    const channel = this.#channels[id]!;
    const schema = [...this.#schemas.values()].find((candidate) => candidate.id === channel.schemaId);
    if (schema && !this.#namedSchemas.has(schema.id)) this.#records.writeSchema(schema);
    this.#namedSchemas.add(channel.schemaId);
    this.#records.writeChannel(channel);
    this.#chunk.addRecord(this.#taken());
  }

  #schemaId({ name, encoding, data }: NewSchema): number {
    const key = `${name} ${encoding} ${data.toString('latin1')}`;
    const schema = this.#schemas.get(key) ?? { id: this.#schemas.size + 1, name, encoding, data };
    this.#schemas.set(key, schema);
    return schema.id;
  }

  #taken(): Buffer {
    const taken = Buffer.from(this.#records.buffer);
    this.#records.reset();
    return taken;
  }

  async #write(parts: Buffer[]): Promise<void> {
    for (const part of parts) {
      this.#crc = crc32(part, this.#crc);
      this.#offset += part.length;
    }
    await this.#handle.writev(parts);
  }
}

/** A chunk index record. */
function chunkIndex(entry: ChunkEntry, { channels, offsets }: MessageIndexes): Buffer {
  const { compression } = entry;
  const record = Buffer.alloc(HEAD_BYTES + 64 + compression.length + channels.length * 10);
  record[0] = Opcode.CHUNK_INDEX;
  record.writeUInt32LE(record.length - HEAD_BYTES, 1);
  writeMs(record, 9, entry.startMs);
  writeMs(record, 17, entry.endMs);
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
