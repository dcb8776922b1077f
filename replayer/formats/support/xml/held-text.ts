/** Text that a parser still needs, with the line numbers of its positions. Positions count from the last `restart`. */
export class HeldText {
  #text = '';
  /** The position of the first character that is held. */
  #from = 0;
  /** Up to here line ends were counted; never beyond a position that is still asked for. */
  #counted = 0;
  #line = 1;

  /** The position behind the last character. */
  get end(): number {
    return this.#from + this.#text.length;
  }

  add(piece: string): void {
    this.#text = this.#text === '' ? piece : this.#text + piece;
  }

  /** The text between two positions; without `end`, all of it. */
  slice(start: number, end?: number): string {
    return this.#text.slice(start - this.#from, end === undefined ? undefined : end - this.#from);
  }

  /** The position of a text from another position on; -1 for none. */
  find(text: string, from: number): number {
    const at = this.#text.indexOf(text, from - this.#from);
    return at === -1 ? -1 : at + this.#from;
  }

  /** The line of a position, from 1. Positions must be asked for in rising order. */
  lineOf(position: number): number {
    const end = position - this.#from;
    for (let at = this.#text.indexOf('\n', this.#counted - this.#from); at !== -1 && at < end;) {
      this.#line++;
      at = this.#text.indexOf('\n', at + 1);
    }
    this.#counted = Math.max(this.#counted, position);
    return this.#line;
  }

  /** Forgets the text before a position. */
  drop(position: number): void {
    this.lineOf(position);
    this.#text = this.#text.slice(position - this.#from);
    this.#from = position;
  }

  /** Forgets the text before a position, which becomes position 0. Returns the rest. */
  restart(position: number): string {
    this.drop(position);
    this.#from = this.#counted = 0;
    return this.#text;
  }
}
