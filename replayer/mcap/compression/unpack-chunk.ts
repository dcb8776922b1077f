import type { FileHandle } from 'node:fs/promises';
import { ThreadPool } from '../../reading/thread-pool.ts';
import { MalformedMcap } from '../format/bytes.ts';
import { CHUNK_MAX_BYTES, decompress, loadCompression } from './compression.ts';
import { columnsIn, roomFor, type MessageColumns } from '../format/message-columns.ts';
import type { ChunkEntry } from '../format/records.ts';
import { readAt } from '../format/read-at.ts';

/** A chunk's records in a file. */
export interface UnpackRequest {
  fd: number;
  offset: number;
  length: number;
  compression: string;
  /** Of the records, unpacked. */
  size: number;
  /** Where they go, and come back in; null: to memory of their own. */
  memory: ArrayBuffer | null;
}

/** What the thread answers: records at the begin of their memory, and what was found among them after them. */
export interface UnpackAnswer {
  memory: ArrayBuffer;
  /** Of the messages; -1: nobody has looked. */
  count: number;
  names: number[];
}

/** The records of a chunk, unpacked. */
export interface UnpackedChunk {
  bytes: Buffer;
  /** Where somebody has looked. */
  messages?: MessageColumns;
  /** Where their memory is written over later: once this was told. */
  done?: () => void;
}

/** Two chunks are played at their border, one is unpacked meanwhile, and one is on its way. */
const MEMORIES = 4;
/** Larger chunks are not worth the memory that would be held. */
const MEMORY_MAX_BYTES = 1 << 24;

const threads = new ThreadPool<UnpackRequest, UnpackAnswer>(new URL('unpack-thread.mjs', import.meta.url), 1);

/** Reads and unpacks a chunk's records. @throws Broken */
export async function unpackChunk(handle: FileHandle, chunk: ChunkEntry): Promise<UnpackedChunk> {
  const { compression, bytes: size } = chunk;
  refuseHuge(chunk);
  await loadCompression(compression);
  const packed = await readAt(handle, placeOf(chunk), chunk.packedBytes);
  return { bytes: decompress(packed, compression, size) };
}

/**
 * Does so on a thread of its own, for who reads many chunks: it takes a quarter of a microsecond a message, which the
 * thread that plays them needs itself. A few pieces of memory go around, as long as chunks are said to be done with:
 * megabytes that come new with each chunk would keep the garbage collector busy for as long again.
 */
export class ChunkUnpacker {
  readonly #spare: ArrayBuffer[] = [];
  readonly #bytes: number;
  #lent = 0;
  readonly #running = new Set<Promise<unknown>>();

  /** For chunks of so many bytes, unpacked, at most. */
  constructor(bytesMax: number) {
    this.#bytes = roomFor(bytesMax);
    threads.start();
  }

  /** @throws Broken */
  async unpack(handle: FileHandle, chunk: ChunkEntry): Promise<UnpackedChunk> {
    const { packedBytes: length, compression, bytes: size } = chunk;
    refuseHuge(chunk);
    const memory = this.#borrow();
    const request = { fd: handle.fd, offset: placeOf(chunk), length, compression, size, memory };
    const answer = threads.run(request, memory ? [memory] : []);
    if (!answer) {
      if (memory) this.#giveBack(memory);
      return unpackChunk(handle, chunk);
    }
    this.#running.add(answer);
    const unpacked = await answer
      .catch((error: unknown) => {
        if (memory) this.#lent--;
        throw new MalformedMcap((error as Error).message);
      })
      .finally(() => this.#running.delete(answer));
    const { count, names } = unpacked;
    return {
      bytes: Buffer.from(unpacked.memory, 0, size),
      messages: count < 0 ? undefined : columnsIn(unpacked.memory, size, count, names),
      done: memory ? () => this.#giveBack(unpacked.memory) : undefined,
    };
  }

  /** Settles when no file is read any more: before that, none may be closed. */
  async rest(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  #borrow(): ArrayBuffer | null {
    if (this.#bytes > MEMORY_MAX_BYTES || (this.#spare.length === 0 && this.#lent === MEMORIES)) return null;
    this.#lent++;
    return this.#spare.pop() ?? new ArrayBuffer(this.#bytes);
  }

  #giveBack(memory: ArrayBuffer): void {
    this.#lent--;
    this.#spare.push(memory);
  }
}

function refuseHuge({ packedBytes }: ChunkEntry): void {
  if (packedBytes > CHUNK_MAX_BYTES) throw new MalformedMcap(`a chunk of ${packedBytes} bytes is too large`);
}

function placeOf({ offset, length, packedBytes }: ChunkEntry): number {
  return offset + length - packedBytes;
}
