import type { FileHandle } from 'node:fs/promises';

/**
 * Writes parts to a file: all of them or, where the disk has no room, none. A system may write a part of what it is given
 * without an error, so the rest is written again until there is one.
 * @param at size of the file before
 * @param isBehind whether the file's own position is behind that, because it was cut before
 * @throws the error of the system, when the file has been cut to the size before
 */
export async function appendWhole(
  handle: FileHandle,
  parts: readonly Buffer[],
  at: number,
  isBehind = false,
): Promise<void> {
  let rest = parts.filter(({ length }) => length > 0);
  let written = 0;
  try {
    while (rest.length > 0) {
      const { bytesWritten } = await handle.writev(rest, isBehind ? at + written : undefined);
      written += bytesWritten;
      rest = without(rest, bytesWritten);
    }
  } catch (error) {
    // A pipe or a device has no size.
    await handle.truncate(at).catch(() => {});
    throw error;
  }
}

/** The parts without their first bytes. */
function without(parts: Buffer[], bytes: number): Buffer[] {
  let left = bytes;
  const rest: Buffer[] = [];
  for (const part of parts) {
    if (left >= part.length) left -= part.length;
    else {
      rest.push(part.subarray(left));
      left = 0;
    }
  }
  return rest;
}
