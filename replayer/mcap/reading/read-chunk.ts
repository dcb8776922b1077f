import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { unpackChunk } from '../compression/unpack-chunk.ts';
import { MalformedMcap } from '../format/bytes.ts';
import { readAt } from '../format/read-at.ts';
import { HEAD_BYTES, type ChunkEntry } from '../format/records.ts';

/** Where a chunk's checksum lies, from the chunk's beginning on. */
const CRC_OFFSET = HEAD_BYTES + 24;

/** Reads and unpacks the records of a chunk. @throws MalformedMcap */
export async function readRecords(handle: FileHandle, chunk: ChunkEntry): Promise<Buffer> {
  return (await unpackChunk(handle, chunk)).bytes;
}

/** The same, but also checks the chunk's checksum where it has one. @throws MalformedMcap when the records are damaged */
export async function readCheckedRecords(handle: FileHandle, chunk: ChunkEntry): Promise<Buffer> {
  const records = await readRecords(handle, chunk);
  // A run of messages outside of chunks has no head, and so no checksum.
  if (chunk.length === chunk.packedBytes) return records;
  const crc = (await readAt(handle, chunk.offset + CRC_OFFSET, 4)).readUInt32LE();
  if (crc !== 0 && crc32(records) !== crc)
    throw new MalformedMcap(`the chunk at byte ${chunk.offset} is damaged (CRC)`);
  return records;
}
