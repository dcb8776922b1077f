import type { ReadStream } from 'node:fs';
import { basename } from 'node:path';
import { Decoding, type ByteOptions } from './decoding.ts';
import { filePieces } from './file-pieces.ts';
import { beginning, fileInput, HEAD_BYTES, readBytes } from './input.ts';
import type { Source } from './source.ts';

/** A file as a source. `size` is that on the disk. */
export function fileSource(path: string, size: number, options: ByteOptions): Source {
  const name = basename(path);
  const decoding = new Decoding(name, options);
  let reading: ReadStream | undefined;
  async function* bytes(): AsyncGenerator<Buffer> {
    if (!decoding.encoding) decoding.decide(await beginning(path));
    const state = decoding.begin();
    yield* decoding.bytes(readBytes(path, { state, opened: (stream) => (reading = stream) }));
  }
  return {
    name,
    bytes: size,
    once: false,
    head: async () => decoding.head(await beginning(path)),
    pieces: () => filePieces(path, size, HEAD_BYTES),
    encoding: async () => decoding.encoding ?? decoding.decide(await beginning(path)),
    notes: () => decoding.notes(),
    share: () => (reading ? Math.min(1, reading.bytesRead / size) : null),
    input: (wrap = (source) => source) => ({
      ...fileInput(path, () => wrap(bytes())),
      async *text() {
        if (!decoding.encoding) decoding.decide(await beginning(path));
        yield* decoding.text(wrap(bytes()));
      },
    }),
  };
}
