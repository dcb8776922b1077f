import { crc32 } from 'node:zlib';
import { msOf, splitMs, words } from '../format/bytes.ts';
import { compress, type Compression } from '../compression/compression.ts';
import { HEAD_BYTES, MESSAGE_BYTES, Opcode, type ChunkEntry } from '../format/records.ts';

const MAX_NS = 2n ** 64n - 1n;
const INDEX_ENTRY_BYTES = 16;
const INDEX_HEAD_BYTES = HEAD_BYTES + 6;

/** A chunk ready for the file, with the message indexes that follow it. */
export interface WrittenChunk {
  bytes: Buffer[];
  entry: ChunkEntry;
  times: ChunkTimes;
  indexes: MessageIndexes;
}

/** Time of the first and last message of a chunk, in nanoseconds. */
export interface ChunkTimes {
  start: bigint;
  end: bigint;
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

/** A later time, ns. The publish time of a message may be none at all (0), or as late as can be. */
export function postponed(ns: bigint, laterNs: bigint): bigint {
  const timeNs = ns + laterNs;
  return timeNs < 0n ? 0n : timeNs > MAX_NS ? MAX_NS : timeNs;
}

/** Collects the records of one chunk and the index of its messages; then those of the next. */
export class ChunkBuilder {
  #records = Buffer.allocUnsafeSlow(1 << 21);
  #view = viewOf(this.#records);
  #length = 0;
  #count = 0;
  #start: Time = LATEST;
  #end: Time = EARLIEST;
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

  /** Number of messages of each channel that has any. */
  get counts(): ReadonlyMap<number, number> {
    return new Map(this.#channels.map((channel) => [channel, this.#counts[channel]!]));
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
    this.#added(at, length, channel, words.low, words.high);
  }

  /**
   * Adds a copy of a message: `source[start..end)` is its record without opcode and length. Only its channel changes; its
   * times stay as they are, to the nanosecond, or become later by `laterNs`.
   */
  addCopy(channel: number, source: Buffer, start: number, end: number, laterNs: bigint): void {
    const length = HEAD_BYTES + end - start;
    this.#reserve(length);
    const at = this.#length;
    this.#records[at] = Opcode.MESSAGE;
    this.#view.setUint32(at + 1, length - HEAD_BYTES, true);
    this.#view.setUint32(at + 5, 0, true);
    this.#records.set(source.subarray(start, end), at + HEAD_BYTES);
    this.#view.setUint16(at + HEAD_BYTES, channel, true);
    if (laterNs !== 0n) for (const time of [at + 15, at + 23]) this.#postpone(time, laterNs);
    const low = this.#view.getUint32(at + 15, true);
    this.#added(at, length, channel, low, this.#view.getUint32(at + 19, true));
  }

  #postpone(at: number, laterNs: bigint): void {
    this.#view.setBigUint64(at, postponed(this.#view.getBigUint64(at, true), laterNs), true);
  }

  /** Notes a message that was added at a place of the records. */
  #added(at: number, length: number, channel: number, low: number, high: number): void {
    this.#length = at + length;
    const [start, end] = [this.#start, this.#end];
    if (high < start.high || (high === start.high && low < start.low)) this.#start = { high, low };
    if (high > end.high || (high === end.high && low > end.low)) this.#end = { high, low };
    if (this.#count === this.#columns.ids.length) this.#columns = columns(this.#count * 2, this.#columns);
    const { ids, offsets, lows, highs } = this.#columns;
    const row = this.#count++;
    ids[row] = channel;
    offsets[row] = at;
    lows[row] = low;
    highs[row] = high;
    if (this.#counts[channel]!++ === 0) this.#channels.push(channel);
  }

  /** Returns the chunk for `offset` of the file, and begins the next one. */
  take(offset: number, compression: Compression): WrittenChunk {
    const records = this.#records.subarray(0, this.#length);
    const packed = compress(records, compression);
    const [start, end] = [this.#start, this.#end];
    const head = Buffer.alloc(HEAD_BYTES + 40 + compression.length);
    head[0] = Opcode.CHUNK;
    head.writeBigUInt64LE(BigInt(head.length - HEAD_BYTES + packed.length), 1);
    head.writeBigUInt64LE(nanosecondsOf(start), 9);
    head.writeBigUInt64LE(nanosecondsOf(end), 17);
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
      startMs: msOf(start.high, start.low),
      endMs: msOf(end.high, end.low),
      compression,
      packedBytes: packed.length,
      bytes: records.length,
      indexBytes: index.length,
    };
    // Uncompressed records are copied, because the next chunk reuses their memory.
    const body = packed === records ? Buffer.from(records) : packed;
    this.clear();
    const times = { start: nanosecondsOf(start), end: nanosecondsOf(end) };
    return { bytes: [head, body, index], entry, times, indexes };
  }

  /** Forgets what was added. */
  clear(): void {
    this.#length = this.#count = 0;
    [this.#start, this.#end] = [LATEST, EARLIEST];
    for (const channel of this.#channels) this.#counts[channel] = 0;
    this.#channels = [];
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

/** A time in nanoseconds, as two words. */
interface Time {
  high: number;
  low: number;
}
const LATEST: Time = { high: 2 ** 32, low: 0 };
const EARLIEST: Time = { high: -1, low: 0 };

function nanosecondsOf({ high, low }: Time): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
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
