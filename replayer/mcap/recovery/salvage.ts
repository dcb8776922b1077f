import { open, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { MalformedMcap, FieldReader } from '../format/bytes.ts';
import { CHUNK_MAX_BYTES } from '../compression/compression.ts';
import { unpackPartly } from './partial-unpack.ts';
import {
  CHUNK_HEAD_BYTES,
  HEAD_BYTES,
  LAST_OPCODE,
  MAGIC,
  MESSAGE_BYTES,
  Opcode,
  readChunkHead,
  recordAt,
  type ChunkEntry,
} from '../format/records.ts';
import { readRecords } from '../reading/read-chunk.ts';
import { readAt } from '../format/read-at.ts';

const WINDOW_BYTES = 1 << 20;
/** More than the beginning of any record takes from which its length is judged. */
const BEGINNING_BYTES = 128;
const COMPRESSION_MAX_BYTES = 8;
const RECORD_MAX_BYTES = 1 << 26;

/** A place in a file where it is damaged. */
export interface Damage {
  /** Byte of the file. */
  offset: number;
  /** How many bytes from there on can't be read; 0 where that is not known. */
  bytes: number;
  /** What is wrong, as a clause. */
  what: string;
  /** Whether messages were lost, or may have been. */
  lossy: boolean;
}

/** A record that is intact, or the records of a chunk. */
export interface Salvaged {
  opcode: number;
  /** Place of the record in the file, or of the chunk. */
  offset: number;
  length: number;
  /** The record, or the records of the chunk; for an attachment, which may be large, null. */
  records: Buffer | null;
}

const KEPT: readonly number[] = [Opcode.MESSAGE, Opcode.CHANNEL, Opcode.SCHEMA, Opcode.METADATA];

/**
 * Yields the intact records of a file that may be cut off or damaged anywhere, in file order, and those of chunks unpacked.
 * After damage it goes on at the next sound record. It adds each damage to `damages` as it finds it.
 */
export async function* salvage(path: string, damages: Damage[]): AsyncGenerator<Salvaged> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const damaged = (offset: number, bytes: number, what: string, lossy = true) =>
      damages.push({ offset, bytes, what, lossy });
    const magic = await readAt(handle, 0, Math.min(size, MAGIC.length));
    if (!magic.equals(MAGIC)) damaged(0, 0, 'it does not begin like an MCAP file', false);
    let offset = magic.equals(MAGIC) ? MAGIC.length : 0;
    while (offset < size) {
      const length = await recordLength(handle, offset, size);
      if (length === null) {
        const next = await nextRecord(handle, offset + 1, size);
        const bytes = (next ?? size) - offset;
        damaged(offset, bytes, next === null ? 'the file is cut off here' : `${bytes} bytes are not valid`);
        if (next === null) {
          const records = await cutChunk(handle, offset, size);
          if (records) yield { opcode: Opcode.CHUNK, offset, length: bytes, records };
          return;
        }
        offset = next;
        continue;
      }
      const opcode = (await readAt(handle, offset, 1))[0]!;
      if (opcode === Opcode.DATA_END) return;
      if (opcode === Opcode.CHUNK) {
        try {
          yield { opcode, offset, length, records: await wholeChunk(handle, offset, length) };
        } catch (error) {
          if (!(error instanceof MalformedMcap)) throw error;
          damaged(offset, length, error.message);
        }
      } else if (opcode === Opcode.ATTACHMENT) yield { opcode, offset, length, records: null };
      else if (KEPT.includes(opcode))
        yield { opcode, offset, length, records: await readAt(handle, offset, length) };
      offset += length;
    }
    damaged(size, 0, 'its end is missing');
  } finally {
    await handle.close();
  }
}

async function wholeChunk(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { crc, ...entry } = await chunkHead(handle, offset, length);
  const records = await readRecords(handle, entry);
  if (crc !== 0 && crc32(records) !== crc) throw new MalformedMcap('a chunk is damaged (CRC)');
  return records;
}

async function chunkHead(
  handle: FileHandle,
  offset: number,
  length: number,
): Promise<ChunkEntry & { crc: number }> {
  const head = await readAt(handle, offset, Math.min(length, BEGINNING_BYTES));
  return readChunkHead(new FieldReader(head, HEAD_BYTES), offset, length);
}

/** The whole records in a chunk that is cut off. */
async function cutChunk(handle: FileHandle, offset: number, end: number): Promise<Buffer | null> {
  const bytes = await readAt(handle, offset, Math.min(end - offset, RECORD_MAX_BYTES));
  if (bytes[0] !== Opcode.CHUNK) return null;
  try {
    const fields = new FieldReader(bytes, HEAD_BYTES);
    const { compression, bytes: size } = readChunkHead(fields, offset, Infinity);
    if (size > CHUNK_MAX_BYTES || !['', 'lz4', 'zstd'].includes(compression)) return null;
    const records = unpackPartly(bytes.subarray(fields.at), compression, size);
    let whole = 0;
    for (let record; (record = recordAt(records, whole)) && isSound(records, whole);) whole += record.length;
    return records.subarray(0, whole);
  } catch (error) {
    if (error instanceof MalformedMcap) return null;
    throw error;
  }
}

/** The length of the record at a place; null unless a sound and whole record begins there. */
async function recordLength(handle: FileHandle, offset: number, size: number): Promise<number | null> {
  const bytes = await readAt(handle, offset, Math.min(BEGINNING_BYTES, size - offset));
  const length = soundLength(bytes, 0, size - offset);
  // A kind that is not known may also be damage: what follows it must be a record that is known.
  if (length === null || bytes[0]! <= LAST_OPCODE || offset + length === size) return length;
  return (await isKnown(handle, offset + length, size)) ? length : null;
}

/** Whether a sound record of a known or private kind begins at a place. */
async function isKnown(handle: FileHandle, offset: number, size: number): Promise<boolean> {
  const bytes = await readAt(handle, offset, Math.min(BEGINNING_BYTES, size - offset));
  const isDefined = bytes[0]! <= LAST_OPCODE || bytes[0]! >= PRIVATE_OPCODE;
  return isDefined && soundLength(bytes, 0, size - offset) !== null;
}

const PRIVATE_OPCODE = 0x80;

/**
 * The length of the record at `at`, which may take up to `room` bytes; null unless it satisfies what holds for its kind:
 * its fields fit into it, and lengths within lengths agree. Bytes after the fields are allowed: later versions of MCAP may add
 * fields there.
 */
function soundLength(bytes: Buffer, at: number, room: number): number | null {
  if (at + HEAD_BYTES > bytes.length) return null;
  const opcode = bytes[at]!;
  const content = bytes.readUInt32LE(at + 1) + bytes.readUInt32LE(at + 5) * 2 ** 32;
  const length = HEAD_BYTES + content;
  if (opcode === 0 || length > room) return null;
  if (opcode === Opcode.ATTACHMENT) return isAttachmentHead(bytes, at, content) ? length : null;
  if (opcode === Opcode.CHUNK) return isChunkHead(bytes, at, content) ? length : null;
  if (content > RECORD_MAX_BYTES) return null;
  if (opcode === Opcode.MESSAGE_INDEX) {
    if (at + 15 > bytes.length || content < 6) return null;
    const entries = bytes.readUInt32LE(at + 11);
    return entries <= content - 6 && entries % 16 === 0 ? length : null;
  }
  return content >= (SHORTEST[opcode] ?? 0) ? length : null;
}

/** The fewest bytes that the fields of a record take, by its opcode. */
const SHORTEST: { [opcode: number]: number } = {
  [Opcode.HEADER]: 8,
  [Opcode.FOOTER]: 20,
  [Opcode.SCHEMA]: 14,
  [Opcode.CHANNEL]: 16,
  [Opcode.MESSAGE]: MESSAGE_BYTES - HEAD_BYTES,
  [Opcode.METADATA]: 8,
  [Opcode.DATA_END]: 4,
};

function isAttachmentHead(bytes: Buffer, at: number, content: number): boolean {
  // Two times, two texts, and a length before the data, and a checksum after them.
  if (content < 36 || at + HEAD_BYTES + 20 > bytes.length) return false;
  const name = bytes.readUInt32LE(at + HEAD_BYTES + 16);
  return name <= content - 36;
}

function isChunkHead(bytes: Buffer, at: number, content: number): boolean {
  if (at + 41 > bytes.length) return false;
  const name = bytes.readUInt32LE(at + 37);
  if (name > COMPRESSION_MAX_BYTES || at + CHUNK_HEAD_BYTES + name > bytes.length) return false;
  const compression = bytes.toString('latin1', at + 41, at + 41 + name);
  const packed = bytes.readUInt32LE(at + 41 + name) + bytes.readUInt32LE(at + 45 + name) * 2 ** 32;
  return ['', 'lz4', 'zstd'].includes(compression) && packed <= content - 40 - name;
}

function isSound(bytes: Buffer, at: number): boolean {
  return soundLength(bytes, at, bytes.length - at) !== null;
}

/**
 * Where the next chunk, message index or data end begins after damage; null for none. Such a record must be followed by
 * another sound one, because any byte may look like the beginning of a record.
 */
async function nextRecord(handle: FileHandle, from: number, size: number): Promise<number | null> {
  for (let base = from; base < size; base += WINDOW_BYTES) {
    const window = await readAt(handle, base, Math.min(WINDOW_BYTES + BEGINNING_BYTES, size - base));
    const end = Math.min(WINDOW_BYTES, window.length);
    for (let at = 0; at < end; at++) {
      const opcode = window[at]!;
      if (opcode !== Opcode.CHUNK && opcode !== Opcode.MESSAGE_INDEX && opcode !== Opcode.DATA_END) continue;
      const length = soundLength(window, at, size - base - at);
      if (length === null) continue;
      const after = base + at + length;
      if (after === size || (await isKnown(handle, after, size)) || (await isCutThere(handle, after, size)))
        return base + at;
    }
  }
  return null;
}

/** Whether a record of a known kind begins at a place, but the file ends before it does. */
async function isCutThere(handle: FileHandle, offset: number, size: number): Promise<boolean> {
  const bytes = await readAt(handle, offset, Math.min(BEGINNING_BYTES, size - offset));
  const isKind = bytes[0]! >= Opcode.HEADER && bytes[0]! <= LAST_OPCODE;
  return isKind && (bytes.length < HEAD_BYTES || soundLength(bytes, 0, Infinity) !== null);
}
