/** A buffer of Redis commands that is written from front to end, and then anew. */
export class CommandBuffer {
  /** Where is written next. */
  at = 0;
  #buffer: Buffer = Buffer.allocUnsafeSlow(1 << 16);

  begin(): void {
    this.at = 0;
  }

  /** What stands there in another buffer. */
  append(source: Buffer, start: number, end: number): void {
    this.#reserve(end - start);
    this.at += source.copy(this.#buffer, this.at, start, end);
  }

  /** What stands from `start` to before `end` of these bytes, once more. */
  again(start: number, end: number): void {
    this.#reserve(end - start);
    this.#buffer.copyWithin(this.at, start, end);
    this.at += end - start;
  }

  text(text: string): void {
    this.#reserve(text.length * 3);
    this.at += this.#buffer.write(text, this.at);
  }

  /** All that was written; good until it is begun anew. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.at);
  }

  #reserve(bytes: number): void {
    if (this.at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.at + bytes));
    larger.set(this.#buffer.subarray(0, this.at));
    this.#buffer = larger;
  }
}

/** A Redis command as text. */
export function command(...words: (string | number)[]): string {
  let text = `*${words.length}\r\n`;
  for (const each of words) text += word(String(each));
  return text;
}

/** A word of a Redis command as text. */
export function word(word: string): string {
  return `$${Buffer.byteLength(word)}\r\n${word}\r\n`;
}
