import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { failure } from '../core/errors.ts';
import { ROW_MAX_CHARACTERS } from './formats/format.ts';

const PIECE_BYTES = 1 << 18;

/**
 * A file's text in pieces, decompressed when its name ends in .gz, without a byte order mark. Leaving the loop closes it.
 * @throws failure when the file breaks off or is no gzip
 */
export async function* readText(path: string): AsyncGenerator<string> {
  const file = createReadStream(path, { highWaterMark: PIECE_BYTES });
  // pipeline destroys the file with the inflater, and carries the file's errors over to it.
  const source = path.endsWith('.gz')
    ? pipeline(file, createGunzip({ chunkSize: PIECE_BYTES }), () => {})
    : file;
  const decoder = new StringDecoder('utf8');
  let first = true;
  try {
    for await (const bytes of source as AsyncIterable<Buffer>) {
      let text = decoder.write(bytes);
      if (first && text.length > 0) {
        first = false;
        if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
      }
      yield text;
    }
    const rest = decoder.end();
    if (rest) yield rest;
  } catch (cause) {
    throw failure('recording_unreadable', `${path} can't be read to its end: ${(cause as Error).message}.`, {
      hint: 'Is the file complete?',
      cause,
    });
  } finally {
    file.destroy();
  }
}

/** One line of text; `tooLong` when only its beginning was kept. */
export interface Line {
  line: number;
  text: string;
  tooLong?: boolean;
}

/** Splits text into lines, in chunks; a line beyond the row limit is cut and marked, and never held in memory whole. */
export async function* lines(pieces: AsyncIterable<string>): AsyncGenerator<Line[]> {
  let rest = '';
  let line = 1;
  let skipping = false;
  for await (const piece of pieces) {
    const parts = (rest + piece).split('\n');
    rest = parts.pop()!;
    const chunk: Line[] = [];
    for (const part of parts) {
      if (skipping) skipping = false;
      else chunk.push(cut(line, part));
      line++;
    }
    if (rest.length > ROW_MAX_CHARACTERS) {
      if (!skipping) chunk.push(cut(line, rest));
      skipping = true;
      rest = '';
    }
    yield chunk;
  }
  if (rest !== '' && !skipping) yield [cut(line, rest)];
}

function cut(line: number, text: string): Line {
  if (text.length > ROW_MAX_CHARACTERS) return { line, text: text.slice(0, 2_000), tooLong: true };
  return { line, text: text.endsWith('\r') ? text.slice(0, -1) : text };
}
