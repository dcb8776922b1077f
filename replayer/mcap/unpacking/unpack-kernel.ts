import { instantiate, type Exports } from '../../../core/runtime/webassembly.ts';
import { columnsIn, roomFor } from '../format/message-columns.ts';
import { MESSAGE_BYTES } from '../format/records.ts';

/** What unpack.as exports. */
interface Wasm extends Exports {
  SLACK: { value: number };
  named: { value: number };
  unpack(from: number, end: number, to: number, toEnd: number): number;
  find(from: number, end: number, columns: number, rows: number): number;
}

const PAGE_BYTES = 1 << 16;
/** Of a row's columns in unpack.as. */
const ROW_BYTES = 8 + 3 * 4 + 2;

/** One chunk after the other, in one memory: packed, then its records, then the columns of what is found among them. */
export class UnpackKernel {
  readonly #wasm = instantiate<Wasm>(new URL('unpack.wasm', import.meta.url));
  #bytes = Buffer.alloc(0);
  #packed = 0;
  #packedEnd = 0;
  #records = 0;
  #recordsEnd = 0;
  #columns = 0;
  #rows = 0;

  /** Makes room for a chunk: where it goes packed, and where its records go. Both are good until the next. */
  begin(packedBytes: number, size: number): { packed: Buffer; records: Buffer } {
    const { SLACK, memory } = this.#wasm;
    this.#packed = PAGE_BYTES;
    this.#packedEnd = this.#packed + packedBytes;
    this.#records = this.#packedEnd + SLACK.value;
    this.#recordsEnd = this.#records + size;
    this.#columns = Math.ceil((this.#recordsEnd + SLACK.value) / 8) * 8;
    this.#rows = Math.floor(size / MESSAGE_BYTES) + 1;
    const missing = this.#columns + this.#rows * ROW_BYTES - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    if (this.#bytes.length !== memory.buffer.byteLength) this.#bytes = Buffer.from(memory.buffer);
    return {
      packed: this.#bytes.subarray(this.#packed, this.#packedEnd),
      records: this.#bytes.subarray(this.#records, this.#recordsEnd),
    };
  }

  /** Unpacks LZ4 to the records; false where something else has to. */
  unpack(): boolean {
    return this.#wasm.unpack(this.#packed, this.#packedEnd, this.#records, this.#recordsEnd) !== 0;
  }

  /**
   * Puts the records into other memory, and what was found among them after them; into new memory where there is none.
   * Answers how many messages there are, and where channels are named; null where a record is not whole.
   */
  finish(given: ArrayBuffer | null): { memory: ArrayBuffer; count: number; names: number[] } | null {
    const count = this.#wasm.find(this.#records, this.#recordsEnd, this.#columns, this.#rows);
    if (count < 0) return null;
    const size = this.#recordsEnd - this.#records;
    const memory = given ?? new ArrayBuffer(roomFor(size, count));
    new Uint8Array(memory).set(this.#bytes.subarray(this.#records, this.#recordsEnd));
    const { buffer } = this.#bytes;
    const columns = columnsIn(memory, size, count, []);
    const [starts, ends] = [this.#columns + this.#rows * 8, this.#columns + this.#rows * 12];
    const [names, ids] = [this.#columns + this.#rows * 16, this.#columns + this.#rows * 20];
    columns.timesMs.set(new Float64Array(buffer, this.#columns, count));
    columns.starts.set(new Uint32Array(buffer, starts, count));
    columns.ends.set(new Uint32Array(buffer, ends, count));
    columns.ids.set(new Uint16Array(buffer, ids, count));
    return { memory, count, names: [...new Uint32Array(buffer, names, this.#wasm.named.value)] };
  }
}
