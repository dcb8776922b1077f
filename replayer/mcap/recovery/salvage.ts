import { open, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { MalformedMcap, FieldReader } from '../format/bytes.ts';
import { CHUNK_MAX_BYTES } from '../compression/compression.ts';
import { unpackPartly } from './partial-unpack.ts';
import {
  HEAD_BYTES,
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
/** More than a chunk's head takes. */
const CHUNK_HEAD_BYTES = 80;
const RECORD_MAX_BYTES = 1 << 26;

/** A place in a file where it is damaged. */
export interface Damage {
  /** Byte of the file. */
  offset: number;
  /** What is wrong, as a clause. */
  what: string;
  /** Whether messages were lost, or may have been. */
  lossy: boolean;
}

/**
 * Yields the intact records of a file that may be cut off or damaged anywhere, in file order, and those of chunks unpacked.
 * After damage it goes on at the next sound record. It adds each damage to `damages` as it finds it.
 */
export async function* salvage(path: string, damages: Damage[]): AsyncGenerator<Buffer> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const damaged = (offset: number, what: string, lossy = true) => damages.push({ offset, what, lossy });
    const magic = await readAt(handle, 0, Math.min(size, MAGIC.length));
    if (!magic.equals(MAGIC)) damaged(0, 'it does not begin like an MCAP file', false);
    let offset = magic.equals(MAGIC) ? MAGIC.length : 0;
    while (offset < size) {
      const length = await recordLength(handle, offset, size);
      if (length === null) {
        const next = await nextRecord(handle, offset + 1, size);
        damaged(offset, next === null ? 'the file is cut off here' : `${next - offset} bytes are not valid`);
        if (next === null) {
          const rest = await cutChunk(handle, offset, size);
          if (rest) yield rest;
          return;
        }
        offset = next;
        continue;
      }
      const opcode = (await readAt(handle, offset, 1))[0]!;
      if (opcode === Opcode.DATA_END) return;
      if (opcode === Opcode.CHUNK) {
        try {
          yield await wholeChunk(handle, offset, length);
        } catch (error) {
          if (!(error instanceof MalformedMcap)) throw error;
          damaged(offset, error.message);
        }
      } else if (opcode === Opcode.MESSAGE || opcode === Opcode.CHANNEL || opcode === Opcode.SCHEMA) {
        yield await readAt(handle, offset, length);
      }
      offset += length;
    }
    damaged(size, 'its end is missing');
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
  const head = await readAt(handle, offset, Math.min(length, CHUNK_HEAD_BYTES));
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
  const bytes = await readAt(handle, offset, Math.min(CHUNK_HEAD_BYTES, size - offset));
  return soundLength(bytes, 0, size - offset);
}

/**
 * The length of the record at `at`, which may take up to `room` bytes; null unless it satisfies what holds for its kind:
 * fixed lengths, and lengths stored twice.
 */
function soundLength(bytes: Buffer, at: number, room: number): number | null {
  if (at + HEAD_BYTES > bytes.length) return null;
  const opcode = bytes[at]!;
  const low = bytes.readUInt32LE(at + 1);
  const content = bytes.readUInt32LE(at + 5) === 0 ? low : Infinity;
  const length = HEAD_BYTES + content;
  if (opcode === 0 || length > room || (opcode !== Opcode.CHUNK && content > RECORD_MAX_BYTES)) return null;
  if (opcode === Opcode.CHUNK) return isChunkHead(bytes, at, content) ? length : null;
  if (opcode === Opcode.MESSAGE_INDEX)
    return at + 15 <= bytes.length && bytes.readUInt32LE(at + 11) === content - 6 && content % 16 === 6
      ? length
      : null;
  if (opcode === Opcode.DATA_END) return content === 4 ? length : null;
  if (opcode === Opcode.FOOTER) return content === 20 ? length : null;
  if (opcode === Opcode.MESSAGE) return length >= MESSAGE_BYTES ? length : null;
  return opcode <= Opcode.DATA_END || opcode >= 0x80 ? length : null;
}

function isChunkHead(bytes: Buffer, at: number, content: number): boolean {
  if (at + 41 > bytes.length) return false;
  const name = bytes.readUInt32LE(at + 37);
  if (name > 8 || at + 49 + name > bytes.length) return false;
  const compression = bytes.toString('latin1', at + 41, at + 41 + name);
  const packed = bytes.readUInt32LE(at + 41 + name) + bytes.readUInt32LE(at + 45 + name) * 2 ** 32;
  return ['', 'lz4', 'zstd'].includes(compression) && packed === content - 40 - name;
}

function isSound(bytes: Buffer, at: number): boolean {
  return soundLength(bytes, at, bytes.length - at) !== null;
}

/** Where the next chunk, message index or data end begins after damage; null for none. */
async function nextRecord(handle: FileHandle, from: number, size: number): Promise<number | null> {
  for (let base = from; base < size; base += WINDOW_BYTES) {
    const window = await readAt(handle, base, Math.min(WINDOW_BYTES + CHUNK_HEAD_BYTES, size - base));
    const end = Math.min(WINDOW_BYTES, window.length);
    for (let at = 0; at < end; at++) {
      const opcode = window[at]!;
      if (opcode !== Opcode.CHUNK && opcode !== Opcode.MESSAGE_INDEX && opcode !== Opcode.DATA_END) continue;
      if (soundLength(window, at, size - base - at) !== null) return base + at;
    }
  }
  return null;
}
