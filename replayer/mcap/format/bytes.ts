/** A file that does not conform to MCAP. The message is a clause that says what is wrong. */
export class MalformedMcap extends Error {}

/** Reads the fields of MCAP records in turn. Throws MalformedMcap instead of reading past the end. */
export class FieldReader {
  readonly bytes: Buffer;
  at: number;
  readonly end: number;

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  u8(): number {
    return this.bytes[this.#take(1)]!;
  }

  u16(): number {
    return this.bytes.readUInt16LE(this.#take(2));
  }

  u32(): number {
    return this.bytes.readUInt32LE(this.#take(4));
  }

  /** An offset or a length. */
  u64(): number {
    const at = this.#take(8);
    const value = this.bytes.readUInt32LE(at + 4) * 2 ** 32 + this.bytes.readUInt32LE(at);
    if (value > Number.MAX_SAFE_INTEGER) throw new MalformedMcap('a length is beyond all bounds');
    return value;
  }

  /** A time, epoch ms. MCAP stores nanoseconds. */
  time(): number {
    return readMs(this.bytes, this.#take(8));
  }

  /** A time in nanoseconds, as it is stored. */
  time64(): bigint {
    return this.bytes.readBigUInt64LE(this.#take(8));
  }

  text(): string {
    const length = this.u32();
    const at = this.#take(length);
    return this.bytes.toString('utf8', at, at + length);
  }

  map(): Map<string, string> {
    const end = this.u32() + this.at;
    const map = new Map<string, string>();
    while (this.at < end) map.set(this.text(), this.text());
    return map;
  }

  data(length: number): Buffer {
    const at = this.#take(length);
    return this.bytes.subarray(at, at + length);
  }

  skip(length: number): void {
    this.#take(length);
  }

  #take(length: number): number {
    const { at } = this;
    if (at + length > this.end) throw new MalformedMcap('a record ends too early');
    this.at = at + length;
    return at;
  }
}

const MAX_NS = 2 ** 64;
const SPLIT = 2 ** 26;
const WORD = 2 ** 32;

/** Whether MCAP can hold a time: it counts nanoseconds since 1970 in 64 bits. */
export function canHold(timeMs: number): boolean {
  return timeMs >= 0 && timeMs * 1e6 < MAX_NS;
}

/** Epoch ms, to the microsecond, of nanoseconds in two words. Calculates in doubles, since bigints cost ten times as much. */
export function msOf(high: number, low: number): number {
  // 2^32 ns are 4,294,967 us and 296 ns.
  return (high * 4_294_967 + Math.round((high * 296 + low) / 1000)) / 1000;
}

/** Reads a time, epoch ms. */
export function readMs(bytes: Buffer, at: number): number {
  return msOf(bytes.readUInt32LE(at + 4), bytes.readUInt32LE(at));
}

/** The two words of the time that `splitMs` split last, in nanoseconds. One object for all calls, so that none is allocated. */
export const words = { low: 0, high: 0 };

/** Splits a time (epoch ms, to the microsecond) into `words`. */
export function splitMs(timeMs: number): void {
  const us = Math.round(timeMs * 1000);
  const quotient = Math.floor(us / SPLIT);
  const upper = 1000 * quotient;
  const high = Math.floor(upper / 64);
  const lower = (upper - high * 64) * SPLIT + 1000 * (us - quotient * SPLIT);
  const carry = Math.floor(lower / WORD);
  words.low = lower - carry * WORD;
  words.high = high + carry;
}
