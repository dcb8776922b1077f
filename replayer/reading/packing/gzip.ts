import { createGunzip } from 'node:zlib';
import { isSystemError } from './is-system-error.ts';
import type { Packing } from './packing.ts';
import { PackingError } from './packing-error.ts';
import { through } from './through.ts';

const READ_BYTES = 1 << 18;
const MAGIC = Buffer.from([0x1f, 0x8b]);

/** gzip (RFC 1952), several members included. zlib checks the CRC-32 and the length of each member. */
export const gzip: Packing = {
  name: 'gzip',
  endings: ['.gz', '.gzip'],
  matches: (head) => head.subarray(0, 2).equals(MAGIC),
  async *unpack(source, state) {
    try {
      for await (const bytes of through(source, createGunzip({ chunkSize: READ_BYTES }))) {
        state.unpacked += bytes.length;
        yield bytes;
      }
    } catch (error) {
      throw isSystemError(error) ? error : asPackingError(error as Error & { code?: string });
    }
    state.verified = state.unpacked;
  },
};

function asPackingError(cause: Error & { code?: string }): Error {
  if (cause.code === 'Z_BUF_ERROR') return new PackingError('cut', 'they end early', { cause });
  if (/^incorrect (data|length) check$/.test(cause.message))
    return new PackingError('checksum', cause.message, { cause });
  return cause.code?.startsWith('Z_') ? new PackingError('invalid', cause.message, { cause }) : cause;
}
