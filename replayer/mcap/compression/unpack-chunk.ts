import type { FileHandle } from 'node:fs/promises';
import { ThreadPool } from '../../reading/parsing/thread-pool.ts';
import { MalformedMcap } from '../format/bytes.ts';
import { CHUNK_MAX_BYTES, decompress, loadCompression } from './compression.ts';
import { columnsIn, roomFor, type MessageColumns } from '../format/message-columns.ts';
import { recordsAt, type ChunkEntry } from '../format/records.ts';
import { readAt } from '../format/read-at.ts';

/** Where a chunk's packed records lie in a file. */
export interface UnpackRequest {
  fd: number;
  offset: number;
  length: number;
  compression: string;
  /** Unpacked size of the records. */
  size: number;
  /** Memory for the answer, which comes back with it; null: the thread allocates some. */
  memory: ArrayBuffer | null;
}

/** The thread's answer: the records at the beginning of the memory, and behind them the columns of their messages. */
export interface UnpackAnswer {
  memory: ArrayBuffer;
  /** Number of messages; -1: the records were not searched. */
  count: number;
  /** Places of the channel records. */
  names: number[];
}

/** The unpacked records of a chunk. */
export interface UnpackedChunk {
  bytes: Buffer;
  /** The messages among them, where they were searched. */
  messages?: MessageColumns;
  /** Where the memory is reused: to be called once the chunk is not needed any more. */
  done?: () => void;
}

/** Two chunks meet while one of them ends, one is being unpacked, and one is on its way. */
const MEMORIES = 4;
/** The memory of larger chunks is not kept. */
const MEMORY_MAX_BYTES = 1 << 24;

const threads = new ThreadPool<UnpackRequest, UnpackAnswer>(new URL('unpack-thread.mjs', import.meta.url), 1);

/** Reads and unpacks a chunk's records on this thread. @throws MalformedMcap */
export async function unpackChunk(handle: FileHandle, chunk: ChunkEntry): Promise<UnpackedChunk> {
  const { compression, bytes: size } = chunk;
  rejectHuge(chunk);
  await loadCompression(compression);
  const packed = await readAt(handle, recordsAt(chunk), chunk.packedBytes);
  return { bytes: decompress(packed, compression, size) };
}

/**
 * Reads and unpacks chunks on a thread of their own, for readers of many chunks. Unpacking takes a quarter of a microsecond
 * per message, which the thread that plays the messages needs itself. A few pieces of memory are reused: allocating
 * megabytes for each chunk would cost as much again in garbage collection.
 */
export class ChunkUnpacker {
  readonly #spare: ArrayBuffer[] = [];
  readonly #bytes: number;
  #lent = 0;
  readonly #running = new Set<Promise<unknown>>();

  /** @param bytesMax the largest unpacked size of the chunks */
  constructor(bytesMax: number) {
    this.#bytes = roomFor(bytesMax);
    threads.start();
  }

  /** Unpacks a chunk; on this thread while the other one is still starting. @throws MalformedMcap */
  async unpack(handle: FileHandle, chunk: ChunkEntry): Promise<UnpackedChunk> {
    const { packedBytes: length, compression, bytes: size } = chunk;
    rejectHuge(chunk);
    const memory = this.#borrow();
    const request = { fd: handle.fd, offset: recordsAt(chunk), length, compression, size, memory };
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

  /** Settles when no chunk is being read any more. Files must not be closed before that. */
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

function rejectHuge({ packedBytes }: ChunkEntry): void {
  if (packedBytes > CHUNK_MAX_BYTES) throw new MalformedMcap(`a chunk of ${packedBytes} bytes is too large`);
}
