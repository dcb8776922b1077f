import type { TimedRecord } from './event.ts';

/**
 * Records in columns. Row i consists of the time `timesMs[i]`, the subject `names[subjects[i]]`, and the JSON text in `data`
 * from `starts[i]` to before `ends[i]`. Blocks carry millions of rows from files to Redis; an object and two strings for each
 * row would cost more than all other work.
 */
export class Block {
  /** Event time, epoch ms. */
  readonly timesMs: Float64Array;
  /** Index into `names`. */
  readonly subjects: Uint32Array;
  /** Subjects. The list may be shared with other blocks, and may grow. */
  readonly names: string[];
  /** JSON texts in UTF-8, not necessarily in the order of the rows. */
  readonly data: Buffer;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** The rows that are published bare; null for none, as nearly always. */
  readonly bare: BareMessages | null;

  constructor(columns: Columns) {
    this.timesMs = columns.timesMs;
    this.subjects = columns.subjects;
    this.names = columns.names;
    this.data = columns.data;
    this.starts = columns.starts;
    this.ends = columns.ends;
    this.bare = columns.bare ?? null;
  }

  /** A block of these records. Their `extra` members are left out. */
  static of(records: TimedRecord[]): Block {
    const builder = new BlockBuilder(records.length);
    for (const { timeMs, subject, data, bare } of records) builder.add(timeMs, subject, data, bare);
    return builder.take();
  }

  /** How many rows. */
  get count(): number {
    return this.timesMs.length;
  }

  /** Rows `from` to before `to`. Nothing is copied. */
  slice(from: number, to = this.count): Block {
    return new Block({
      ...this,
      timesMs: this.timesMs.subarray(from, to),
      subjects: this.subjects.subarray(from, to),
      starts: this.starts.subarray(from, to),
      ends: this.ends.subarray(from, to),
      bare: this.bare && {
        starts: this.bare.starts.subarray(from, to),
        ends: this.bare.ends.subarray(from, to),
      },
    });
  }

  /** The row to stop before, so that the texts of the rows from `from` on have at most this many bytes; at least one row. */
  upTo(bytes: number, from = 0): number {
    let to = from;
    for (let sum = 0; to < this.count; to++) {
      sum += this.ends[to]! - this.starts[to]!;
      if (sum > bytes && to > from) break;
    }
    return to;
  }

  /** These rows, in this order. Their texts are not copied. */
  pick(rows: ArrayLike<number>): Block {
    const { length } = rows;
    const picked = {
      timesMs: new Float64Array(length),
      subjects: new Uint32Array(length),
      starts: new Uint32Array(length),
      ends: new Uint32Array(length),
    };
    for (let i = 0; i < length; i++) {
      const row = rows[i]!;
      picked.timesMs[i] = this.timesMs[row]!;
      picked.subjects[i] = this.subjects[row]!;
      picked.starts[i] = this.starts[row]!;
      picked.ends[i] = this.ends[row]!;
    }
    const { bare } = this;
    return new Block({
      ...this,
      ...picked,
      bare: bare && {
        starts: Uint32Array.from(rows, (row) => bare.starts[row]!),
        ends: Uint32Array.from(rows, (row) => bare.ends[row]!),
      },
    });
  }

  record(row: number): TimedRecord {
    return {
      timeMs: this.timesMs[row]!,
      subject: this.names[this.subjects[row]!]!,
      data: this.data.toString('utf8', this.starts[row], this.ends[row]),
      ...(this.bare && { bare: this.bareOf(row) }),
    };
  }

  /** The message that a row is published as, where that is not an event. */
  bareOf(row: number): Buffer | undefined {
    const start = this.bare?.starts[row];
    if (start === undefined || start === NOT_BARE) return undefined;
    return this.data.subarray(start, this.bare!.ends[row]);
  }

  records(): TimedRecord[] {
    return Array.from(this.timesMs, (_, row) => this.record(row));
  }
}

/** Where the messages that are published bare lie in the data of a block; `starts` is NOT_BARE for all other rows. */
export interface BareMessages {
  starts: Uint32Array;
  ends: Uint32Array;
}

/** Says of a row that it is not published bare. */
export const NOT_BARE = 2 ** 32 - 1;

/** No row of so many is published bare, until one is entered. */
export function noneBare(rows: number): BareMessages {
  return { starts: new Uint32Array(rows).fill(NOT_BARE), ends: new Uint32Array(rows) };
}

/** The columns of a block. */
export type Columns = Pick<Block, 'timesMs' | 'subjects' | 'names' | 'data' | 'starts' | 'ends'> & {
  bare?: BareMessages | null;
};

const BYTES_PER_ROW = 256;

/** Builds blocks row by row. All its blocks share one list of names. */
export class BlockBuilder {
  readonly names: string[];
  readonly #index: Map<string, number>;
  #rows: number;
  #count = 0;
  #bytes = 0;
  #timesMs!: Float64Array;
  #subjects!: Uint32Array;
  #starts!: Uint32Array;
  #ends!: Uint32Array;
  #data!: Buffer;
  /** The rows that are published bare, and where their messages lie. */
  #bare: { row: number; start: number; end: number }[] = [];

  /** `rows`: the expected size of a block. `names`: subjects that are already known. */
  constructor(rows = 1_024, names: string[] = []) {
    this.#rows = Math.max(16, rows);
    this.names = names;
    this.#index = new Map(names.map((name, i) => [name, i]));
    this.#allocate();
  }

  /** Rows added since the last block. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of their texts. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a row. `data`: JSON text; `bare`: the message to publish instead of an event. */
  add(timeMs: number, subject: string, data: string, bare?: Uint8Array): void {
    this.addAt(timeMs, this.subject(subject), data);
    if (bare) this.addBare(bare);
  }

  /** The same for a subject with a known index in `names`. */
  addAt(timeMs: number, subject: number, data: string): void {
    // A UTF-16 code unit takes at most three bytes of UTF-8.
    this.#reserve(data.length * 3);
    this.#row(timeMs, subject, this.#data.write(data, this.#bytes));
  }

  /** Adds a row whose JSON text is in `source`, from `start` to before `end`. */
  addBytes(timeMs: number, subject: string, source: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    this.#data.set(source.subarray(start, end), this.#bytes);
    this.#row(timeMs, this.subject(subject), end - start);
  }

  /** Adds a row of any block. */
  addFrom(block: Block, row: number): void {
    const subject = block.names[block.subjects[row]!]!;
    this.addBytes(block.timesMs[row]!, subject, block.data, block.starts[row]!, block.ends[row]!);
    this.#addBareOf(block, row);
  }

  /** Adds a row of another block, which must have the same `names`. */
  addRow(block: Block, row: number): void {
    const start = block.starts[row]!;
    const end = block.ends[row]!;
    this.#reserve(end - start);
    block.data.copy(this.#data, this.#bytes, start, end);
    this.#row(block.timesMs[row]!, block.subjects[row]!, end - start);
    this.#addBareOf(block, row);
  }

  #addBareOf(block: Block, row: number): void {
    const bare = block.bare && block.bareOf(row);
    if (bare) this.addBare(bare);
  }

  /** Says that the row that was added last is published as this message, and not as an event. */
  addBare(message: Uint8Array): void {
    this.#reserve(message.length);
    this.#data.set(message, this.#bytes);
    const start = this.#bytes;
    this.#bytes += message.length;
    this.#bare.push({ row: this.#count - 1, start, end: this.#bytes });
  }

  #bareMessages(): BareMessages | null {
    if (this.#bare.length === 0) return null;
    const bare = noneBare(this.#count);
    for (const { row, start, end } of this.#bare) [bare.starts[row], bare.ends[row]] = [start, end];
    this.#bare = [];
    return bare;
  }

  /** The index of a subject in `names`, where it is added if it is new. */
  subject(name: string): number {
    let index = this.#index.get(name);
    if (index === undefined) {
      index = this.names.push(name) - 1;
      this.#index.set(name, index);
    }
    return index;
  }

  /** The rows added since the last block, as a block. */
  take(): Block {
    const block = new Block({
      timesMs: this.#timesMs.subarray(0, this.#count),
      subjects: this.#subjects.subarray(0, this.#count),
      names: this.names,
      data: fitted(this.#data, this.#bytes),
      starts: this.#starts.subarray(0, this.#count),
      ends: this.#ends.subarray(0, this.#count),
      bare: this.#bareMessages(),
    });
    this.#allocate();
    return block;
  }

  #row(timeMs: number, subject: number, bytes: number): void {
    const row = this.#count++;
    this.#timesMs[row] = timeMs;
    this.#subjects[row] = subject;
    this.#starts[row] = this.#bytes;
    this.#ends[row] = this.#bytes += bytes;
  }

  #allocate(): void {
    const rows = this.#rows;
    this.#timesMs = new Float64Array(rows);
    this.#subjects = new Uint32Array(rows);
    this.#starts = new Uint32Array(rows);
    this.#ends = new Uint32Array(rows);
    this.#data = Buffer.allocUnsafeSlow(Math.max(rows * BYTES_PER_ROW, this.#bytes));
    this.#count = this.#bytes = 0;
  }

  /** Makes room for one more row with this many bytes of text. */
  #reserve(bytes: number): void {
    if (this.#bytes + bytes > this.#data.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#data.length * 2, this.#bytes + bytes));
      this.#data.copy(larger, 0, 0, this.#bytes);
      this.#data = larger;
    }
    if (this.#count < this.#timesMs.length) return;
    this.#rows = this.#count * 2;
    this.#timesMs = grown(this.#timesMs, new Float64Array(this.#rows));
    this.#subjects = grown(this.#subjects, new Uint32Array(this.#rows));
    this.#starts = grown(this.#starts, new Uint32Array(this.#rows));
    this.#ends = grown(this.#ends, new Uint32Array(this.#rows));
  }
}

/** The first bytes of a buffer. If more than a tenth would be unused, it copies them, because blocks are kept for long. */
function fitted(data: Buffer, bytes: number): Buffer {
  if (bytes > data.length * 0.9) return data.subarray(0, bytes);
  const copy = Buffer.allocUnsafeSlow(bytes);
  data.copy(copy, 0, 0, bytes);
  return copy;
}

function grown<T extends Float64Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
