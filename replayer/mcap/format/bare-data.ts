import { isUtf8 } from 'node:buffer';

/** Metadata of an MCAP channel of bare messages, each of which is one JSON object on one line, as the recorder has checked. */
export const CONTENT = 'content';
export const OBJECTS = 'objects';

/** What the bytes of a message are that is not in an encoding of MCAP: JSON, other text in UTF-8, or neither. */
export type BareEncoding = 'json' | 'text' | 'binary';

/** What a bare message is. An `object` is one JSON object, which can be an event's data as it is. */
export function encodingOf(bytes: Buffer): { encoding: BareEncoding; isObject: boolean } {
  if (!isUtf8(bytes)) return { encoding: 'binary', isObject: false };
  try {
    const value = JSON.parse(bytes.toString()) as unknown;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return { encoding: 'json', isObject };
  } catch {
    return { encoding: 'text', isObject: false };
  }
}

/** Whether bytes are on one line. */
export function isLine(bytes: Buffer): boolean {
  return !bytes.includes(10) && !bytes.includes(13);
}

/** The encoding and metadata of the MCAP channel for a bare message. */
export function bareChannel(message: Buffer): { encoding: BareEncoding; metadata: Map<string, string> } {
  const { encoding, isObject } = encodingOf(message);
  const metadata = new Map([['envelope', 'none']]);
  if (isObject && isLine(message)) metadata.set(CONTENT, OBJECTS);
  return { encoding, metadata };
}

/** Bytes that are not a JSON object, as the data of an event: their encoding by name, and the bytes in base64. */
export function wrapped(bytes: Buffer, encoding: string): string {
  return `{"encoding":${JSON.stringify(encoding)},"base64":"${bytes.toString('base64')}"}`;
}

/** A JSON text on one line. Line ends in JSON can only be blanks between its values, so that they may be spaces as well. */
export function onOneLine(text: Buffer): Buffer {
  const line = Buffer.from(text);
  for (let at = 0; at < line.length; at++) if (line[at] === 10 || line[at] === 13) line[at] = 32;
  return line;
}
