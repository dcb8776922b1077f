import { createRequire } from 'node:module';
import * as zlib from 'node:zlib';
import { MalformedMcap } from './bytes.ts';

/** How the chunks of a recording are packed; '' is not at all. */
export type Compression = '' | 'zstd' | 'lz4';

/** No chunk is larger unpacked: what a broken file claims must not fill the memory. */
export const CHUNK_MAX_BYTES = 1 << 28;
/** Packs as small as level 1 here, and unpacks faster. */
const ZSTD_LEVEL = 3;
/** Of a frame of independent blocks of up to 4 MiB, without checksums: the chunk has one. */
const LZ4_FRAME = Buffer.from('04224d18607073', 'hex');
const LZ4_BLOCK_BYTES = 1 << 22;
const LZ4_END = Buffer.alloc(4);

interface Zstd {
  isLoaded: Promise<unknown>;
  compress(bytes: Uint8Array, level: number): Buffer;
  decompress(bytes: Uint8Array, size: number): Buffer;
}
type Lz4 = ((bytes: Uint8Array, size: number) => Buffer) & { isLoaded: Promise<unknown> };
interface Lz4Packer {
  /** A block, after its size in four bytes. */
  compress(bytes: Uint8Array): Uint8Array;
}
/** Node has its own zstd from 22.15 on. */
type NativeZstd = Partial<Record<'zstdCompressSync' | 'zstdDecompressSync', (bytes: Uint8Array) => Buffer>>;

const require = createRequire(import.meta.url);
const native = zlib as unknown as NativeZstd;
let zstd: Zstd | null = null;
let lz4: Lz4 | null = null;
let lz4Packer: Lz4Packer | null = null;

/** Must have settled before a chunk of this compression is packed or unpacked. @throws Broken for one that we do not know */
export async function loadCompression(compression: string): Promise<void> {
  if (compression === 'zstd') {
    zstd ??= require('@foxglove/wasm-zstd') as Zstd;
    await zstd.isLoaded;
  } else if (compression === 'lz4') {
    lz4 ??= require('@foxglove/wasm-lz4') as Lz4;
    await lz4.isLoaded;
  } else if (compression !== '')
    throw new MalformedMcap(`compression "${compression.slice(0, 40)}" is unknown`);
}

/** A chunk's records packed. */
export function compress(bytes: Buffer, compression: Compression): Buffer {
  if (compression === '') return bytes;
  if (compression === 'zstd') return native.zstdCompressSync?.(bytes) ?? zstd!.compress(bytes, ZSTD_LEVEL);
  lz4Packer ??= require('lz4-wasm-nodejs') as Lz4Packer;
  const parts: Uint8Array[] = [LZ4_FRAME];
  for (let at = 0; at < bytes.length; at += LZ4_BLOCK_BYTES) {
    const block = lz4Packer.compress(bytes.subarray(at, at + LZ4_BLOCK_BYTES));
    new DataView(block.buffer, block.byteOffset).setUint32(0, block.length - 4, true);
    parts.push(block);
  }
  return Buffer.concat([...parts, LZ4_END]);
}

/** A chunk's records, of `size` bytes. @throws Broken when they are not what they should be */
export function decompress(bytes: Buffer, compression: string, size: number): Buffer {
  if (size > CHUNK_MAX_BYTES) throw new MalformedMcap(`a chunk of ${size} bytes is too large`);
  const unpacked = compression === '' ? bytes : unpack(bytes, compression, size);
  if (unpacked.length !== size) throw new MalformedMcap('a chunk is not as long as it says');
  return unpacked;
}

function unpack(bytes: Buffer, compression: string, size: number): Buffer {
  try {
    if (compression === 'lz4') return lz4!(bytes, size);
    return native.zstdDecompressSync?.(bytes) ?? zstd!.decompress(bytes, size);
  } catch {
    // After one bad frame this library takes no other: the next chunk gets a new one.
    delete require.cache[require.resolve('@foxglove/wasm-lz4')];
    lz4 = null;
    throw new MalformedMcap(`a chunk can't be unpacked as ${compression}`);
  }
}
