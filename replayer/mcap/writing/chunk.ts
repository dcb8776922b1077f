import { crc32 } from 'node:zlib';
import { splitMs, words, writeMs } from '../format/bytes.ts';
import { compress, type Compression } from '../compression/compression.ts';
import { HEAD_BYTES, MESSAGE_BYTES, Opcode, type ChunkEntry } from '../format/records.ts';

const INDEX_ENTRY_BYTES = 16;
const INDEX_HEAD_BYTES = HEAD_BYTES + 6;

/** A chunk ready for the file, with the message indexes that follow it. */
export interface WrittenChunk {
  bytes: Buffer[];
  entry: ChunkEntry;
  indexes: MessageIndexes;
}

/** The channels of a chunk, and for each the offset of its message index from the beginning of the chunk. */
export interface MessageIndexes {
  channels: Uint16Array;
  offsets: Uint32Array;
}

/** The fields before a message's data. Times are epoch ms. */
export interface MessageHead {
  channel: number;
  sequence: number;
  timeMs: number;
  publishMs: number;
}

/** Collects the records of one chunk and the index of its messages; then those of the next. */
export class ChunkBuilder {
  #records = Buffer.allocUnsafeSlow(1 << 21);
  #view = viewOf(this.#records);
  #length = 0;
  #count = 0;
  #startMs = Infinity;
  #endMs = 0;
  /** For each message its channel, its offset, and the two words of its time. */
  #columns = columns(4_096);
  /** Number of messages by channel id, and the channels that have messages. */
  readonly #counts = new Uint32Array(1 << 16);
  #channels: number[] = [];

  /** Size of the records. */
  get bytes(): number {
    return this.#length;
  }

  /** Number of messages. */
  get count(): number {
    return this.#count;
  }

  /** Adds the record of a schema or channel. */
  addRecord(record: Uint8Array): void {
    this.#reserve(record.length);
    this.#records.set(record, this.#length);
    this.#length += record.length;
  }

  /** Adds a message with the data `source[start..end)`. */
  addMessage(message: MessageHead, source: Uint8Array, start: number, end: number): void {
    const { channel, sequence, timeMs, publishMs } = message;
    const length = MESSAGE_BYTES + end - start;
    this.#reserve(length);
    const view = this.#view;
    const at = this.#length;
    this.#records[at] = Opcode.MESSAGE;
    view.setUint32(at + 1, length - HEAD_BYTES, true);
    view.setUint32(at + 5, 0, true);
    view.setUint16(at + 9, channel, true);
    view.setUint32(at + 11, sequence, true);
    if (publishMs !== timeMs) splitMs(publishMs);
    else splitMs(timeMs);
    view.setUint32(at + 23, words.low, true);
    view.setUint32(at + 27, words.high, true);
    if (publishMs !== timeMs) splitMs(timeMs);
    view.setUint32(at + 15, words.low, true);
    view.setUint32(at + 19, words.high, true);
    this.#records.set(source.subarray(start, end), at + MESSAGE_BYTES);
    this.#length = at + length;
    if (timeMs < this.#startMs) this.#startMs = timeMs;
    if (timeMs > this.#endMs) this.#endMs = timeMs;
    if (this.#count === this.#columns.ids.length) this.#columns = columns(this.#count * 2, this.#columns);
    const { ids, offsets, lows, highs } = this.#columns;
    const row = this.#count++;
    ids[row] = channel;
    offsets[row] = at;
    lows[row] = words.low;
    highs[row] = words.high;
    if (this.#counts[channel]!++ === 0) this.#channels.push(channel);
  }

  /** Returns the chunk for `offset` of the file, and begins the next one. */
  take(offset: number, compression: Compression): WrittenChunk {
    const records = this.#records.subarray(0, this.#length);
    const packed = compress(records, compression);
    const [startMs, endMs] = [this.#startMs, this.#endMs];
    const head = Buffer.alloc(HEAD_BYTES + 40 + compression.length);
    head[0] = Opcode.CHUNK;
    head.writeBigUInt64LE(BigInt(head.length - HEAD_BYTES + packed.length), 1);
    writeMs(head, 9, startMs);
    writeMs(head, 17, endMs);
    head.writeBigUInt64LE(BigInt(records.length), 25);
    head.writeUInt32LE(crc32(records), 33);
    head.writeUInt32LE(compression.length, 37);
    head.write(compression, 41);
    head.writeBigUInt64LE(BigInt(packed.length), 41 + compression.length);
    const length = head.length + packed.length;
    const { bytes: index, indexes } = this.#index(length);
    const entry: ChunkEntry = {
      offset,
      length,
      startMs,
      endMs,
      compression,
      packedBytes: packed.length,
      bytes: records.length,
      indexBytes: index.length,
    };
    // Uncompressed records are copied, because the next chunk reuses their memory.
    const body = packed === records ? Buffer.from(records) : packed;
    this.#length = this.#count = this.#endMs = 0;
    this.#startMs = Infinity;
    for (const channel of this.#channels) this.#counts[channel] = 0;
    this.#channels = [];
    return { bytes: [head, body, index], entry, indexes };
  }

  /** Makes the message index records, one for each channel. */
  #index(chunkLength: number): { bytes: Buffer; indexes: MessageIndexes } {
    const bytes = Buffer.alloc(this.#channels.length * INDEX_HEAD_BYTES + this.#count * INDEX_ENTRY_BYTES);
    const view = viewOf(bytes);
    const channels = Uint16Array.from(this.#channels);
    const starts = new Uint32Array(channels.length);
    const ends = new Map<number, number>();
    let at = 0;
    channels.forEach((channel, i) => {
      const entriesBytes = this.#counts[channel]! * INDEX_ENTRY_BYTES;
      starts[i] = chunkLength + at;
      bytes[at] = Opcode.MESSAGE_INDEX;
      view.setUint32(at + 1, 6 + entriesBytes, true);
      view.setUint16(at + 9, channel, true);
      view.setUint32(at + 11, entriesBytes, true);
      ends.set(channel, at + INDEX_HEAD_BYTES);
      at += INDEX_HEAD_BYTES + entriesBytes;
    });
    const { ids, offsets, lows, highs } = this.#columns;
    for (let i = 0; i < this.#count; i++) {
      const end = ends.get(ids[i]!)!;
      view.setUint32(end, lows[i]!, true);
      view.setUint32(end + 4, highs[i]!, true);
      view.setUint32(end + 8, offsets[i]!, true);
      ends.set(ids[i]!, end + INDEX_ENTRY_BYTES);
    }
    return { bytes, indexes: { channels, offsets: starts } };
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#records.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#records.length * 2, this.#length + bytes));
    larger.set(this.#records.subarray(0, this.#length));
    this.#records = larger;
    this.#view = viewOf(larger);
  }
}

/** Allocates columns, and copies the contents of smaller ones. */
function columns(size: number, from?: IndexColumns): IndexColumns {
  const made = {
    ids: new Uint16Array(size),
    offsets: new Uint32Array(size),
    lows: new Uint32Array(size),
    highs: new Uint32Array(size),
  };
  if (from) for (const column of COLUMNS) made[column].set(from[column]);
  return made;
}

interface IndexColumns {
  ids: Uint16Array;
  offsets: Uint32Array;
  lows: Uint32Array;
  highs: Uint32Array;
}
const COLUMNS = ['ids', 'offsets', 'lows', 'highs'] as const;

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
