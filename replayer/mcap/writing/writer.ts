import { open, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { McapRecordBuilder, type McapTypes } from '@mcap/core';
import { appendWhole } from '../../../core/files/append.ts';
import { ChunkBuilder } from './chunk.ts';
import { loadCompression, type Compression } from '../compression/compression.ts';
import type { AttachmentEntry } from '../format/records.ts';
import { SummaryWriter, type SummarisedChunk } from './summary-writer.ts';

/** Unpacked size of a chunk. A reader waits one millisecond for it, and larger chunks would hardly make files smaller. */
const CHUNK_BYTES = 1 << 20;
/** In files with many channels, where every chunk is followed by an index of nearly each channel, chunks are larger. */
const LARGE_CHUNK_BYTES = 1 << 22;
const MANY_CHANNELS = 1_000;
const CHANNELS_MAX = 65_535;

export interface WriterOptions {
  /** Library in the header, which tells readers whether the data were checked (format/libraries.ts). */
  library: string;
  /** Default: LZ4. */
  compression?: Compression;
}

/** A channel to add. */
export interface NewChannel {
  topic: string;
  metadata: Map<string, string>;
  schema: NewSchema | null;
  /** Encoding of the messages. Default: json. */
  encoding?: string;
}

/** A schema to embed. */
export interface NewSchema {
  name: string;
  encoding: string;
  data: Buffer;
}

/** What the last chunk has added to the file, so that it can be taken back. */
interface LastChunk {
  offset: number;
  crc: number;
  counts: ReadonlyMap<number, number>;
}

/**
 * Writes an MCAP file with chunks, chunk and message indexes, statistics, metadata and summary. `add` only collects: a
 * caller awaits `flush` whenever `full` is true. Flushed messages are with the kernel, and survive the end of this process. When
 * a write fails, the file ends with the last whole chunk, and `end` can still complete it.
 */
export class McapWriter {
  readonly #handle: FileHandle;
  readonly #compression: Compression;
  readonly #records = new McapRecordBuilder();
  readonly #chunk = new ChunkBuilder();
  /** Schemas by their content. */
  readonly #schemas = new Map<string, McapTypes.Schema>();
  readonly #channels: McapTypes.Channel[] = [];
  /** Number of messages by channel id. */
  readonly #counts: number[] = [];
  readonly #writtenSchemas = new Set<number>();
  readonly #chunks: SummarisedChunk[] = [];
  readonly #metadata: McapTypes.MetadataIndex[] = [];
  readonly #attachments: AttachmentEntry[] = [];
  #crc = 0;
  #offset = 0;
  #lastChunk: LastChunk | null = null;
  /** A write has failed, and what was written of it was cut off. */
  #wasCut = false;

  private constructor(handle: FileHandle, compression: Compression) {
    this.#handle = handle;
    this.#compression = compression;
  }

  /** Begins a file; replaces a file that exists. */
  static async create(path: string, { library, compression = 'lz4' }: WriterOptions): Promise<McapWriter> {
    await loadCompression(compression);
    const writer = new McapWriter(await open(path, 'w'), compression);
    writer.#records.writeMagic();
    writer.#records.writeHeader({ profile: '', library });
    try {
      await writer.#write([writer.#taken()]);
    } catch (error) {
      await writer.#handle.close();
      throw error;
    }
    return writer;
  }

  /** Writes a file with `work` and ends it. When `work` fails, the file is closed unfinished. */
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

  /** Bytes written to the file. */
  get bytes(): number {
    return this.#offset;
  }

  /** Bytes that wait to be flushed, before compression. */
  get waiting(): number {
    return this.#chunk.bytes;
  }

  /** Whether enough waits for a chunk. */
  get full(): boolean {
    return this.#chunk.bytes >= (this.#channels.length > MANY_CHANNELS ? LARGE_CHUNK_BYTES : CHUNK_BYTES);
  }

  /** Whether another channel can be added. */
  get hasRoomForChannel(): boolean {
    return this.#channels.length < CHANNELS_MAX;
  }

  /** Adds a channel, and returns its id. It is written before its first message. */
  addChannel({ topic, metadata, schema, encoding = 'json' }: NewChannel): number {
    const id = this.#channels.length;
    const schemaId = schema ? this.#schemaId(schema) : 0;
    this.#channels.push({ id, schemaId, topic, messageEncoding: encoding, metadata });
    this.#counts.push(0);
    return id;
  }

  /** Adds a message with the data `source[start..end)`. By default `sequence` counts the channel's messages. Times are epoch ms. */
  add(
    channel: number,
    timeMs: number,
    source: Uint8Array,
    start: number,
    end: number,
    publishMs = timeMs,
    sequence = this.#counts[channel]!,
  ): void {
    if (this.#counts[channel]!++ === 0) this.#introduce(channel);
    this.#chunk.addMessage({ channel, sequence, timeMs, publishMs }, source, start, end);
  }

  /**
   * Adds a copy of a message of another file, to the nanosecond. `source[start..end)`: its record without opcode and length;
   * `laterNs` is added to its times.
   */
  addCopy(channel: number, source: Buffer, start: number, end: number, laterNs = 0n): void {
    if (this.#counts[channel]!++ === 0) this.#introduce(channel);
    this.#chunk.addCopy(channel, source, start, end, laterNs);
  }

  /** Writes the collected messages as a chunk. @throws the error of the disk: then the file is without them */
  async flush(): Promise<void> {
    if (this.#chunk.count === 0) return;
    const { counts } = this.#chunk;
    const before = { offset: this.#offset, crc: this.#crc, counts };
    const { bytes, ...summarised } = this.#chunk.take(this.#offset, this.#compression);
    try {
      await this.#write(bytes);
    } catch (error) {
      this.#uncount(counts);
      throw error;
    }
    this.#chunks.push(summarised);
    this.#lastChunk = before;
  }

  /** Number of messages in whole chunks of the file. */
  get written(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0) - this.#chunk.count;
  }

  /** Writes a metadata record. */
  async addMetadata(name: string, metadata: Map<string, string>): Promise<void> {
    const length = this.#records.writeMetadata({ name, metadata });
    this.#metadata.push({ name, offset: BigInt(this.#offset), length });
    await this.#write([this.#taken()]);
  }

  /** Copies the record of an attachment, which comes in pieces. */
  async addAttachment(attachment: AttachmentEntry, record: AsyncIterable<Buffer>): Promise<void> {
    await this.flush();
    this.#attachments.push({ ...attachment, offset: this.#offset });
    for await (const piece of record) await this.#write([piece]);
  }

  /**
   * Writes the last chunk and the summary, and closes the file.
   * @throws the error of the disk: then the file is open, and `endAfterFailure` ends it
   */
  async end(): Promise<void> {
    await this.flush();
    await this.#complete();
    await this.#handle.close();
  }

  /**
   * Completes the file after a write has failed, with what it holds: without messages that wait, and without the last chunk
   * where the summary needs its room. A file that can't be completed stays as it is: `recover` reads it.
   */
  async endAfterFailure(): Promise<void> {
    this.#uncount(this.#chunk.counts);
    this.#chunk.clear();
    try {
      await this.#complete().catch(async (error: unknown) => {
        if (!(await this.#takeBackChunk())) throw error;
        await this.#complete();
      });
    } catch {
      // The failure before is told.
    } finally {
      await this.#handle.close().catch(() => {});
    }
  }

  async #complete(): Promise<void> {
    const before = { offset: this.#offset, crc: this.#crc };
    try {
      await this.#writeEnd();
    } catch (error) {
      [this.#offset, this.#crc] = [before.offset, before.crc];
      await this.#cut();
      throw error;
    }
  }

  async #writeEnd(): Promise<void> {
    this.#records.reset();
    this.#records.writeDataEnd({ dataSectionCrc: this.#crc });
    await this.#write([this.#taken()]);
    const summary = new SummaryWriter(this.#offset, (bytes) => this.#write([bytes]));
    await summary.write({
      schemas: [...this.#schemas.values()],
      // After a failure, a channel may be in no chunk.
      channels: this.#channels.filter(({ id }) => !this.#wasCut || this.#counts[id]! > 0),
      counts: this.#counts,
      metadata: this.#metadata,
      attachments: this.#attachments,
      chunks: this.#chunks,
    });
  }

  /** Takes the last chunk back, to make room; false if there is none. */
  async #takeBackChunk(): Promise<boolean> {
    const last = this.#lastChunk;
    // Something else may follow the chunk.
    if (!last || this.#chunks.at(-1)?.entry.offset !== last.offset) return false;
    this.#chunks.pop();
    this.#uncount(last.counts);
    [this.#offset, this.#crc, this.#lastChunk] = [last.offset, last.crc, null];
    await this.#cut();
    return true;
  }

  #uncount(counts: ReadonlyMap<number, number>): void {
    for (const [channel, count] of counts) this.#counts[channel]! -= count;
  }

  /** Cuts the file at the offset. */
  async #cut(): Promise<void> {
    this.#wasCut = true;
    await this.#handle.truncate(this.#offset).catch(() => {});
  }

  /** Adds the channel's record to the chunk, and its schema's unless another channel did. */
  #introduce(id: number): void {
    const channel = this.#channels[id]!;
    const schema = [...this.#schemas.values()].find((candidate) => candidate.id === channel.schemaId);
    if (schema && !this.#writtenSchemas.has(schema.id)) this.#records.writeSchema(schema);
    this.#writtenSchemas.add(channel.schemaId);
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
    try {
      await appendWhole(this.#handle, parts, this.#offset, this.#wasCut);
    } catch (error) {
      this.#wasCut = true;
      throw error;
    }
    for (const part of parts) {
      this.#crc = crc32(part, this.#crc);
      this.#offset += part.length;
    }
  }
}
