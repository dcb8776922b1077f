/** A file is not what MCAP says it should be. The message is a clause: what is wrong. */
export class MalformedMcap extends Error {}

/** Reads the fields of MCAP records; never past the end of what it was given. */
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
    if (value > Number.MAX_SAFE_INTEGER) throw new MalformedMcap('a length has no end');
    return value;
  }

  /** A time in ns, as epoch ms. */
  time(): number {
    return readMs(this.bytes, this.#take(8));
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

/** Whether MCAP can hold the time: it counts nanoseconds from 1970 on in 64 bits. */
export function canHold(timeMs: number): boolean {
  return timeMs >= 0 && timeMs * 1e6 < MAX_NS;
}

/** Nanoseconds in two words as epoch ms, to the microsecond. In integers that a double holds: a bigint costs tenfold. */
export function msOf(high: number, low: number): number {
  // 2^32 ns are 4,294,967 us and 296 ns.
  return (high * 4_294_967 + Math.round((high * 296 + low) / 1000)) / 1000;
}

/** Reads nanoseconds as epoch ms. */
export function readMs(bytes: Buffer, at: number): number {
  return msOf(bytes.readUInt32LE(at + 4), bytes.readUInt32LE(at));
}

/** The two words of a time in nanoseconds: good until the next is split. */
export const words = { low: 0, high: 0 };

/** Splits epoch ms into `words`, to the microsecond. */
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

/** Writes epoch ms as nanoseconds. */
export function writeMs(bytes: Buffer, at: number, timeMs: number): void {
  splitMs(timeMs);
  bytes.writeUInt32LE(words.low, at);
  bytes.writeUInt32LE(words.high, at + 4);
}

/** Epoch ms as nanoseconds. */
export function nanoseconds(timeMs: number): bigint {
  return BigInt(Math.round(timeMs * 1000)) * 1000n;
}
