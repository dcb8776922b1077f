import { Decompress } from 'fzstd';
import { unpackLz4 } from '../compression/compression.ts';

/** Unpacks as much as there is of a chunk that is cut off; `size` is what all of it would take. */
export function unpackPartly(bytes: Buffer, compression: string, size: number): Buffer {
  if (compression === '') return bytes;
  return compression === 'lz4' ? Buffer.from(unpackLz4(bytes, size).records) : partOfZstd(bytes, size);
}

function partOfZstd(bytes: Buffer, size: number): Buffer {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    const stream = new Decompress((part) => {
      length += part.length;
      if (length > size) throw new RangeError('longer than the chunk claims');
      parts.push(part);
    });
    stream.push(bytes, false);
  } catch {
    // The parts before the error are sound.
  }
  return Buffer.concat(parts);
}
