import { createReadStream, type ReadStream } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import type { Input } from '../formats/support/format.ts';
import { unpacked } from './decompress.ts';

const READ_BYTES = 1 << 18;
const TEXT_BYTES = 1 << 15;

/**
 * A file's bytes, unpacked, in pieces of any size. Leaving the loop closes it. `opened` is handed what reads it.
 * @throws failure when it breaks off
 */
export function readBytes(path: string, opened?: (stream: ReadStream) => void): AsyncGenerator<Buffer> {
  const stream = createReadStream(path, { highWaterMark: READ_BYTES });
  opened?.(stream);
  return unpacked(stream, path);
}

/** A file as formats read it. */
export function fileInput(path: string, bytes = () => readBytes(path)): Input {
  return { path, bytes, text: () => decoded(bytes()) };
}

/** Bytes as text, characters kept whole. In small pieces: what is made of them is to die young, which costs nothing. */
export async function* decoded(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  for await (const bytes of source) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < buffer.length; at += TEXT_BYTES) {
      yield decoder.write(buffer.subarray(at, at + TEXT_BYTES));
    }
  }
  const rest = decoder.end();
  if (rest) yield rest;
}

const PIECE_BYTES = 1 << 19;
/** A row that is still not whole after so many bytes is broken. */
const OPEN_MAX_BYTES = 1 << 22;
const LINE_FEED = 10;

/**
 * Bytes in pieces of whole rows, about half a megabyte each. `rowsEnd` tells where the last whole row ends in bytes
 * that begin with a row, 0 where there is none. Of a row that never ends the beginning is given, as a piece.
 */
export async function* wholeRows(
  source: AsyncIterable<Buffer>,
  rowsEnd: (bytes: Buffer) => number,
  pieceBytes = PIECE_BYTES,
): AsyncGenerator<Buffer> {
  let held = Buffer.allocUnsafeSlow(pieceBytes * 2);
  let length = 0;
  let wanted = pieceBytes;
  /** Inside a row that was too long: nothing counts before its line's end. */
  let skipping = false;
  const take = (end: number): Buffer => {
    const rest = Buffer.allocUnsafeSlow(Math.max(pieceBytes * 2, length - end));
    held.copy(rest, 0, end, length);
    const piece = held.subarray(0, end);
    [held, length, wanted] = [rest, length - end, Math.max(pieceBytes, length - end)];
    return piece;
  };
  for await (let bytes of source) {
    if (skipping) {
      const end = bytes.indexOf(LINE_FEED);
      if (end === -1) continue;
      skipping = false;
      bytes = bytes.subarray(end);
    }
    if (length + bytes.length > held.length) {
      const larger = Buffer.allocUnsafeSlow((length + bytes.length) * 2);
      held.copy(larger, 0, 0, length);
      held = larger;
    }
    length += bytes.copy(held, length);
    if (length < wanted) continue;
    const all = held.subarray(0, length);
    const end = rowsEnd(all);
    if (end > 0) yield take(end);
    else if (length < OPEN_MAX_BYTES) wanted = length * 2;
    else if (all.includes(LINE_FEED)) yield take(all.lastIndexOf(LINE_FEED) + 1);
    else {
      skipping = true;
      yield take(length);
    }
  }
  if (length > 0) yield take(length);
}
