import { NOT_BARE, noneBare, type BareMessages } from '../../../core/wire/block.ts';

/** Texts that are not in a chunk as such, to be placed behind its bytes; and what is published bare. */
export class AppendedTexts {
  readonly #bytes: Buffer;
  readonly #count: number;
  readonly #texts: Buffer[] = [];
  #end: number;
  #bare: BareMessages | null = null;
  /** The next line ends at or after the place that was asked for last. Chunks are read onwards, so that each is found once. */
  #lineFeed = -1;
  #carriageReturn = -1;

  /** `count`: the most rows that the chunk may have. */
  constructor(bytes: Buffer, count: number) {
    this.#bytes = bytes;
    this.#end = bytes.length;
    this.#count = count;
  }

  /** Adds a text; returns where it will lie. */
  add(text: string | Buffer): [start: number, end: number] {
    const bytes = Buffer.from(text);
    this.#texts.push(bytes);
    const start = this.#end;
    return [start, (this.#end += bytes.length)];
  }

  /** Says that a row is published as the bytes of the chunk from `start` to before `end`. */
  bare(row: number, start: number, end: number): void {
    this.#bare ??= noneBare(this.#count);
    this.#bare.starts[row] = start;
    this.#bare.ends[row] = end;
  }

  /** The rows that are published bare, of so many; null for none. */
  bareMessages(rows: number): BareMessages | null {
    const bare = this.#bare;
    if (!bare) return null;
    const isAny = bare.starts.subarray(0, rows).some((start) => start !== NOT_BARE);
    return isAny ? { starts: bare.starts.subarray(0, rows), ends: bare.ends.subarray(0, rows) } : null;
  }

  /** Whether there is a line end between two places of the chunk. */
  hasLineEnd(start: number, end: number): boolean {
    this.#lineFeed = this.#next(10, this.#lineFeed, start);
    this.#carriageReturn = this.#next(13, this.#carriageReturn, start);
    return this.#lineFeed < end || this.#carriageReturn < end;
  }

  #next(byte: number, known: number, from: number): number {
    if (known >= from) return known;
    const at = this.#bytes.indexOf(byte, from);
    return at === -1 ? Infinity : at;
  }

  /** The chunk's bytes with the texts behind them. */
  data(): Buffer {
    return this.#texts.length === 0 ? this.#bytes : Buffer.concat([this.#bytes, ...this.#texts]);
  }
}
