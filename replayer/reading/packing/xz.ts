import { createRequire } from 'node:module';
import type { ReadableStream } from 'node:stream/web';
import { Readable } from 'node:stream';
import { isSystemError } from './is-system-error.ts';
import type { Packing } from './packing.ts';
import { PackingError, type PackingProblem } from './packing-error.ts';

/** Its bundle does not show its exports to `import`. It is loaded when the first such file is met. */
const require = createRequire(import.meta.url);
const MAGIC = Buffer.from('fd377a585a00', 'hex');
/** Kinds of check in the flags of a stream's header. */
const NO_CHECK = 0;
/** The results of XZ Embedded that say more than "invalid". */
const PROBLEMS: Record<string, [PackingProblem, string]> = {
  '4': ['unsupported', 'a dictionary that takes too much memory'],
  '6': ['unsupported', 'a filter, or a check such as SHA-256, that only the xz tool knows'],
  '8': ['cut', 'they end early'],
};

/** xz, several streams included. CRC-32 and CRC-64 are checked. */
export const xz: Packing = {
  name: 'xz',
  endings: ['.xz'],
  matches: (head) => head.subarray(0, MAGIC.length).equals(MAGIC),
  async *unpack(source, state) {
    const { XzReadableStream } = require('xz-decompress') as typeof import('xz-decompress');
    let failed: Error | undefined;
    const watched = watching(
      source,
      (error) => (failed = error as Error),
      (head) => {
        if ((head[7] ?? 1) === NO_CHECK)
          state.notes.add('is xz without a checksum: damage inside it may stay unnoticed');
      },
    );
    const packed = Readable.toWeb(
      Readable.from(watched, { objectMode: false }),
    ) as ReadableStream<Uint8Array>;
    const unpacked = new XzReadableStream(packed);
    try {
      for await (const bytes of Readable.fromWeb(
        unpacked as ReadableStream<Uint8Array>,
      ) as AsyncIterable<Uint8Array>) {
        state.unpacked += bytes.length;
        yield Buffer.from(bytes);
      }
    } catch (error) {
      if (failed !== undefined) throw failed;
      throw isSystemError(error) ? error : asPackingError(error as Error);
    }
    state.verified = state.unpacked;
  },
};

async function* watching(
  source: AsyncIterable<Buffer>,
  failed: (error: unknown) => void,
  began: (head: Buffer) => void,
): AsyncGenerator<Buffer> {
  let first = true;
  try {
    for await (const bytes of source) {
      if (first) began(bytes);
      first = false;
      yield bytes;
    }
  } catch (error) {
    failed(error);
    throw error;
  }
}

function asPackingError(cause: Error): Error {
  const code = /error code (\d+)/.exec(cause.message)?.[1];
  const [problem, detail] = PROBLEMS[code ?? ''] ?? ['invalid', 'its checks fail'];
  return new PackingError(problem, detail, { cause });
}
