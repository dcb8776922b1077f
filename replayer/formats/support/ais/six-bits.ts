/** The 64 characters of AIS text, in the order of their codes. `@` ends a text. */
const CHARACTERS = '@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_ !"#$%&\'()*+,-./0123456789:;<=>?';

/** The bits of an AIS message, which a sentence carries six to a character (IEC 61162-1, ITU-R M.1371). */
export class SixBits {
  /** The number of bits. */
  readonly length: number;
  readonly #sixes: Uint8Array;

  private constructor(sixes: Uint8Array, fillBits: number) {
    this.#sixes = sixes;
    this.length = Math.max(0, sixes.length * 6 - fillBits);
  }

  /** The bits of a payload without the fill bits at its end; null where it holds a character that carries no bits. */
  static of(payload: string, fillBits: number): SixBits | null {
    const sixes = new Uint8Array(payload.length);
    for (let i = 0; i < payload.length; i++) {
      const code = payload.charCodeAt(i);
      if (code < 48 || (code > 87 && code < 96) || code > 119) return null;
      sixes[i] = code < 96 ? code - 48 : code - 56;
    }
    return new SixBits(sixes, fillBits);
  }

  /** A number of up to 32 bits without a sign. Bits beyond the end are 0. */
  unsigned(from: number, width: number): number {
    let value = 0;
    for (let at = from; at < from + width; at++) {
      const bit = at < this.length ? (this.#sixes[Math.floor(at / 6)]! >> (5 - (at % 6))) & 1 : 0;
      value = value * 2 + bit;
    }
    return value;
  }

  /** A number in two's complement. */
  signed(from: number, width: number): number {
    const value = this.unsigned(from, width);
    return value >= 2 ** (width - 1) ? value - 2 ** width : value;
  }

  /** A text, up to its first `@` and without the blanks at its end. */
  text(from: number, width: number): string {
    let text = '';
    for (let at = from; at + 6 <= from + width && at + 6 <= this.length; at += 6) {
      const six = this.unsigned(at, 6);
      if (six === 0) break;
      text += CHARACTERS[six];
    }
    return text.trim();
  }
}
