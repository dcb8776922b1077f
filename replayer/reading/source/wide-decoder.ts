const REPLACEMENT = '\ufffd';
const MARK = '\ufeff';
const HIGH_SURROGATE_AT_END = /[\ud800-\udbff]$/;

/**
 * Decodes UTF-16 and UTF-32 in either order of bytes. Unlike TextDecoder, it knows UTF-32 and counts what it can't decode,
 * so that U+FFFD that stands in the text is not taken for an error.
 */
export class WideDecoder {
  readonly #unitBytes: 2 | 4;
  readonly #isBigEndian: boolean;
  /** Bytes of a unit that is not whole yet. */
  #open: Buffer = Buffer.alloc(0);
  /** A first half of a pair of surrogates. */
  #half = '';
  #isFirst = true;
  /** How many characters became U+FFFD because they can't be decoded. */
  invalid = 0;

  /** `encoding` is utf-16le, utf-16be, utf-32le or utf-32be. */
  constructor(encoding: string) {
    this.#unitBytes = encoding.startsWith('utf-32') ? 4 : 2;
    this.#isBigEndian = encoding.endsWith('be');
  }

  /** The text of further bytes. A mark at the beginning is left out. */
  decode(bytes: Buffer): string {
    const all = Buffer.concat([this.#open, bytes]);
    const end = all.length - (all.length % this.#unitBytes);
    this.#open = all.subarray(end);
    const units = all.subarray(0, end);
    let text = this.#half + (this.#unitBytes === 4 ? this.#fromCodes(units) : this.#fromUnits(units));
    this.#half = HIGH_SURROGATE_AT_END.exec(text)?.[0] ?? '';
    text = text.slice(0, text.length - this.#half.length);
    if (text === '') return text;
    if (this.#isFirst && text.startsWith(MARK)) text = text.slice(1);
    this.#isFirst = false;
    return this.#wellFormed(text);
  }

  /** What is left when no more bytes come: U+FFFD for a character that is cut off. */
  end(): string {
    if (this.#half === '' && this.#open.length === 0) return '';
    this.invalid++;
    return REPLACEMENT;
  }

  #fromUnits(units: Buffer): string {
    // `units` is a copy.
    return (this.#isBigEndian ? units.swap16() : units).toString('utf16le');
  }

  #fromCodes(units: Buffer): string {
    let text = '';
    for (let at = 0; at < units.length; at += 4) {
      const code = this.#isBigEndian ? units.readUInt32BE(at) : units.readUInt32LE(at);
      const isValid = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
      if (!isValid) this.invalid++;
      text += isValid ? String.fromCodePoint(code) : REPLACEMENT;
    }
    return text;
  }

  #wellFormed(text: string): string {
    // With the flag u, only surrogates without their other half match.
    return text.replace(/\p{Surrogate}/gu, () => {
      this.invalid++;
      return REPLACEMENT;
    });
  }
}
