import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { packingOf } from '../packing/packings.ts';

const PIECE_BYTES = 1 << 16;
/** Where the pieces begin, as shares of the file; the last one ends with the file. */
const SHARES = [0.3, 0.6, 1];
const LINE_FEED = 10;

/**
 * Pieces of whole lines from the middle and the end of a file of text, behind its first `headBytes`. None where the file is
 * packed or is not UTF-8, because its lines can't be found then without reading all of it.
 */
export async function filePieces(path: string, size: number, headBytes: number): Promise<string[]> {
  if (size < headBytes + PIECE_BYTES * SHARES.length) return [];
  const handle = await open(path);
  try {
    const piece = async (start: number): Promise<Buffer> => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(PIECE_BYTES), 0, PIECE_BYTES, start);
      return buffer.subarray(0, bytesRead);
    };
    if (packingOf(await piece(0))) return [];
    const pieces: string[] = [];
    for (const share of SHARES) {
      const start = Math.max(headBytes, Math.floor((size - PIECE_BYTES) * share));
      const bytes = wholeLines(await piece(start), start + PIECE_BYTES >= size);
      if (bytes.length > 0 && isUtf8(bytes)) pieces.push(bytes.toString());
    }
    return pieces;
  } finally {
    await handle.close();
  }
}

function wholeLines(bytes: Buffer, isEnd: boolean): Buffer {
  const start = bytes.indexOf(LINE_FEED) + 1;
  const end = isEnd ? bytes.length : bytes.lastIndexOf(LINE_FEED) + 1;
  return start === 0 || end <= start ? Buffer.alloc(0) : bytes.subarray(start, end);
}
