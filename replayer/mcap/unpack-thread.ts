import { parentPort } from 'node:worker_threads';
import { decompress, loadCompression } from './compression.ts';
import type { Packed } from './unpacking.ts';

/** The thread's side of unpacking.ts. */
parentPort!.on('message', ({ id, bytes, compression, size }: Packed & { id: number }) => {
  void (async () => {
    try {
      await loadCompression(compression);
      const packed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      const unpacked = decompress(packed, compression, size);
      // Small ones share their memory with others, which must not be handed over with them.
      const own = unpacked.length === unpacked.buffer.byteLength ? unpacked : new Uint8Array(unpacked);
      parentPort!.postMessage({ id, answer: own }, [own.buffer as ArrayBuffer]);
    } catch (error) {
      parentPort!.postMessage({ id, error: (error as Error).message });
    }
  })();
});

parentPort!.postMessage({ ready: true });
