import { Threads } from '../threads.ts';
import { Broken } from './bytes.ts';
import { decompress, loadCompression } from './compression.ts';

/** The records of a chunk as they lie in the file. */
export interface Packed {
  bytes: Uint8Array;
  compression: string;
  /** Of the records, unpacked. */
  size: number;
}

const threads = new Threads<Packed, Uint8Array>(new URL('unpack-thread.mjs', import.meta.url), 1);

/** Unpacks a chunk's records. @throws Broken */
export async function unpack({ bytes, compression, size }: Packed): Promise<Buffer> {
  await loadCompression(compression);
  return decompress(bytes as Buffer, compression, size);
}

/**
 * The same on a thread of its own, for who reads many chunks: it takes a quarter of a microsecond a message, which the
 * thread that plays them needs itself. What is packed is gone afterwards.
 */
export async function unpackBeside(packed: Packed): Promise<Buffer> {
  threads.start();
  const { bytes, compression } = packed;
  const answer = compression === '' ? null : threads.run(packed, [bytes.buffer as ArrayBuffer]);
  if (!answer) return unpack(packed);
  const unpacked = await answer.catch((error: unknown) => {
    throw new Broken((error as Error).message);
  });
  return Buffer.from(unpacked.buffer, unpacked.byteOffset, unpacked.length);
}
