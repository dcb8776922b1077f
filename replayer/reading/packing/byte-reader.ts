/** Reads a source of pieces in amounts that the reader chooses. */
export class ByteReader {
  readonly #pieces: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  /** How many bytes were taken. */
  offset = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.#pieces = source[Symbol.asyncIterator]();
  }

  /** The next `length` bytes; fewer only where the source ends. They are valid until the next call. */
  async take(length: number): Promise<Buffer> {
    if (this.#held.length < length) await this.#fill(length);
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(taken.length);
    this.offset += taken.length;
    return taken;
  }

  /** Skips `length` bytes; returns whether they were all there. */
  async skip(length: number): Promise<boolean> {
    for (let left = length; left > 0;) {
      const taken = await this.take(Math.min(left, 1 << 16));
      if (taken.length === 0) return false;
      left -= taken.length;
    }
    return true;
  }

  /** Closes the source. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #fill(length: number): Promise<void> {
    const pieces = [this.#held];
    for (let held = this.#held.length; held < length;) {
      const next = await this.#pieces.next();
      if (next.done) break;
      pieces.push(next.value);
      held += next.value.length;
    }
    this.#held = Buffer.concat(pieces);
  }
}
