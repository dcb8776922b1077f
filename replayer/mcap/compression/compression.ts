import { createRequire } from 'node:module';
import * as zlib from 'node:zlib';
import { MalformedMcap } from '../format/bytes.ts';
import { UnpackKernel } from './unpack-kernel.ts';

/**
 * Packs and unpacks the chunks of MCAP files. Every packer in use is named here, with its reason:
 *
 * - LZ4, unpacking: our own `unpack.as`. The thread that unpacks chunks also looks for messages in them, and one pass in one
 *   memory is twice as fast as a library and a second pass (2.8 and 1.25 GB/s). It also tells how far a frame that is cut
 *   off can be unpacked, which no library does.
 * - LZ4, packing: lz4-wasm-nodejs, which is WebAssembly and needs no install script.
 * - zstd: Node's own where there is one (22.15 and later), else @foxglove/wasm-zstd.
 * - zstd that is cut off: fzstd, the only one that yields what it has unpacked before an error (recovery/salvage.ts).
 *   reading/decompress.ts uses it for whole files as well, where Node has no zstd.
 * - gzip, for text files only: Node's own.
 */
export type Compression = '' | 'zstd' | 'lz4';

/** Bound on a chunk's unpacked size: a broken file may claim any size, and must not fill the memory. */
export const CHUNK_MAX_BYTES = 1 << 28;
/** WebAssembly gives no memory back, so a kernel that is kept is not used for larger chunks. */
export const KEPT_KERNEL_MAX_BYTES = 1 << 24;
/** The level that packs as small as level 1 for records, and unpacks faster. */
const ZSTD_LEVEL = 3;
/** Head of a frame of independent blocks of up to 4 MiB, without checksums: the MCAP chunk has its own. */
const LZ4_FRAME = Buffer.from('04224d18607073', 'hex');
const LZ4_BLOCK_BYTES = 1 << 22;
const LZ4_END = Buffer.alloc(4);

interface Zstd {
  isLoaded: Promise<unknown>;
  compress(bytes: Uint8Array, level: number): Buffer;
  decompress(bytes: Uint8Array, size: number): Buffer;
}
interface Lz4Packer {
  /** A block, after its unpacked size in four bytes. */
  compress(bytes: Uint8Array): Uint8Array;
}
type NativeZstd = Partial<Record<'zstdCompressSync' | 'zstdDecompressSync', (bytes: Uint8Array) => Buffer>>;

const require = createRequire(import.meta.url);
const native = zlib as unknown as NativeZstd;
let zstd: Zstd | null = null;
let lz4Packer: Lz4Packer | null = null;
let kernel: UnpackKernel | null = null;

/** Must settle before a chunk of this compression is packed or unpacked. @throws MalformedMcap for an unknown one */
export async function loadCompression(compression: string): Promise<void> {
  if (compression === 'zstd') {
    zstd ??= require('@foxglove/wasm-zstd') as Zstd;
    await zstd.isLoaded;
  } else if (compression !== '' && compression !== 'lz4')
    throw new MalformedMcap(`compression "${compression.slice(0, 40)}" is unknown`);
}

/** Packs a chunk's records. */
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

/** Unpacks a chunk's records, which take `size` bytes. @throws MalformedMcap when they are damaged */
export function decompress(bytes: Buffer, compression: string, size: number): Buffer {
  if (size > CHUNK_MAX_BYTES) throw new MalformedMcap(`a chunk of ${size} bytes is too large`);
  const unpacked = compression === '' ? bytes : unpack(bytes, compression, size);
  if (unpacked.length !== size) throw new MalformedMcap('a chunk does not have the length that it claims');
  return unpacked;
}

function unpack(bytes: Buffer, compression: string, size: number): Buffer {
  if (compression === 'lz4') {
    const { records, isWhole } = unpackLz4(bytes, size);
    if (isWhole) return Buffer.from(records);
  } else {
    try {
      return native.zstdDecompressSync?.(bytes) ?? zstd!.decompress(bytes, size);
    } catch {
      // Reported below.
    }
  }
  throw new MalformedMcap(`a chunk can't be unpacked as ${compression}`);
}

/**
 * Unpacks an LZ4 frame of `size` bytes, or as much as there is of one that is cut off. The result is valid until the next
 * call.
 */
export function unpackLz4(bytes: Buffer, size: number): { records: Buffer; isWhole: boolean } {
  const isLarge = Math.max(bytes.length, size) > KEPT_KERNEL_MAX_BYTES;
  const unpacker = isLarge ? new UnpackKernel() : (kernel ??= new UnpackKernel());
  const { packed, records } = unpacker.begin(bytes.length, size);
  packed.set(bytes);
  return unpacker.unpack()
    ? { records, isWhole: true }
    : { records: records.subarray(0, unpacker.unpackedBytes), isWhole: false };
}
