/** A growing buffer of Redis commands (RESP), which is cleared and used again. */
export class CommandBuffer {
  /** Bytes written so far. */
  length = 0;
  #buffer: Buffer = Buffer.allocUnsafeSlow(1 << 16);

  clear(): void {
    this.length = 0;
  }

  /** Appends the bytes of another buffer from `start` to before `end`. */
  append(source: Buffer, start: number, end: number): void {
    this.#reserve(end - start);
    this.length += source.copy(this.#buffer, this.length, start, end);
  }

  /** Appends bytes of this buffer once more, from `start` to before `end`. */
  repeat(start: number, end: number): void {
    this.#reserve(end - start);
    this.#buffer.copyWithin(this.length, start, end);
    this.length += end - start;
  }

  /** Appends a text in UTF-8. */
  text(text: string): void {
    // A UTF-16 code unit takes at most three bytes of UTF-8.
    this.#reserve(text.length * 3);
    this.length += this.#buffer.write(text, this.length);
  }

  /** All bytes written, without a copy: valid until the next change. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.length);
  }

  #reserve(bytes: number): void {
    if (this.length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.length + bytes));
    larger.set(this.#buffer.subarray(0, this.length));
    this.#buffer = larger;
  }
}
