import { LINE_FEED } from './characters.ts';

/** Where a scanner is: its line, and what stands before it in the line. */
export class Position {
  /** From 1. */
  line: number;
  /** The last character other than white space, and whether a line has begun since. */
  before = 0;
  atLineStart = false;
  /** How many blanks begin the present line, as far as nothing else stands in it. */
  #blanks = 0;

  constructor(line: number) {
    this.line = line;
  }

  /** How far the line is indented whose first character stands here; -1 where another one stands before it. */
  get indent(): number {
    return this.atLineStart ? this.#blanks : -1;
  }

  pass(code: number): void {
    if (code > 32) {
      this.before = code;
      this.atLineStart = false;
    } else if (code === LINE_FEED) {
      this.line++;
      this.atLineStart = true;
      this.#blanks = 0;
    } else this.#blanks++;
  }

  /** Goes back to a character of a line, and behind it. */
  returnTo(line: number, code: number): void {
    this.line = line;
    this.before = code;
    this.atLineStart = false;
  }

  /** Goes back to the end of a line, and behind it. */
  returnBehind(line: number): void {
    this.line = line + 1;
    this.atLineStart = true;
    this.#blanks = 0;
  }
}
