/** How a character of UTF-8 that begins with this byte goes on: its length, and the range of its second byte; null for no beginning. */
function leadOf(byte: number): [length: number, from: number, to: number] | null {
  if (byte < 0x80) return [1, 0, 0];
  if (byte >= 0xc2 && byte <= 0xdf) return [2, 0x80, 0xbf];
  if (byte === 0xe0) return [3, 0xa0, 0xbf];
  if (byte === 0xed) return [3, 0x80, 0x9f];
  if (byte >= 0xe1 && byte <= 0xef) return [3, 0x80, 0xbf];
  if (byte === 0xf0) return [4, 0x90, 0xbf];
  if (byte === 0xf4) return [4, 0x80, 0x8f];
  return byte >= 0xf1 && byte <= 0xf3 ? [4, 0x80, 0xbf] : null;
}

/**
 * The length of the character of UTF-8 at `at` (Unicode 15, table 3-7): 1 to 4; 0 where there is none; -1 where the bytes
 * end inside of what may be one.
 */
export function characterAt(bytes: Buffer, at: number): number {
  const lead = leadOf(bytes[at]!);
  if (!lead) return 0;
  const [length, from, to] = lead;
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return -1;
    if (byte < (i === 1 ? from : 0x80) || byte > (i === 1 ? to : 0xbf)) return 0;
  }
  return length;
}

/** Where the last character of these bytes begins that may go on after them; their length where none does. */
export function openCharacter(bytes: Buffer): number {
  for (let at = Math.max(0, bytes.length - 3); at < bytes.length; at++)
    if (bytes[at]! >= 0xc2 && characterAt(bytes, at) === -1) return at;
  return bytes.length;
}

/** Counts the characters of several bytes, and the bytes that are not UTF-8. */
export class Utf8Scan {
  multiByte = 0;
  invalid = 0;
  /** Place of the first byte that is not UTF-8. */
  firstInvalid = -1;

  /** Adds bytes that begin with a character. An open character at their end does not count. */
  add(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const length = characterAt(bytes, at);
      if (length === -1) return;
      if (length > 1) this.multiByte++;
      if (length === 0 && this.invalid++ === 0) this.firstInvalid = at;
      at += Math.max(1, length);
    }
  }
}
