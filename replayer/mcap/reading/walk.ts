import type { FileHandle } from 'node:fs/promises';
import { MalformedMcap, FieldReader, readMs } from '../format/bytes.ts';
import { CHUNK_MAX_BYTES } from '../compression/compression.ts';
import { readAt } from '../format/read-at.ts';
import { HEAD_BYTES, MESSAGE_BYTES, Opcode, readChunkHead, type ChunkEntry } from '../format/records.ts';

const WINDOW_BYTES = 1 << 16;
/** More than the head of a chunk takes. */
const BEGINNING_BYTES = 128;
/** Messages outside of chunks are treated as runs of about this size. */
const RUN_BYTES = 1 << 20;

/** The kinds of records that `walk` yields as a whole. */
const WHOLE: readonly number[] = [Opcode.SCHEMA, Opcode.CHANNEL, Opcode.METADATA];

/** A record and its place in the file. `fields` is whole for schemas, channels and metadata, else only the beginning. */
export interface PlacedRecord {
  opcode: number;
  offset: number;
  length: number;
  fields: FieldReader;
}

/** Reads the records from byte `from` to before `to`. @throws MalformedMcap at the first record that is not whole */
export async function* walk(handle: FileHandle, from: number, to: number): AsyncGenerator<PlacedRecord> {
  let held: Buffer = Buffer.alloc(0);
  let heldAt = from;
  const bytesAt = async (offset: number, length: number): Promise<Buffer> => {
    if (offset < heldAt || offset + length > heldAt + held.length) {
      held = await readAt(handle, offset, Math.min(Math.max(length, WINDOW_BYTES), to - offset));
      heldAt = offset;
    }
    return held.subarray(offset - heldAt, offset - heldAt + length);
  };
  for (let offset = from; offset < to;) {
    if (offset + HEAD_BYTES > to) throw new MalformedMcap(`the record at byte ${offset} is cut`);
    const head = new FieldReader(await bytesAt(offset, HEAD_BYTES));
    const opcode = head.u8();
    const length = HEAD_BYTES + head.u64();
    if (offset + length > to) throw new MalformedMcap(`the record at byte ${offset} is cut`);
    const isWhole = WHOLE.includes(opcode);
    if ((isWhole || opcode === Opcode.MESSAGE) && length > CHUNK_MAX_BYTES)
      throw new MalformedMcap(`the record at byte ${offset} is too large`);
    const bytes = await bytesAt(offset, isWhole ? length : Math.min(length, BEGINNING_BYTES));
    yield { opcode, offset, length, fields: new FieldReader(bytes, HEAD_BYTES) };
    offset += length;
  }
}

/** Finds the chunks, and the runs of messages outside of chunks, among records that are added in file order. */
export class ChunkFinder {
  readonly entries: ChunkEntry[] = [];
  #chunk: ChunkEntry | null = null;
  #run: ChunkEntry | null = null;

  add({ opcode, offset, length, fields }: PlacedRecord): void {
    if (opcode === Opcode.CHUNK) {
      this.#chunk = readChunkHead(fields, offset, length);
      this.entries.push(this.#chunk);
      this.#run = null;
    } else if (opcode === Opcode.MESSAGE_INDEX) {
      const chunk = this.#chunk;
      if (chunk) chunk.indexBytes = offset + length - (chunk.offset + chunk.length);
    } else if (opcode === Opcode.MESSAGE) {
      if (length < MESSAGE_BYTES) throw new MalformedMcap(`the message at byte ${offset} is too short`);
      const timeMs = readMs(fields.bytes, fields.at + 6);
      if (!this.#run || this.#run.bytes >= RUN_BYTES) {
        this.#run = { offset, length: 0, startMs: timeMs, endMs: timeMs, compression: '', ...NOTHING };
        this.entries.push(this.#run);
      }
      this.#run.startMs = Math.min(this.#run.startMs, timeMs);
      this.#run.endMs = Math.max(this.#run.endMs, timeMs);
      this.#run.length = this.#run.bytes = this.#run.packedBytes = offset + length - this.#run.offset;
      this.#chunk = null;
    } else if (length > WINDOW_BYTES) {
      // A run must fit into memory, and an attachment between two messages may be large.
      this.#run = null;
    }
  }
}

const NOTHING = { packedBytes: 0, bytes: 0, indexBytes: 0 };
