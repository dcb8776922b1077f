// AssemblyScript: what the thread that unpacks chunks does with every byte of them; see unpack-kernel.ts, which lays out
// the memory. Built by `npm run wasm`.

/** Copies go beyond their end by so much at most, in what they read and in what they write. */
export const SLACK: u32 = 16;

const LZ4_MAGIC: u32 = 0x184d2204;
/** Version, sums of blocks, sum of all, dictionary; and of these a frame of version 1 with nothing else. */
const LZ4_FLAGS: u8 = 0b11010101;
const LZ4_PLAIN: u8 = 0b01000000;
const LZ4_HEAD_BYTES: u32 = 7;
const HAS_SIZE: u8 = 8;
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

/**
 * Unpacks an LZ4 frame that lies before `end` to exactly what lies before `toEnd`. False where it is none without sums and
 * dictionary, or not sound: no more is read or written than what there is, and SLACK.
 */
export function unpack(from: u32, end: u32, to: u32, toEnd: u32): bool {
  if (end - from < LZ4_HEAD_BYTES || load<u32>(from) != LZ4_MAGIC) return false;
  const flags = load<u8>(from + 4);
  if ((flags & LZ4_FLAGS) != LZ4_PLAIN) return false;
  const begin = to;
  let at = from + LZ4_HEAD_BYTES + (flags & HAS_SIZE);
  while (at <= end && end - at >= 4) {
    const size = load<u32>(at);
    at += 4;
    if (size == 0) return at == end && to == toEnd;
    const length = size & ~STORED;
    if (length > end - at) return false;
    if (size & STORED) {
      if (length > toEnd - to) return false;
      copy(to, at, length);
      to += length;
    } else {
      to = block(at, at + length, begin, to, toEnd);
      if (to == 0) return false;
    }
    at += length;
  }
  return false;
}

/** Answers where what was unpacked ends; 0 where the block is not sound. */
function block(at: u32, end: u32, begin: u32, to: u32, toEnd: u32): u32 {
  while (at < end) {
    const token = <u32>load<u8>(at++);
    let length = token >> 4;
    if (length == 15) {
      let more: u32;
      do {
        if (at >= end || length > toEnd - to) return 0;
        length += more = load<u8>(at++);
      } while (more == 255);
    }
    if (length > end - at || length > toEnd - to) return 0;
    copy(to, at, length);
    at += length;
    to += length;
    // The last sequence of a block has no match.
    if (at == end) return to;
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
  return 0;
}

/** How many channels the records name. */
export let named: u32 = 0;

/**
 * Finds the messages among a chunk's records, and where channels are named: answers how many messages, or -1 where a record
 * is not whole. `columns`: for so many rows their times, starts, ends and ids of channels, then places of names.
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
      // As msOf of bytes.ts: to the microsecond.
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
