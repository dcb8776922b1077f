// AssemblyScript: the loop that writes events as Redis commands. event-commands.ts fills this memory and calls `frame`.
// `npm run wasm` builds it.

/** How many rows, and how many bytes of their data, fit at once. */
export const ROWS: u32 = 4096;
export const DATA_BYTES: u32 = 1 << 17;
/** The cache of the texts of subjects: their bytes, and how many entries. */
export const TEXTS_BYTES: u32 = 1 << 22;
export const ENTRIES: u32 = 1 << 16;
/** Bytes of the texts that all events share. */
export const PIECES_BYTES: u32 = 1 << 14;
const OUT_BYTES: u32 = 1 << 19;
/** Copies may read and write this much beyond their end. */
const SLACK: u32 = 16;
/** More than the digits and line ends of an event take. */
const SMALL_BYTES: u32 = 256;

/** The input: columns, the data that STARTS and ENDS point into, and the cache. */
export const TIMES = memory.data(ROWS * 8, 16);
export const SUBJECTS = memory.data(ROWS * 4, 16);
export const STARTS = memory.data(ROWS * 4, 16);
export const ENDS = memory.data(ROWS * 4, 16);
export const DATA = memory.data(DATA_BYTES + SLACK, 16);
export const CACHE = memory.data(ENTRIES * 16, 16);
export const TEXTS = memory.data(TEXTS_BYTES + SLACK, 16);
/** The output: commands; and for each row, where its event begins in them, and its length. */
export const OUT = memory.data(OUT_BYTES + SLACK, 16);
export const PLACES = memory.data(ROWS * 4, 16);
export const LENGTHS = memory.data(ROWS * 4, 16);
/** The texts that all events share, and the address and length of each. */
export const PIECES = memory.data(PIECES_BYTES + SLACK, 16);
export const TABLE = memory.data(16 * 8, 16);
export const JOB = memory.data(64, 16);
/** The date as text, and the digits of the next offset: at most 16, aligned to the end. */
export const DATE = memory.data(32, 16);
export const OFFSET = memory.data(16 + SLACK, 16);

@unmanaged class Job {
  /** The day of the date, in days since 1970. */
  day: f64;
  dateLength: u32;
  /** Owner of the subjects in the cache. */
  owner: u32;
  /** 1: each event also gets an XADD. */
  isLogged: u32;
  /** Added to the start of a row to get the address of its data. */
  dataShift: u32;
  /** Added to the address of an event to get its place among all commands. */
  placeShift: u32;
  /** Address of the first digit of the next offset. */
  offsetAt: u32;
  /** Address of the end of the commands. */
  outAt: u32;
}

@unmanaged class Piece {
  at: u32;
  length: u32;
}

@unmanaged class Entry {
  owner: u32;
  subject: u32;
  at: u32;
  length: u32;
}

const DAY_MS: f64 = 86400000;
const OFFSET_END = <u32>OFFSET + 16;
const QUOTES_COLON: u32 = 0x3a;

@inline function piece(index: u32): Piece {
  return changetype<Piece>(TABLE + index * 8);
}

/** Copies bytes in steps of 16. It returns the end of the copy; the bytes written beyond it are overwritten later. */
@inline function copy(to: u32, from: u32, length: u32): u32 {
  const end = to + length;
  do {
    store<u64>(to, load<u64>(from));
    store<u64>(to, load<u64>(from, 8), 8);
    to += 16;
    from += 16;
  } while (to < end);
  return end;
}

@inline function put(to: u32, text: Piece): u32 {
  return copy(to, text.at, text.length);
}

function digits(value: u32): u32 {
  let count: u32 = 1;
  for (; value >= 10; value /= 10) count++;
  return count;
}

@inline function number(at: u32, value: u32, count: u32): u32 {
  let place = at + count;
  do {
    const tenth = value / 10;
    store<u8>(--place, 48 + value - tenth * 10);
    value = tenth;
  } while (place > at);
  return at + count;
}

/** Adds one to the number whose digits begin at `at` and end at OFFSET_END. Returns where its digits begin now. */
@inline function next(at: u32): u32 {
  let place = OFFSET_END - 1;
  for (; place >= at; place--) {
    const digit = load<u8>(place);
    if (digit < 57) {
      store<u8>(place, digit + 1);
      return at;
    }
    store<u8>(place, 48);
  }
  store<u8>(place, 49);
  return place;
}

/**
 * Writes the commands of rows `from` to before `to`. Returns the first row that it did not write, because the row has another
 * day, its subject is not in the cache, or there is no room.
 */
export function frame(from: u32, to: u32): u32 {
  const job = changetype<Job>(JOB);
  const head = piece(0), beforeOffset = piece(1), beforeSecondOffset = piece(2), beforeData = piece(3);
  const append = piece(4), beforeId = piece(5), beforeField = piece(6);
  const owner = job.owner, day = job.day, dateLength = job.dateLength, dataShift = job.dataShift;
  const shared = beforeOffset.length - 2 + dateLength + 9 + beforeSecondOffset.length + beforeData.length + 1;
  let offsetAt = job.offsetAt;
  let at = <u32>OUT;
  let row = from;
  for (; row < to; row++) {
    const subject = load<u32>(SUBJECTS + row * 4);
    const name = changetype<Entry>(CACHE + ((subject + owner * 40503) & (ENTRIES - 1)) * 16);
    if (name.subject != subject || name.owner != owner) break;
    const inDay = load<f64>(TIMES + row * 8) - day * DAY_MS;
    if (!(inDay >= 0 && inDay < DAY_MS)) break;
    const start = load<u32>(STARTS + row * 4);
    const dataLength = load<u32>(ENDS + row * 4) - start;
    if (at + (dataLength + name.length + PIECES_BYTES + SMALL_BYTES) * 2 > <u32>OUT + OUT_BYTES) break;

    const offsetLength = OFFSET_END - offsetAt;
    const seconds = <u32>inDay / 1000;
    const ms = inDay - <f64>(seconds * 1000);
    let fraction = <u32>ms, fractionLength: u32 = 3;
    if (<f64>fraction != ms) {
      // Like `isoTime` in event.ts: rounded to microseconds, but never up to the next second.
      const micros = ms * 1000, upper = ceil(micros);
      fraction = min<u32>(<u32>(upper - 0.5 > micros ? upper - 1 : upper), 999999);
      if (fraction % 1000 == 0) fraction /= 1000;
      else fractionLength = 6;
    }
    const length = shared + offsetLength * 2 + name.length + fractionLength + dataLength;
    const lengthDigits = digits(length);

    at = number(put(at, head), length, lengthDigits);
    const place = at + 2;
    at = put(at, beforeOffset);
    at = copy(at, offsetAt, offsetLength);
    at = copy(at, name.at, name.length);
    at = copy(at, <u32>DATE, dateLength);
    const minutes = seconds / 60, hours = minutes / 60;
    at = number(at, hours, 2);
    store<u8>(at, QUOTES_COLON);
    at = number(at + 1, minutes - hours * 60, 2);
    store<u8>(at, QUOTES_COLON);
    at = number(at + 1, seconds - minutes * 60, 2);
    store<u8>(at, 0x2e);
    at = number(at + 1, fraction, fractionLength);
    at = put(at, beforeSecondOffset);
    at = copy(at, offsetAt, offsetLength);
    at = put(at, beforeData);
    at = copy(at, start + dataShift, dataLength);
    store<u32>(at, 0x0a0d7d);
    at += 3;
    store<u32>(PLACES + row * 4, place + job.placeShift);
    store<u32>(LENGTHS + row * 4, length);

    if (job.isLogged) {
      const idLength = beforeId.length - 2 + offsetLength;
      at = put(at, append);
      at = number(at, idLength, digits(idLength));
      at = put(at, beforeId);
      at = copy(at, offsetAt, offsetLength);
      at = number(put(at, beforeField), length, lengthDigits);
      store<u16>(at, 0x0a0d);
      at = copy(at + 2, place, length + 2);
    }
    offsetAt = next(offsetAt);
  }
  job.offsetAt = offsetAt;
  job.outAt = at;
  return row;
}
