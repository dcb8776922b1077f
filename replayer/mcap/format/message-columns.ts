import { MalformedMcap, msOf } from './bytes.ts';
import { HEAD_BYTES, MESSAGE_BYTES, Opcode } from './records.ts';

/** The messages of a chunk in columns, in file order. Subjects and channels are filled in by the scanner. */
export interface MessageColumns {
  count: number;
  timesMs: Float64Array;
  /** Where each message's data begin. */
  starts: Uint32Array;
  /** Where each message's data end. */
  ends: Uint32Array;
  /** Ids of the messages' MCAP channels. */
  ids: Uint16Array;
  subjects: Uint32Array;
  channels: Uint16Array;
  /** Where the channel records begin. */
  names: number[];
}

const ROW_BYTES = 8 + 3 * 4 + 2 * 2;

/** The memory that records of `size` bytes and their columns take; without `rows`, at most. */
export function roomFor(size: number, rows = Math.ceil(size / MESSAGE_BYTES)): number {
  return aligned(size) + rows * ROW_BYTES;
}

/** Lays the columns into memory, behind records of `size` bytes. */
export function columnsIn(memory: ArrayBuffer, size: number, count: number, names: number[]): MessageColumns {
  let at = aligned(size);
  const next = (bytes: number) => (at += bytes * count) - bytes * count;
  return {
    count,
    names,
    timesMs: new Float64Array(memory, next(8), count),
    starts: new Uint32Array(memory, next(4), count),
    ends: new Uint32Array(memory, next(4), count),
    subjects: new Uint32Array(memory, next(4), count),
    ids: new Uint16Array(memory, next(2), count),
    channels: new Uint16Array(memory, next(2), count),
  };
}

/** Finds the messages among a chunk's records. @throws MalformedMcap where a record is not whole */
export function findMessages(bytes: Buffer): MessageColumns {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const places: number[] = [];
  const names: number[] = [];
  for (let at = 0; at < bytes.length; at += recordLength(view, at)) {
    if (bytes[at] === Opcode.MESSAGE) places.push(at);
    else if (bytes[at] === Opcode.CHANNEL) names.push(at);
  }
  const messages = columnsIn(new ArrayBuffer(places.length * ROW_BYTES), 0, places.length, names);
  places.forEach((at, row) => {
    const end = at + recordLength(view, at);
    if (end - at < MESSAGE_BYTES) throw new MalformedMcap('a message is too short');
    messages.timesMs[row] = msOf(view.getUint32(at + 19, true), view.getUint32(at + 15, true));
    messages.starts[row] = at + MESSAGE_BYTES;
    messages.ends[row] = end;
    messages.ids[row] = view.getUint16(at + HEAD_BYTES, true);
  });
  return messages;
}

function recordLength(view: DataView, at: number): number {
  const whole = at + HEAD_BYTES <= view.byteLength;
  // No chunk holds a record whose length needs more than 32 bits.
  const length =
    whole && view.getUint32(at + 5, true) === 0 ? HEAD_BYTES + view.getUint32(at + 1, true) : Infinity;
  if (at + length > view.byteLength) throw new MalformedMcap('a record within a chunk is not whole');
  return length;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
