import * as zlib from 'node:zlib';
import type { Duplex } from 'node:stream';
import { ByteReader } from './byte-reader.ts';
import { isSystemError } from './is-system-error.ts';
import type { Packing, UnpackingState } from './packing.ts';
import { PackingError } from './packing-error.ts';
import { through } from './through.ts';

const READ_BYTES = 1 << 18;
const FRAME = 0xfd2fb528;
/** A skippable frame: any of sixteen magic numbers, and a length. */
const SKIPPABLE = 0x184d2a50;
const CHECKSUM_FLAG = 4;
/** Bound on a frame's window, as a power of two: the zstd tool's own default. Larger windows would take too much memory. */
const WINDOW_MAX_LOG = 27;
/** The number of this parameter in zlib's constants, which Node 20 lacks. */
const ZSTD_D_WINDOW_LOG_MAX = 100;
const BLOCK_MAX_BYTES = 1 << 17;
const UNCHECKED = 'is zstd without a checksum: damage inside it may stay unnoticed';

/** Node has its own zstd from 22.15 on. It checks checksums. */
const native = zlib as typeof zlib & { createZstdDecompress?: (options: object) => Duplex };

/** Zstandard (RFC 8878), several frames and skippable frames included. Sizes and checksums of all frames are checked. */
export const zstd: Packing = {
  name: 'zstd',
  endings: ['.zst', '.zstd'],
  matches: (head) => head.length >= 4 && (isFrame(head) || isSkippable(head)),
  async *unpack(source, state) {
    if (!native.createZstdDecompress) {
      yield* unpackFrames(source, state);
      return;
    }
    const params = { [ZSTD_D_WINDOW_LOG_MAX]: WINDOW_MAX_LOG };
    const unpacker = native.createZstdDecompress({ chunkSize: READ_BYTES, params });
    try {
      for await (const bytes of through(noting(source, state), unpacker)) {
        state.unpacked += bytes.length;
        yield bytes;
      }
    } catch (error) {
      throw isSystemError(error) ? error : asPackingError(error as Error);
    }
    state.verified = state.unpacked;
  },
};

const isFrame = (head: Buffer) => head.readUInt32LE(0) === FRAME;
const isSkippable = (head: Buffer) => (head.readUInt32LE(0) & 0xfffffff0) === SKIPPABLE;

/** Passes bytes on, and notes whether the first frame has no checksum. */
async function* noting(source: AsyncIterable<Buffer>, state: UnpackingState): AsyncGenerator<Buffer> {
  let first = true;
  for await (const bytes of source) {
    if (first && bytes.length > 4 && isFrame(bytes) && !(bytes[4]! & CHECKSUM_FLAG))
      state.notes.add(UNCHECKED);
    first = false;
    yield bytes;
  }
}

function asPackingError(cause: Error): Error {
  const problem = /check/i.test(cause.message)
    ? 'checksum'
    : /end|incomplete/i.test(cause.message)
      ? 'cut'
      : 'invalid';
  return new PackingError(problem, cause.message, { cause });
}

/** For Node without zstd: fzstd unpacks block by block and checks nothing, so sizes and checksums are checked here. */
async function* unpackFrames(source: AsyncIterable<Buffer>, state: UnpackingState): AsyncGenerator<Buffer> {
  const reader = new ByteReader(source);
  try {
    for (;;) {
      const magic = Buffer.from(await reader.take(4));
      if (magic.length === 0) return;
      if (magic.length < 4) throw cut();
      if (isSkippable(magic)) {
        const size = await whole(reader, 4);
        if (!(await reader.skip(size.readUInt32LE(0)))) throw cut();
      } else if (isFrame(magic)) {
        yield* unpackFrame(magic, reader, state);
      } else throw new PackingError('invalid', `byte ${reader.offset - 4} of the file begins no frame`);
    }
  } finally {
    await reader.close();
  }
}

interface FrameHeader {
  bytes: Buffer;
  hasChecksum: boolean;
  /** Unpacked size; null where the frame does not say it. */
  size: bigint | null;
}

async function frameHeader(magic: Buffer, reader: ByteReader): Promise<FrameHeader> {
  const descriptor = (await whole(reader, 1))[0]!;
  const isSingle = (descriptor & 0x20) !== 0;
  const windowBytes = isSingle ? 0 : 1;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const rest = Buffer.from(await whole(reader, windowBytes + dictionaryBytes + sizeBytes));
  if (descriptor & 8) throw new PackingError('invalid', 'a reserved bit of a frame is set');
  // The window's size is an exponent and a mantissa.
  if (!isSingle && rest[0]! >> 3 > WINDOW_MAX_LOG - 10)
    throw new PackingError('unsupported', `a window of more than ${1 << (WINDOW_MAX_LOG - 20)} MB`);
  const dictionary = rest.subarray(windowBytes, windowBytes + dictionaryBytes);
  if (dictionary.some((byte) => byte !== 0)) throw new PackingError('unsupported', 'a dictionary of its own');
  const field = Buffer.alloc(8);
  rest.copy(field, 0, windowBytes + dictionaryBytes);
  const size = sizeBytes === 0 ? null : field.readBigUInt64LE(0) + (sizeBytes === 2 ? 256n : 0n);
  if (isSingle && size! > 1n << BigInt(WINDOW_MAX_LOG))
    throw new PackingError('unsupported', `a single segment of more than ${1 << (WINDOW_MAX_LOG - 20)} MB`);
  const hasChecksum = (descriptor & CHECKSUM_FLAG) !== 0;
  // The checksum is checked here, so fzstd need not wait for it.
  return { bytes: Buffer.concat([magic, Buffer.of(descriptor & ~CHECKSUM_FLAG), rest]), hasChecksum, size };
}

async function* unpackFrame(
  magic: Buffer,
  reader: ByteReader,
  state: UnpackingState,
): AsyncGenerator<Buffer> {
  const [{ Decompress }, { create64 }] = await Promise.all([import('fzstd'), hashes()]);
  const header = await frameHeader(magic, reader);
  const hash = create64();
  let pieces: Buffer[] = [];
  const unpacker = new Decompress((bytes) => {
    pieces.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  });
  const push = (bytes: Uint8Array, final = false) => {
    try {
      unpacker.push(bytes, final);
    } catch (cause) {
      throw new PackingError('invalid', (cause as Error).message, { cause });
    }
  };
  push(header.bytes);
  let size = 0;
  for (let isLast = false; !isLast;) {
    const blockHeader = Buffer.from(await whole(reader, 3));
    const value = blockHeader.readUIntLE(0, 3);
    isLast = (value & 1) === 1;
    const kind = (value >> 1) & 3;
    if (kind === 3 || value >> 3 > BLOCK_MAX_BYTES)
      throw new PackingError('invalid', 'a block of no known kind');
    const body = await whole(reader, kind === 1 ? 1 : value >> 3);
    push(blockHeader);
    push(body, isLast);
    for (const piece of pieces) {
      size += piece.length;
      state.unpacked += piece.length;
      hash.update(piece);
      yield piece;
    }
    pieces = [];
  }
  if (header.size !== null && header.size !== BigInt(size))
    throw new PackingError('checksum', `a frame has ${size} bytes and should have ${header.size}`);
  if (header.hasChecksum) {
    const checksum = await whole(reader, 4);
    if (checksum.readUInt32LE(0) !== Number(hash.digest() & 0xffffffffn))
      throw new PackingError('checksum', 'the checksum of a frame differs');
    state.verified = state.unpacked;
  } else state.notes.add(UNCHECKED);
}

let loadedHashes: ReturnType<(typeof import('xxhash-wasm'))['default']> | undefined;
async function hashes(): Promise<Awaited<NonNullable<typeof loadedHashes>>> {
  loadedHashes ??= import('xxhash-wasm').then(({ default: load }) => load());
  return loadedHashes;
}

async function whole(reader: ByteReader, length: number): Promise<Buffer> {
  const bytes = await reader.take(length);
  if (bytes.length < length) throw cut();
  return bytes;
}

const cut = () => new PackingError('cut', 'they end early');
