const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const BACKSLASH = 92;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** Where the member that `findMember` found last has its value. One object for all calls, so that none is allocated. */
export const memberValue = { start: 0, end: 0 };

/**
 * Finds a member of the JSON object `bytes[start..end)` without parsing it, and puts the place of its value into
 * `memberValue`. False where there is no such member or no object. `name` is as written between the quotes.
 */
export function findMember(bytes: Buffer, start: number, end: number, name: Buffer): boolean {
  let at = skipSpace(bytes, start, end);
  if (bytes[at] !== OPEN_BRACE) return false;
  for (at++; at < end; at++) {
    at = skipSpace(bytes, at, end);
    if (bytes[at] !== QUOTE) return false;
    const keyEnd = skipString(bytes, at, end);
    const match = keyEnd - at - 2 === name.length && isAt(bytes, at + 1, name);
    at = skipSpace(bytes, keyEnd, end);
    if (bytes[at] !== COLON) return false;
    at = skipSpace(bytes, at + 1, end);
    const valueEnd = skipValue(bytes, at, end);
    if (match) {
      memberValue.start = at;
      memberValue.end = valueEnd;
      return valueEnd > at && valueEnd <= end;
    }
    at = skipSpace(bytes, valueEnd, end);
    if (bytes[at] !== COMMA) return false;
  }
  return false;
}

/** The text of a string or number; null for any other value. */
export function valueText(bytes: Buffer, start: number, end: number): string | null {
  const text = bytes.toString('utf8', start, end);
  if (bytes[start] === QUOTE && !text.includes('\\')) return text.slice(1, -1);
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
  } catch {
    return null;
  }
}

/** Whether the bytes begin and end like a JSON object. */
export function isObject(bytes: Buffer, start: number, end: number): boolean {
  let last = end - 1;
  while (last > start && bytes[last]! <= 32) last--;
  return bytes[skipSpace(bytes, start, end)] === OPEN_BRACE && bytes[last] === CLOSE_BRACE;
}

function isAt(bytes: Buffer, at: number, name: Buffer): boolean {
  for (let i = 0; i < name.length; i++) if (bytes[at + i] !== name[i]) return false;
  return true;
}

function skipSpace(bytes: Buffer, at: number, end: number): number {
  while (at < end && bytes[at]! <= 32) at++;
  return at;
}

/** The place after the string that begins at `at`; beyond the end where it is not closed. */
function skipString(bytes: Buffer, at: number, end: number): number {
  for (at++; at < end; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at++;
  }
  return end + 1;
}

/** The place after the value that begins at `at`; beyond the end where it is not closed. */
function skipValue(bytes: Buffer, at: number, end: number): number {
  const first = bytes[at];
  if (first === QUOTE) return skipString(bytes, at, end);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) {
    while (at < end && bytes[at] !== COMMA && bytes[at] !== CLOSE_BRACE && bytes[at]! > 32) at++;
    return at;
  }
  for (let depth = 0; at < end; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) at = skipString(bytes, at, end) - 1;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return at + 1;
  }
  return end + 1;
}
