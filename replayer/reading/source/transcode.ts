import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import { BINARY } from './encoding.ts';
import { characterAt, openCharacter } from './utf8-scan.ts';
import { WideDecoder } from './wide-decoder.ts';

/** What could not be decoded as the text's encoding. */
export interface DecodingProblems {
  /** How many bytes (UTF-8) or characters (other encodings). */
  count: number;
  /** Where the first of them is, in bytes of the unpacked text: exact for UTF-8, else of the piece that holds it. */
  first: number;
}

const DECODE_BYTES = 1 << 16;
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const REPLACEMENT = '\ufffd';

/**
 * Text of any encoding as UTF-8, without a byte order mark. UTF-8 itself is passed on as it is; bytes of it that are not
 * valid are read as windows-1252, so that nothing is lost, and counted in `problems`. `binary` is passed on unchecked.
 */
export async function* asUtf8(
  source: AsyncIterable<Buffer> | Iterable<Buffer>,
  encoding: string,
  problems: DecodingProblems,
): AsyncGenerator<Buffer> {
  if (encoding === BINARY) yield* source;
  else if (encoding === 'utf-8') yield* checkedUtf8(source, problems);
  else yield* transcoded(source, encoding, problems);
}

async function* checkedUtf8(
  source: AsyncIterable<Buffer> | Iterable<Buffer>,
  problems: DecodingProblems,
): AsyncGenerator<Buffer> {
  let open: Buffer = Buffer.alloc(0);
  let offset = 0;
  let isFirst = true;
  for await (const piece of source) {
    let bytes = open.length > 0 ? Buffer.concat([open, piece]) : piece;
    if (isFirst) {
      // A mark in pieces of less than its length is waited for.
      if (bytes.length < MARK.length && bytes.equals(MARK.subarray(0, bytes.length))) {
        open = bytes;
        continue;
      }
      isFirst = false;
      if (bytes.subarray(0, MARK.length).equals(MARK)) {
        bytes = bytes.subarray(MARK.length);
        offset = MARK.length;
      }
    }
    const end = openCharacter(bytes);
    open = Buffer.from(bytes.subarray(end));
    const whole = bytes.subarray(0, end);
    if (whole.length > 0) yield isUtf8(whole) ? whole : repaired(whole, offset, problems);
    offset += end;
  }
  if (open.length > 0) yield repaired(open, offset, problems);
}

/** Bytes with those that are not UTF-8 read as windows-1252. */
function repaired(bytes: Buffer, offset: number, problems: DecodingProblems): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = 0; at < bytes.length;) {
    const length = characterAt(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    if (problems.count++ === 0) problems.first = offset + at;
    parts.push(bytes.subarray(from, at), windows1252()[bytes[at]!]!);
    from = ++at;
  }
  return Buffer.concat([...parts, bytes.subarray(from)]);
}

let table: Buffer[] | undefined;
/** The characters of windows-1252 in UTF-8, by their byte. */
function windows1252(): Buffer[] {
  table ??= Array.from({ length: 256 }, (_, byte) =>
    // Without `stream`, Node 20 decodes 0x80 to 0x9f wrongly.
    Buffer.from(new TextDecoder('windows-1252').decode(Uint8Array.of(byte), { stream: true })),
  );
  return table;
}

async function* transcoded(
  source: AsyncIterable<Buffer> | Iterable<Buffer>,
  encoding: string,
  problems: DecodingProblems,
): AsyncGenerator<Buffer> {
  const decoder = encoding.startsWith('utf-') ? new WideDecoder(encoding) : new OtherDecoder(encoding);
  let offset = 0;
  const note = () => {
    if (problems.count === 0 && decoder.invalid > 0) problems.first = offset;
    problems.count = decoder.invalid;
  };
  for await (const piece of source) {
    for (let at = 0; at < piece.length; at += DECODE_BYTES) {
      const bytes = piece.subarray(at, at + DECODE_BYTES);
      const text = decoder.decode(bytes);
      note();
      offset += bytes.length;
      if (text !== '') yield Buffer.from(text);
    }
  }
  const rest = decoder.end();
  note();
  if (rest !== '') yield Buffer.from(rest);
}

/** Decodes what TextDecoder knows. Few of these encodings can hold U+FFFD, so each is something that can't be decoded. */
class OtherDecoder {
  readonly #decoder: TextDecoder;
  readonly #encoding: string;
  invalid = 0;

  constructor(encoding: string) {
    this.#encoding = encoding;
    this.#decoder = new TextDecoder(encoding);
  }

  decode(bytes: Buffer): string {
    return this.#counted(this.#decoder.decode(bytes, { stream: true }));
  }

  end(): string {
    // Node 20 must not be asked for the end of windows-1252, where no character can be open: see `windows1252`.
    return this.#encoding === 'windows-1252' ? '' : this.#counted(this.#decoder.decode());
  }

  #counted(text: string): string {
    for (let at = text.indexOf(REPLACEMENT); at !== -1; at = text.indexOf(REPLACEMENT, at + 1))
      this.invalid++;
    return text;
  }
}
