// AssemblyScript: everything that touches each byte of a chunk while it is unpacked, see unpack-kernel.ts, which lays out
// the memory. Built by `npm run wasm`.

/** Copies read and write up to this many bytes beyond their end. */
export const SLACK: u32 = 16;

const LZ4_MAGIC: u32 = 0x184d2204;
const LZ4_HEAD_BYTES: u32 = 7;
/** The descriptor's bits for version and dictionary, and their value in a frame of version 1 without a dictionary. */
const LZ4_VERSION: u8 = 0b11000001;
const LZ4_VERSION_1: u8 = 0b01000000;
const HAS_BLOCK_CHECKSUMS: u8 = 16;
const HAS_SIZE: u8 = 8;
const HAS_CHECKSUM: u8 = 4;
/** The bit in a block's size that says that the block is not compressed. */
const STORED: u32 = 0x80000000;

const CHANNEL: u8 = 4;
const MESSAGE: u8 = 5;
const HEAD_BYTES: u32 = 9;
const MESSAGE_BYTES: u32 = 31;

@inline function copy(to: u32, from: u32, length: u32): void {
  const end = to + length;
  do {
    store<u64>(to, load<u64>(from));
    store<u64>(to, load<u64>(from, 8), 8);
    to += 16;
    from += 16;
  } while (to < end);
}

/** Where the sound output of the last frame ends that `unpack` refused: for frames that are cut off. */
export let reached: u32 = 0;

/**
 * Unpacks an LZ4 frame (frame format 1.6) that ends at `end` to exactly the bytes before `toEnd`. False where the frame
 * needs a dictionary or is not sound. Beyond `end` and `toEnd` it reads and writes at most SLACK bytes.
 */
export function unpack(from: u32, end: u32, to: u32, toEnd: u32): bool {
  reached = to;
  if (end - from < LZ4_HEAD_BYTES || load<u32>(from) != LZ4_MAGIC) return false;
  const flags = load<u8>(from + 4);
  if ((flags & LZ4_VERSION) != LZ4_VERSION_1) return false;
  const begin = to;
  let at = from + LZ4_HEAD_BYTES + (flags & HAS_SIZE);
  while (at <= end && end - at >= 4) {
    const size = load<u32>(at);
    at += 4;
    if (size == 0) {
      if (to != toEnd) return false;
      if ((flags & HAS_CHECKSUM) == 0) return at == end;
      return end - at == 4 && load<u32>(at) == checksum(begin, to);
    }
    const length = size & ~STORED;
    const isCut = length > end - at;
    const next = isCut ? end : at + length;
    if (size & STORED) {
      if (next - at > toEnd - to) return false;
      copy(to, at, next - at);
      to += next - at;
    } else {
      to = block(at, next, begin, to, toEnd);
      if (to == 0) return false;
    }
    reached = to;
    if (isCut) return false;
    if (flags & HAS_BLOCK_CHECKSUMS) {
      if (end - next < 4 || load<u32>(next) != checksum(at, next)) return false;
      at = next + 4;
    } else at = next;
  }
  return false;
}

/** Returns where the output of a block ends; 0 where the block is not sound, and then `reached` says how far it was. */
function block(at: u32, end: u32, begin: u32, to: u32, toEnd: u32): u32 {
  while (at < end) {
    reached = to;
    const token = <u32>load<u8>(at++);
    let length = token >> 4;
    if (length == 15) {
      let more: u32;
      do {
        if (at >= end || length > toEnd - to) return 0;
        length += more = load<u8>(at++);
      } while (more == 255);
    }
    if (length > toEnd - to) return 0;
    if (length > end - at) {
      copy(to, at, end - at);
      reached = to + (end - at);
      return 0;
    }
    copy(to, at, length);
    at += length;
    to += length;
    // The last sequence of a block has no match.
    if (at == end) return to;
    reached = to;
    if (end - at < 2) return 0;
    const back = <u32>load<u16>(at);
    at += 2;
    if (back == 0 || back > to - begin) return 0;
    length = token & 15;
    if (length == 15) {
      let more: u32;
      do {
        if (at >= end || length > toEnd - to) return 0;
        length += more = load<u8>(at++);
      } while (more == 255);
    }
    length += 4;
    if (length > toEnd - to) return 0;
    if (back >= 16) copy(to, to - back, length);
    else if (back >= 8) for (let i: u32 = 0; i < length; i += 8) store<u64>(to + i, load<u64>(to - back + i));
    else for (let i: u32 = 0; i < length; i++) store<u8>(to + i, load<u8>(to - back + i));
    to += length;
  }
  reached = to;
  return 0;
}

const PRIME_1: u32 = 0x9e3779b1;
const PRIME_2: u32 = 0x85ebca77;
const PRIME_3: u32 = 0xc2b2ae3d;
const PRIME_4: u32 = 0x27d4eb2f;
const PRIME_5: u32 = 0x165667b1;

@inline function round(lane: u32, at: u32): u32 {
  return rotl<u32>(lane + load<u32>(at) * PRIME_2, 13) * PRIME_1;
}

/** xxHash32 with the seed 0, the checksum of LZ4 frames. */
function checksum(from: u32, end: u32): u32 {
  const length = end - from;
  let at = from;
  let hash = PRIME_5;
  if (length >= 16) {
    let a: u32 = PRIME_1 + PRIME_2;
    let b: u32 = PRIME_2;
    let c: u32 = 0;
    let d: u32 = 0 - PRIME_1;
    do {
      a = round(a, at);
      b = round(b, at + 4);
      c = round(c, at + 8);
      d = round(d, at + 12);
      at += 16;
    } while (end - at >= 16);
    hash = rotl<u32>(a, 1) + rotl<u32>(b, 7) + rotl<u32>(c, 12) + rotl<u32>(d, 18);
  }
  hash += length;
  for (; end - at >= 4; at += 4) hash = rotl<u32>(hash + load<u32>(at) * PRIME_3, 17) * PRIME_4;
  for (; at < end; at++) hash = rotl<u32>(hash + <u32>load<u8>(at) * PRIME_5, 11) * PRIME_1;
  hash = (hash ^ (hash >> 15)) * PRIME_2;
  hash = (hash ^ (hash >> 13)) * PRIME_3;
  return hash ^ (hash >> 16);
}

/** How many channel records `find` has found. */
export let named: u32 = 0;

/**
 * Finds the messages and the channel records among a chunk's records. Returns how many messages there are; -1 where a
 * record is not whole. `columns` has room for `rows` rows of each column in turn: times, starts and ends of data, places of
 * channel records, ids of channels.
 */
export function find(from: u32, end: u32, columns: u32, rows: u32): i32 {
  const starts = columns + rows * 8;
  const ends = starts + rows * 4;
  const names = ends + rows * 4;
  const ids = names + rows * 4;
  let row: u32 = 0;
  named = 0;
  for (let at = from; at < end;) {
    if (end - at < HEAD_BYTES || load<u32>(at, 5) != 0) return -1;
    const length = load<u32>(at, 1);
    if (length > end - at - HEAD_BYTES) return -1;
    const next = at + HEAD_BYTES + length;
    const opcode = load<u8>(at);
    if (opcode == MESSAGE) {
      if (next - at < MESSAGE_BYTES) return -1;
      const low = <f64>load<u32>(at, 15);
      const high = <f64>load<u32>(at, 19);
      // To the microsecond, as msOf in bytes.ts does.
      store<f64>(columns + row * 8, (high * 4294967 + floor((high * 296 + low) / 1000 + 0.5)) / 1000);
      store<u32>(starts + row * 4, at + MESSAGE_BYTES - from);
      store<u32>(ends + row * 4, next - from);
      store<u16>(ids + row * 2, load<u16>(at, 9));
      row++;
    } else if (opcode == CHANNEL) {
      if (named == rows) return -1;
      store<u32>(names + named++ * 4, at - from);
    }
    at = next;
  }
  return row;
}
