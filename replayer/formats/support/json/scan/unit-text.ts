/** How much of a text that is too long is kept, to be shown. */
const SHOWN_CHARACTERS = 2_000;

/** Collects the text of one value from the pieces in which it comes. */
export class UnitText {
  /** Length of the value so far, kept or not. */
  characters = 0;
  readonly #maxCharacters: number;
  #parts: string[] = [];

  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  /** Begins another value. */
  clear(): void {
    this.#parts = [];
    this.characters = 0;
  }

  get isLong(): boolean {
    return this.characters > this.#maxCharacters;
  }

  get hasLines(): boolean {
    return this.#parts.some((part) => part.includes('\n'));
  }

  /** Adds a part. `isNeeded`: it is kept even where the text is too long, because it may be read again. */
  add(text: string, isNeeded: boolean): void {
    const spare = this.#maxCharacters - this.characters;
    this.characters += text.length;
    if (text.length <= spare || isNeeded) this.#parts.push(text);
    else if (this.#parts.join('').length < SHOWN_CHARACTERS)
      this.#parts.push(text.slice(0, SHOWN_CHARACTERS));
  }

  /** What is kept, with more behind it. */
  with(more: string): string {
    return this.#parts.length === 0 ? more : this.#parts.join('') + more;
  }

  /** As much of a text as is shown of one that is too long. */
  shown(text: string): string {
    return this.isLong ? text.slice(0, SHOWN_CHARACTERS) : text;
  }

  get problem(): string {
    return `The row is longer than ${this.#maxCharacters.toLocaleString('en')} characters.`;
  }
}
