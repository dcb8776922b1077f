import { createReadStream, type ReadStream } from 'node:fs';
import { basename } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import type { Input } from '../../formats/support/format.ts';
import type { UnpackingState } from '../packing/packing.ts';
import { unpacked } from './unpacked.ts';

const READ_BYTES = 1 << 18;
const TEXT_BYTES = 1 << 15;

/** How much of a source's beginning is looked at. */
export const HEAD_BYTES = 1 << 20;

/**
 * A file's bytes, unpacked, in pieces of any size. Leaving the loop closes the file. `state` receives how far it was
 * unpacked, `opened` the stream that reads it. @throws refusal when the file is damaged or ends early
 */
export function readBytes(
  path: string,
  { state, opened }: { state?: UnpackingState; opened?: (stream: ReadStream) => void } = {},
): AsyncGenerator<Buffer> {
  const stream = createReadStream(path, { highWaterMark: READ_BYTES });
  opened?.(stream);
  return unpacked(stream, basename(path), state);
}

/** The unpacked bytes that a file begins with, up to `length` or a little more. */
export async function beginning(path: string, length = HEAD_BYTES): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let read = 0;
  for await (const piece of readBytes(path)) {
    pieces.push(piece);
    read += piece.length;
    if (read >= length) break;
  }
  return Buffer.concat(pieces);
}

/** A file of UTF-8 as the input of a format. */
export function fileInput(path: string, bytes = () => readBytes(path)): Input {
  return { path, bytes, text: () => decoded(bytes()) };
}

/** Decodes UTF-8 and keeps characters whole. The pieces are small, so that objects made from them die young and cheaply. */
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
/** A row that is still not whole after this many bytes is treated as broken. */
const OPEN_MAX_BYTES = 1 << 22;
const LINE_FEED = 10;

/**
 * Cuts bytes into pieces of whole rows, of about half a megabyte each. `rowsEnd` tells where the last whole row ends in
 * bytes that begin with a row; 0 for none. A row that does not end is cut: its beginning is a piece, its rest is skipped.
 */
export async function* wholeRows(
  source: AsyncIterable<Buffer>,
  rowsEnd: (bytes: Buffer) => number,
  pieceBytes = PIECE_BYTES,
): AsyncGenerator<Buffer> {
  let held = Buffer.allocUnsafeSlow(pieceBytes * 2);
  let length = 0;
  let wanted = pieceBytes;
  /** True inside a row that was too long: bytes are skipped up to the end of its line. */
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
