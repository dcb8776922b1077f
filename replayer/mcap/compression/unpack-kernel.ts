import { instantiate, type Exports } from '../../../core/runtime/webassembly.ts';
import { columnsIn, roomFor } from '../format/message-columns.ts';
import { MESSAGE_BYTES } from '../format/records.ts';

/** The exports of unpack.as. */
interface Wasm extends Exports {
  SLACK: { value: number };
  named: { value: number };
  reached: { value: number };
  unpack(from: number, end: number, to: number, toEnd: number): number;
  find(from: number, end: number, columns: number, rows: number): number;
}

const PAGE_BYTES = 1 << 16;
/** What the columns of unpack.as take for one row. */
const ROW_BYTES = 8 + 3 * 4 + 2;

/**
 * Unpacks LZ4 chunks one after the other, and finds the messages in them. One memory holds the packed chunk, then its
 * records, then the columns of what is found.
 */
export class UnpackKernel {
  readonly #wasm = instantiate<Wasm>(new URL('unpack.wasm', import.meta.url));
  #bytes = Buffer.alloc(0);
  #packed = 0;
  #packedEnd = 0;
  #records = 0;
  #recordsEnd = 0;

  /** Makes room for a chunk: the buffer to fill with its packed bytes, and the one its records will be in. Both are valid
   * until `begin` or `finish` is called. */
  begin(packedBytes: number, size: number): { packed: Buffer; records: Buffer } {
    const { SLACK } = this.#wasm;
    this.#packed = PAGE_BYTES;
    this.#packedEnd = this.#packed + packedBytes;
    this.#records = this.#packedEnd + SLACK.value;
    this.#recordsEnd = this.#records + size;
    this.#reserve(this.#recordsEnd + SLACK.value);
    return { packed: this.#bytes.subarray(this.#packed, this.#packedEnd), records: this.records };
  }

  /** The records of the present chunk. */
  get records(): Buffer {
    return this.#bytes.subarray(this.#records, this.#recordsEnd);
  }

  /** Unpacks the packed bytes, an LZ4 frame, to the records; false where they are not sound. */
  unpack(): boolean {
    return this.#wasm.unpack(this.#packed, this.#packedEnd, this.#records, this.#recordsEnd) !== 0;
  }

  /** How many bytes of the records are sound after `unpack` has failed. */
  get unpackedBytes(): number {
    return this.#wasm.reached.value - this.#records;
  }

  /**
   * Copies the records to the memory given, or to new memory, and behind them the columns of the messages among them.
   * Returns the number of messages and the places of channel records; null where a record is not whole.
   */
  finish(given: ArrayBuffer | null): { memory: ArrayBuffer; count: number; names: number[] } | null {
    const size = this.#recordsEnd - this.#records;
    const at = Math.ceil((this.#recordsEnd + this.#wasm.SLACK.value) / 8) * 8;
    const rows = Math.floor(size / MESSAGE_BYTES) + 1;
    this.#reserve(at + rows * ROW_BYTES);
    const count = this.#wasm.find(this.#records, this.#recordsEnd, at, rows);
    if (count < 0) return null;
    const memory = given ?? new ArrayBuffer(roomFor(size, count));
    new Uint8Array(memory).set(this.records);
    const { buffer } = this.#bytes;
    const columns = columnsIn(memory, size, count, []);
    columns.timesMs.set(new Float64Array(buffer, at, count));
    columns.starts.set(new Uint32Array(buffer, at + rows * 8, count));
    columns.ends.set(new Uint32Array(buffer, at + rows * 12, count));
    columns.ids.set(new Uint16Array(buffer, at + rows * 20, count));
    return { memory, count, names: [...new Uint32Array(buffer, at + rows * 16, this.#wasm.named.value)] };
  }

  /** Grows the memory to so many bytes. The buffers that `begin` returned are then no longer valid. */
  #reserve(bytes: number): void {
    const { memory } = this.#wasm;
    const missing = bytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    if (this.#bytes.length !== memory.buffer.byteLength) this.#bytes = Buffer.from(memory.buffer);
  }
}
