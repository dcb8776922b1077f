import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { asRepriseError } from '../../../core/problems/errors.ts';
import { MalformedMcap } from '../format/bytes.ts';
import { decompress, KEPT_KERNEL_MAX_BYTES, loadCompression } from './compression.ts';
import type { UnpackAnswer, UnpackRequest } from './unpack-chunk.ts';
import { UnpackKernel } from './unpack-kernel.ts';

const kernel = new UnpackKernel();

/** Runs on the thread that unpack-chunk.ts starts: reads and unpacks one chunk for each request. */
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
  if (Math.max(length, size) > KEPT_KERNEL_MAX_BYTES) {
    const packed = Buffer.allocUnsafeSlow(length);
    read(request, packed);
    return unsearched(decompress(packed, compression, size));
  }
  const { packed, records } = kernel.begin(length, size);
  read(request, packed);
  const isUnpacked = compression === 'lz4' && kernel.unpack();
  if (!isUnpacked) records.set(decompress(packed, compression, size));
  return kernel.finish(request.memory) ?? unsearched(kernel.records);
}

/** The answer for records that were not searched for messages. */
function unsearched(records: Buffer): UnpackAnswer {
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
