import type { FileHandle } from 'node:fs/promises';
import { MalformedMcap } from './bytes.ts';

/** Reads `length` bytes at `offset` of a file. @throws MalformedMcap when the file ends before that */
export async function readAt(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await handle.read(bytes, at, length - at, offset + at);
    if (bytesRead === 0) throw new MalformedMcap(`the file ends at byte ${offset + at}`);
    at += bytesRead;
  }
  return bytes;
}
