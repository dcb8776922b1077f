import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { refusal, RepriseError } from '../../../core/problems/errors.ts';
import { isSystemError } from '../packing/is-system-error.ts';
import type { FoundEntry } from './found-entry.ts';

const HEADER_BYTES = 512;
const CHECKSUM_AT = 148;
const CHECKSUM_BYTES = 8;
const BLANK = 32;

/** Whether bytes that begin so are a tar archive: the checksum of the first header is right, as in all kinds of tar. */
export function isTar(head: Buffer): boolean {
  if (head.length < HEADER_BYTES || head[0] === 0) return false;
  const field = head.toString('latin1', CHECKSUM_AT, CHECKSUM_AT + CHECKSUM_BYTES);
  const said = /^ *([0-7]+)[ \0]/.exec(field)?.[1];
  if (said === undefined) return false;
  let sum = CHECKSUM_BYTES * BLANK;
  for (let at = 0; at < HEADER_BYTES; at++)
    if (at < CHECKSUM_AT || at >= CHECKSUM_AT + CHECKSUM_BYTES) sum += head[at]!;
  return sum === Number.parseInt(said, 8);
}

/**
 * The files in a tar archive. The checksum of each header is checked; tar has none for content. `name` is that of the
 * archive in messages. @throws refusal for an archive that is damaged or cut off
 */
export async function* tarEntries(bytes: AsyncIterable<Buffer>, name: string): AsyncGenerator<FoundEntry> {
  const { createTarDecoder } = await import('modern-tar');
  let failed: Error | undefined;
  const watched = watching(bytes, (error) => (failed = error));
  const source = Readable.toWeb(Readable.from(watched, { objectMode: false })) as ReadableStream<Uint8Array>;
  const entries = source.pipeThrough(createTarDecoder({ strict: true }));
  try {
    for await (const { header, body } of entries) {
      // `tar c .` writes ./a.csv.
      const entryName = header.name.replace(/^(\.\/)+/, '');
      const found = new Body(body, header.size);
      if (header.type === undefined || header.type === 'file')
        yield { name: entryName, content: () => found.content(`${name}/${entryName}`) };
      await found.skip();
    }
  } catch (cause) {
    const error = failed ?? cause;
    if (!(error instanceof Error) || error instanceof RepriseError || isSystemError(error)) throw error;
    throw refusal('recording_unreadable', `${name} is damaged: tar: ${error.message}.`, {
      hint: 'Fetch the file again.',
      cause,
    });
  }
}

/** The content of one entry, which is read or skipped. */
class Body {
  readonly #bytes: ReadableStream<Uint8Array>;
  readonly #size: number;
  #wasRead = false;

  constructor(bytes: ReadableStream<Uint8Array>, size: number) {
    this.#bytes = bytes;
    this.#size = size;
  }

  async *content(name: string): AsyncGenerator<Buffer> {
    this.#wasRead = true;
    let read = 0;
    for await (const bytes of this.#bytes) {
      read += bytes.length;
      yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    if (read !== this.#size)
      throw refusal('recording_unreadable', `${name} is cut off: it has ${read} of ${this.#size} bytes.`, {
        hint: 'Is the archive complete?',
      });
  }

  async skip(): Promise<void> {
    if (!this.#wasRead) await this.#bytes.cancel();
  }
}

async function* watching(
  source: AsyncIterable<Buffer>,
  failed: (error: Error) => void,
): AsyncGenerator<Buffer> {
  try {
    yield* source;
  } catch (error) {
    failed(error as Error);
    throw error;
  }
}
