import { Decompress } from 'fzstd';

const LZ4_HEAD_BYTES = 7;
const TOKEN_MAX = 15;

/** What of a cut chunk's records can still be unpacked; whole records of it are as they were. */
export function unpackPartly(bytes: Buffer, compression: string, size: number): Buffer {
  if (compression === '') return bytes;
  return compression === 'lz4' ? partOfLz4(bytes, size) : partOfZstd(bytes, size);
}

function partOfZstd(bytes: Buffer, size: number): Buffer {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    const stream = new Decompress((part) => {
      length += part.length;
      if (length > size) throw new RangeError('longer than it says');
      parts.push(part);
    });
    stream.push(bytes, false);
  } catch {
    // So far it was good.
  }
  return Buffer.concat(parts);
}

/** Of a frame of independent blocks (LZ4 frame format 1.6), block after block, and of the last what is there. */
function partOfLz4(bytes: Buffer, size: number): Buffer {
  const out = Buffer.alloc(size);
  let written = 0;
  const flags = bytes[4] ?? 0;
  let at = LZ4_HEAD_BYTES + (flags & 8 ? 8 : 0) + (flags & 1 ? 4 : 0);
  while (at + 4 <= bytes.length && written < size) {
    const head = bytes.readUInt32LE(at);
    const length = head & 0x7fffffff;
    if (length === 0) break;
    const block = bytes.subarray(at + 4, at + 4 + length);
    if (head >>> 31) written += block.copy(out, written);
    else written = unpackBlock(block, out, written);
    at += 4 + length + (flags & 16 ? 4 : 0);
  }
  return out.subarray(0, written);
}

/** Unpacks an LZ4 block into `out` from `at` on, as far as it is there; answers where the output ends. */
function unpackBlock(block: Buffer, out: Buffer, at: number): number {
  let i = 0;
  const extended = (length: number): number => {
    if (length < TOKEN_MAX) return length;
    for (let byte = 255; byte === 255 && i < block.length;) {
      byte = block[i++]!;
      length += byte;
    }
    return length;
  };
  while (i < block.length) {
    const token = block[i++]!;
    const literals = extended(token >> 4);
    const there = Math.min(literals, block.length - i, out.length - at);
    block.copy(out, at, i, i + there);
    at += there;
    i += literals;
    if (i + 2 > block.length) break;
    const distance = block.readUInt16LE(i);
    i += 2;
    const end = Math.min(out.length, at + extended(token & 15) + 4);
    if (distance === 0 || distance > at) break;
    for (; at < end; at++) out[at] = out[at - distance]!;
  }
  return at;
}
