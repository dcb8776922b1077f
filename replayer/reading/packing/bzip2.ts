import { Readable } from 'node:stream';
import type { Packing } from './packing.ts';
import { PackingError } from './packing-error.ts';
import { isSystemError } from './is-system-error.ts';

const BLOCK = Buffer.from('314159265359', 'hex');
const END = Buffer.from('177245385090', 'hex');

/** bzip2, several streams included. The CRC-32 of each block is checked before its bytes are given out. */
export const bzip2: Packing = {
  name: 'bzip2',
  endings: ['.bz2', '.bzip2'],
  matches: (head) => {
    const first = head.subarray(4, 10);
    const isAt = (magic: Buffer) => first.length > 0 && first.equals(magic.subarray(0, first.length));
    return /^BZh[1-9]$/.test(head.toString('latin1', 0, 4)) && (isAt(BLOCK) || isAt(END));
  },
  async *unpack(source, state) {
    const { default: unbzip2 } = await import('unbzip2-stream');
    const file = Readable.from(source, { objectMode: false, highWaterMark: 1 << 18 });
    const unpacker = unbzip2();
    const unpacked = new Readable().wrap(file.pipe(unpacker));
    let failed: Error | undefined;
    file.on('error', (error) => unpacked.destroy((failed = error)));
    unpacker.on('error', (error: Error) => unpacked.destroy(error));
    try {
      for await (const bytes of unpacked as AsyncIterable<Buffer>) {
        state.unpacked += bytes.length;
        state.verified = state.unpacked;
        yield bytes;
      }
    } catch (error) {
      throw failed ?? (isSystemError(error) ? error : asPackingError(error as Error));
    } finally {
      file.destroy();
      unpacked.destroy();
    }
  },
};

function asPackingError(cause: Error): Error {
  // The library reads beyond the end of a cut file, and says so as a TypeError.
  if (cause instanceof TypeError || /prematurely/.test(cause.message))
    return new PackingError('cut', 'they end early', { cause });
  if (/crc/i.test(cause.message))
    return new PackingError('checksum', 'the checksum of a block differs', { cause });
  return new PackingError('invalid', 'a block can not be read', { cause });
}
