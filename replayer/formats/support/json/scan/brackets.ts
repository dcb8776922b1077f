import { BACKSLASH, CLOSE, CLOSE_LIST, LINE_FEED, OPEN, OPEN_LIST, QUOTE } from './characters.ts';

/** Characters that JSON holds outside of texts, with those of NaN and Infinity; any other one is a broken quote. */
const ALLOWED = new Uint8Array(128);
for (const character of ' \t\r\n,:{}[]0123456789+-.eEtrufalsnNIiy') ALLOWED[character.charCodeAt(0)] = 1;

/** Follows the brackets and quotes of one value to its end. */
export class Brackets {
  /** Closing brackets still expected, the innermost last. */
  #due: number[] = [];
  #inString = false;
  #escaped = false;
  /** Whether quotes can't be trusted any more: brackets alone tell where the value ends, on its first line. */
  #isOdd = false;

  /** Begins another value. */
  begin(): void {
    this.#due = [];
    this.#inString = this.#escaped = this.#isOdd = false;
  }

  get isOdd(): boolean {
    return this.#isOdd;
  }

  /** Whether the next character is text, unless it is a quote, a backslash or a line end. */
  get isInText(): boolean {
    return this.#inString && !this.#escaped;
  }

  /** Tells whether this character ends the value, breaks it, or has no place there. */
  follow(code: number, isFirstLine: boolean): 'more' | 'whole' | 'broken' | 'odd' {
    if (this.#inString) {
      if (code === LINE_FEED) return 'broken';
      if (this.#escaped) this.#escaped = false;
      else if (code === BACKSLASH) this.#escaped = true;
      else if (code === QUOTE) this.#inString = false;
      return this.#inString || this.#due.length > 0 ? 'more' : 'whole';
    }
    if (code === OPEN) this.#due.push(CLOSE);
    else if (code === OPEN_LIST) this.#due.push(CLOSE_LIST);
    else if (code === CLOSE || code === CLOSE_LIST) {
      if (this.#due.pop() !== code && !this.#isOdd) return isFirstLine ? 'odd' : 'broken';
      if (this.#due.length === 0) return 'whole';
    } else if (this.#isOdd) return code === LINE_FEED ? 'broken' : 'more';
    else if (code === QUOTE) this.#inString = true;
    else if (code > 127 || ALLOWED[code] === 0) return 'odd';
    return 'more';
  }

  /** Follows the value by its brackets alone from here on, because a quote is too much or missing in its text so far. */
  distrust(text: string): 'more' | 'whole' {
    this.#isOdd = true;
    this.#due = [];
    for (const character of text) {
      if (character === '{' || character === '[') this.#due.push(0);
      else if (character === '}' || character === ']') this.#due.pop();
    }
    return this.#due.length === 0 ? 'whole' : 'more';
  }
}
