import { Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { failure, refusal } from '../../../core/problems/errors.ts';

const READ_BYTES = 1 << 18;
const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** Bound on a zstd frame's window, as a power of two: the zstd tool's own default. Larger windows would take too much memory. */
const WINDOW_MAX_LOG = 27;
/** The number of this parameter in zlib's constants, which Node 20 lacks. */
const ZSTD_D_WINDOW_LOG_MAX = 100;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Node has its own zstd from 22.15 on. */
type NativeZstd = { createZstdDecompress?: (options: object) => NodeJS.ReadWriteStream };
const native = zlib as unknown as NativeZstd;

/**
 * Decompresses a source. Its first bytes, not its name, tell gzip and zstd from plain bytes. A byte order mark is removed.
 * Leaving the loop closes the source. @throws refusal naming the source when it ends early or can't be decompressed;
 * failure when the system can't read it
 */
export async function* unpacked(source: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  let first = true;
  try {
    for await (const bytes of plain(source)) {
      if (bytes.length === 0) continue;
      const marked = first && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK);
      first = false;
      yield marked ? bytes.subarray(3) : bytes;
    }
  } catch (cause) {
    const what = `${name} can't be read to its end: ${(cause as Error).message}.`;
    if (isOfSystem(cause)) throw failure('recording_unavailable', what, { cause });
    throw refusal('recording_unreadable', what, { hint: 'Is the file complete?', cause });
  }
}

/** Whether the system refused to read, in contrast to what was read being wrong. */
function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

async function* plain(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const pieces = source[Symbol.asyncIterator]();
  try {
    let head = Buffer.alloc(0);
    while (head.length < ZSTD.length) {
      const next = await pieces.next();
      if (next.done) break;
      head = Buffer.concat([head, next.value]);
    }
    const all = rejoined(head, pieces);
    if (head.subarray(0, 2).equals(GZIP)) yield* through(all, zlib.createGunzip({ chunkSize: READ_BYTES }));
    else if (!head.subarray(0, 4).equals(ZSTD)) yield* all;
    else if (native.createZstdDecompress) {
      const params = { [ZSTD_D_WINDOW_LOG_MAX]: WINDOW_MAX_LOG };
      yield* through(all, native.createZstdDecompress({ chunkSize: READ_BYTES, params }));
    } else yield* unzstd(all, head);
  } finally {
    await pieces.return?.();
  }
}

async function* rejoined(head: Buffer, pieces: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value;
}

async function* through(
  source: AsyncIterable<Buffer>,
  unpacker: NodeJS.ReadWriteStream,
): AsyncGenerator<Buffer> {
  const file = Readable.from(source, { objectMode: false, highWaterMark: READ_BYTES });
  file.on('error', (error) => (unpacker as zlib.Gunzip).destroy(error));
  try {
    yield* file.pipe(unpacker) as AsyncIterable<Buffer>;
  } finally {
    file.destroy();
    (unpacker as zlib.Gunzip).destroy();
  }
}

async function* unzstd(source: AsyncIterable<Buffer>, head: Buffer): AsyncGenerator<Buffer> {
  const { Decompress } = await import('fzstd');
  // In the frame header a descriptor follows the magic number, then the window's size as exponent and mantissa.
  const singleSegment = (head[4] ?? 0) & 0x20;
  if (!singleSegment && (head[5] ?? 0) >> 3 > WINDOW_MAX_LOG - 10)
    throw new Error(`it was packed with a window of more than ${1 << (WINDOW_MAX_LOG - 20)} MB`);
  let pieces: Buffer[] = [];
  const unpacker = new Decompress((bytes) => {
    pieces.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  });
  for await (const bytes of source) {
    // In small pieces, because the output of one may be a thousand times as large.
    for (let at = 0; at < bytes.length; at += READ_BYTES / 16) {
      unpacker.push(bytes.subarray(at, at + READ_BYTES / 16));
      yield* pieces;
      pieces = [];
    }
  }
  unpacker.push(new Uint8Array(0), true);
  yield* pieces;
}
