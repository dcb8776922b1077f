import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { asRepriseError } from '../../../core/problems/errors.ts';
import { MalformedMcap } from '../format/bytes.ts';
import { decompress, loadCompression } from '../format/compression.ts';
import { UnpackKernel } from './unpack-kernel.ts';
import type { UnpackRequest, UnpackAnswer } from './unpack-chunk.ts';

/** The kernel does not give its memory back. */
const KERNEL_MAX_BYTES = 1 << 24;
const kernel = new UnpackKernel();

/** The thread's side of unpacking.ts. */
parentPort!.on('message', (request: UnpackRequest & { id: number }) => {
  const { id } = request;
  unpack(request).then(
    (answer) => parentPort!.postMessage({ id, answer }, [answer.memory]),
    (error: unknown) => parentPort!.postMessage({ id, problem: asRepriseError(error).toProblem() }),
  );
});

async function unpack(request: UnpackRequest): Promise<UnpackAnswer> {
  const { length, compression, size } = request;
  await loadCompression(compression);
  if (Math.max(length, size) > KERNEL_MAX_BYTES) {
    const packed = Buffer.allocUnsafeSlow(length);
    read(request, packed);
    return found(decompress(packed, compression, size));
  }
  const { packed, records } = kernel.begin(length, size);
  read(request, packed);
  const isUnpacked = compression === 'lz4' && kernel.unpack();
  if (!isUnpacked) records.set(decompress(packed, compression, size));
  return kernel.finish(request.memory) ?? found(records);
}

/** As what has nothing been found among yet. */
function found(records: Buffer): UnpackAnswer {
  const memory = new ArrayBuffer(records.length);
  new Uint8Array(memory).set(records);
  return { memory, count: -1, names: [] };
}

function read({ fd, offset, length }: UnpackRequest, bytes: Buffer): void {
  for (let at = 0; at < length;) {
    const count = readSync(fd, bytes, at, length - at, offset + at);
    if (count === 0) throw new MalformedMcap(`the file ends at byte ${offset + at}`);
    at += count;
  }
}

parentPort!.postMessage({ ready: true });
