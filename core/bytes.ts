const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;
const ZERO = 48;

/**
 * A buffer that is written from front to end, and then anew: Redis commands, and what they are made of. Measured on
 * Node 20, a piece costs 40 ns as a copy within one buffer, 60 from another one, 100 and more as text, and some 5 for
 * each byte set by itself; and text leaves garbage.
 */
export class Bytes {
  /** Where is written next. */
  at = 0;
  #begin = 0;
  #buffer: Buffer = Buffer.allocUnsafeSlow(1 << 16);
  /** What is kept when it is begun anew stands in front: so much of so much room. */
  #kept = 0;
  #keptMax = 0;

  /** Begins anew, with a copy of `source` at hand for `again`; answers where that stands. */
  begin(source: Uint8Array): number {
    const at = (this.at = this.#keptMax);
    this.reserve(source.length);
    this.#buffer.set(source, at);
    this.at = this.#begin = at + source.length;
    return at;
  }

  /** Forgets what was kept, and makes room for so many bytes. Only right before it is begun anew. */
  forget(keptMax: number): void {
    this.#kept = 0;
    this.at = this.#keptMax = keptMax;
    this.reserve(0);
  }

  /** Keeps what stands from `start` to before `end`: answers where from now on, -1 where there is no room. */
  keep(start: number, end: number): number {
    const at = this.#kept;
    if (at + end - start > this.#keptMax) return -1;
    this.#buffer.copyWithin(at, start, end);
    this.#kept = at + end - start;
    return at;
  }

  /** Makes room for so many bytes more. All that does not say otherwise relies on it. */
  reserve(bytes: number): void {
    if (this.at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.at + bytes));
    larger.set(this.#buffer.subarray(0, this.at));
    this.#buffer = larger;
  }

  /** Text of which each character is one byte. */
  latin1(text: string): void {
    this.at += this.#buffer.write(text, this.at, 'latin1');
  }

  /** What stands from `start` to before `end` of these bytes, once more. */
  again(start: number, end: number): void {
    this.#buffer.copyWithin(this.at, start, end);
    this.at += end - start;
  }

  /** As `again`, over what stands at another place. */
  copyOver(start: number, end: number, at: number): void {
    this.#buffer.copyWithin(at, start, end);
  }

  /** As `latin1`, over what stands at another place. */
  latin1Over(text: string, at: number): void {
    this.#buffer.write(text, at, 'latin1');
  }

  byte(value: number): void {
    this.#buffer[this.at++] = value;
  }

  newline(): void {
    this.#buffer[this.at++] = CARRIAGE_RETURN;
    this.#buffer[this.at++] = LINE_FEED;
  }

  /** Writes a whole number below 2^31 over the so many digits that end before `end`. */
  overwrite(value: number, count: number, end: number): void {
    const buffer = this.#buffer;
    let rest = value | 0;
    for (let at = end - 1; at >= end - count; at--) {
      const tenth = (rest / 10) | 0;
      buffer[at] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
  }

  /** Text in UTF-8; makes its own room. */
  text(text: string): void {
    this.reserve(text.length * 3);
    this.at += this.#buffer.write(text, this.at);
  }

  /** A Redis command; makes its own room. */
  command(...words: (string | number)[]): void {
    this.text(`*${words.length}\r\n`);
    for (const word of words) this.word(String(word));
  }

  /** One word of a Redis command; makes its own room. */
  word(word: string): void {
    this.text(`$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  }

  /** All that was written; good until it is begun anew. */
  view(): Buffer {
    return this.#buffer.subarray(this.#begin, this.at);
  }
}

/**
 * Text with whole numbers in it that is written over and over: from the second time on as a copy of the last, with the
 * numbers overwritten while they have as many digits.
 */
export class Stencil {
  readonly #texts: readonly string[];
  #at = 0;
  #length = 0;
  /** Of each number: how many digits, and where it ends within the text. */
  readonly #digits: number[] = [];
  readonly #ends: number[] = [];

  /** The text before each number, and that after the last; each character one byte. */
  constructor(...texts: string[]) {
    this.#texts = texts;
  }

  write(out: Bytes, ...numbers: number[]): void {
    const at = out.at;
    if (this.#length > 0 && numbers.every((number, i) => digits(number) === this.#digits[i])) {
      out.again(this.#at, this.#at + this.#length);
      for (let i = 0; i < numbers.length; i++)
        out.overwrite(numbers[i]!, this.#digits[i]!, at + this.#ends[i]!);
    } else {
      let text = this.#texts[0]!;
      for (let i = 0; i < numbers.length; i++) {
        text += numbers[i]!;
        this.#digits[i] = digits(numbers[i]!);
        this.#ends[i] = text.length;
        text += this.#texts[i + 1]!;
      }
      this.#length = text.length;
      out.latin1(text);
    }
    this.#at = at;
  }
}

/** How many decimal digits a whole number has. */
export function digits(value: number): number {
  let count = 1;
  for (let limit = 10; value >= limit; limit *= 10) count++;
  return count;
}
