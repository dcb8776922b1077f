import { Readable, type Duplex } from 'node:stream';

const READ_BYTES = 1 << 18;

/** Sends a source through a stream that unpacks it. Leaving the loop closes both. */
export async function* through(source: AsyncIterable<Buffer>, unpacker: Duplex): AsyncGenerator<Buffer> {
  const file = Readable.from(source, { objectMode: false, highWaterMark: READ_BYTES });
  file.on('error', (error) => unpacker.destroy(error));
  try {
    yield* file.pipe(unpacker) as AsyncIterable<Buffer>;
  } finally {
    file.destroy();
    unpacker.destroy();
  }
}
