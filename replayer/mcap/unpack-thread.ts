import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { Broken } from './bytes.ts';
import { decompress, loadCompression } from './compression.ts';
import type { Packed } from './unpacking.ts';

/** What was read last; the next is read over it. */
let read = Buffer.alloc(0);

/** The thread's side of unpacking.ts. */
parentPort!.on('message', (request: Packed & { id: number }) => {
  void (async () => {
    const { id, compression, size, memory } = request;
    try {
      await loadCompression(compression);
      const unpacked = decompress(packed(request), compression, size);
      // Small ones share their memory with others, which must not be handed over with them.
      const isOwn = unpacked.length === unpacked.buffer.byteLength && unpacked.buffer !== read.buffer;
      const own = memory ? new Uint8Array(memory, 0, size) : isOwn ? unpacked : new Uint8Array(size);
      if (own !== unpacked) own.set(unpacked);
      parentPort!.postMessage({ id, answer: own }, [own.buffer as ArrayBuffer]);
    } catch (error) {
      parentPort!.postMessage({ id, error: (error as Error).message });
    }
  })();
});

/** Good until the next is read. */
function packed({ fd, offset, length }: Packed): Buffer {
  if (read.length < length) read = Buffer.allocUnsafeSlow(length);
  for (let at = 0; at < length;) {
    const count = readSync(fd, read, at, length - at, offset + at);
    if (count === 0) throw new Broken(`the file ends at byte ${offset + at}`);
    at += count;
  }
  return read.subarray(0, length);
}

parentPort!.postMessage({ ready: true });
