/** A field of a FeedMessage: 1 is the header, 2 an entity. */
export interface FeedField {
  field: number;
  bytes: Buffer;
}

/** Where a feed can't be read further: at this byte, and why. */
export interface FeedDamage {
  at: number;
  problem: string;
}

/** An entity is larger than this only where its length is damaged. */
const FIELD_MAX_BYTES = 16_000_000;
/** Bytes that tell how a file begins. */
const BEGIN_BYTES = 16;

/**
 * The fields of FeedMessages that follow one another in a file, with or without their lengths before them. One field is in
 * memory at a time. The last item may be damage.
 */
export async function* feedFields(pieces: AsyncIterable<Buffer>): AsyncGenerator<FeedField | FeedDamage> {
  const splitter = new Splitter();
  for await (const piece of pieces) {
    yield* splitter.push(piece);
    if (splitter.isDamaged) return;
  }
  yield* splitter.end();
}

class Splitter {
  isDamaged = false;
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes before the rest. */
  #passed = 0;
  /** Whether a length stands before each message; null until the beginning was seen. */
  #hasLengths: boolean | null = null;
  /** Bytes of the present message that are still to come, where lengths tell. */
  #left = 0;

  *push(piece: Buffer): Generator<FeedField | FeedDamage> {
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    if (this.#hasLengths === null && this.#rest.length < BEGIN_BYTES) return;
    yield* this.#fields();
  }

  *end(): Generator<FeedField | FeedDamage> {
    yield* this.#fields();
    if (this.#rest.length > 0 && !this.isDamaged)
      yield { at: this.#passed, problem: 'The feed ends inside an entity.' };
  }

  *#fields(): Generator<FeedField | FeedDamage> {
    this.#hasLengths ??=
      this.#rest.length > 0 &&
      !isFeed(this.#rest) &&
      isFeed(this.#rest.subarray(varint(this.#rest, 0)?.end ?? 0));
    let at = 0;
    for (;;) {
      const begin = at;
      if (this.#hasLengths && this.#left === 0) {
        const length = varint(this.#rest, at);
        if (!length) break;
        this.#left = length.value;
        at = length.end;
        if (this.#left === 0) continue;
      }
      const tag = varint(this.#rest, at);
      const size = tag && sizeOf(this.#rest, tag.value & 7, tag.end);
      if (!tag || !size) {
        // The length before it is read again with the rest of the field.
        if (begin !== at) this.#left = 0;
        at = begin;
        break;
      }
      const { from, length } = size;
      const tooLarge = length > FIELD_MAX_BYTES || (this.#hasLengths && from + length - at > this.#left);
      if (Number.isNaN(length) || tooLarge || tag.value >> 3 === 0) {
        this.isDamaged = true;
        yield {
          at: this.#passed + begin,
          problem: 'From here on the feed is damaged: a field has no possible length.',
        };
        return;
      }
      if (this.#rest.length < from + length) {
        if (begin !== at) this.#left = 0;
        at = begin;
        break;
      }
      if (this.#hasLengths) this.#left -= from + length - at;
      at = from + length;
      yield { field: tag.value >> 3, bytes: this.#rest.subarray(from, at) };
    }
    this.#passed += at;
    this.#rest = this.#rest.subarray(at);
  }
}

/** Whether bytes begin with a FeedHeader, whose first field is a version such as 2.0. */
function isFeed(bytes: Buffer): boolean {
  const size = bytes[0] === 10 ? varint(bytes, 1) : null;
  const at = size?.end ?? 0;
  return (
    size !== null &&
    bytes[at] === 10 &&
    bytes[at + 1]! > 0 &&
    bytes[at + 1]! < 9 &&
    /\d/.test(String.fromCharCode(bytes[at + 2]!))
  );
}

/** The value of a field: where it begins, and its length; NaN for an unknown type. null: more bytes are needed. */
function sizeOf(bytes: Buffer, type: number, from: number): { from: number; length: number } | null {
  if (type === 0) {
    const number = varint(bytes, from);
    return number && { from, length: number.end - from };
  }
  if (type === 1 || type === 5) return { from, length: type === 1 ? 8 : 4 };
  if (type !== 2) return { from, length: NaN };
  const length = varint(bytes, from);
  return length && { from: length.end, length: length.value };
}

/** A number of variable length, and where it ends; null where it is not there as a whole. */
function varint(bytes: Buffer, from: number): { value: number; end: number } | null {
  let value = 0;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[from + i];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: from + i + 1 };
  }
  return { value: Infinity, end: from + 10 };
}
