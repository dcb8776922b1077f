/** One element of an array in a JSON text. */
export interface JsonElement {
  /** Line in which it begins, from 1. */
  line: number;
  text: string;
  /** Why it is not a valid element, as far as brackets, quotes and length tell; `text` is then only its beginning. */
  problem?: string;
}

const [QUOTE, BACKSLASH, LINE_FEED, COMMA] = [34, 92, 10, 44];
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [123, 125, 91, 93];
const SHOWN_CHARACTERS = 2_000;
/** Bound on recoveries from a broken element: each one reads the element's text again. */
const RESCUES_MAX = 200;

/**
 * Finds the elements of a JSON array in text that comes in pieces, and holds one element at a time. The array is the root
 * itself, or the first array of objects inside a root object; a root object without such an array is the only element.
 * Brackets and quotes alone delimit elements. A broken or endless element loses only its first line: the search
 * goes on behind it for the next element that begins after a comma or on a new line.
 */
export class JsonElements {
  readonly #maxCharacters: number;
  #state: 'start' | 'between' | 'element' | 'junk' | 'search' | 'end' = 'start';
  /** True while the root is an object whose array of objects has not been found yet. */
  #isRoot = false;
  #afterArray: 'search' | 'end' = 'search';
  /** Closing brackets still expected, the innermost last. */
  #due: number[] = [];
  #inString = false;
  #escaped = false;
  #line = 1;
  #startLine = 1;
  /** Text read of the present element; only its beginning where the element is too long. */
  #parts: string[] = [];
  #characters = 0;
  /** The last character other than white space, and whether a line has begun since. */
  #before = 0;
  #atLineStart = false;
  #rescues = 0;
  #elements: JsonElement[] = [];

  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  /** Returns the elements that end in this piece. */
  push(piece: string): JsonElement[] {
    for (let text = piece; text !== '';) text = this.#scan(text);
    return this.#elements.splice(0);
  }

  /** Ends the text; returns the elements that were still open. */
  end(): JsonElement[] {
    if (this.#state === 'junk') this.#emit('');
    while (this.#state === 'element') {
      for (let text = this.#rescue('It does not end: a bracket or a quote is not closed.', ''); text !== '';)
        text = this.#scan(text);
    }
    return this.#elements.splice(0);
  }

  /** Reads a text to its end, or to where an element breaks. Returns the text to read again, '' for none. */
  #scan(text: string): string {
    /** Where the part of the present element that lies in this text begins. */
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (this.#state === 'element') {
        if (this.#isArrayOfRoot(code)) {
          this.#begin('element', code);
          from = at;
        } else {
          const fate = this.#follow(code);
          if (fate === 'whole') this.#emit(text.slice(from, at + 1));
          else if (fate === 'broken')
            return this.#rescue('A bracket or a quote is not closed.', text.slice(from, at), text.slice(at));
        }
      } else if (this.#state === 'junk') {
        if (code === COMMA || code === LINE_FEED || code === OPEN || code === CLOSE_LIST) {
          this.#emit(text.slice(from, at));
          if (this.#begins(code)) from = at;
        }
      } else if (this.#begins(code)) from = at;
      if (code === LINE_FEED) this.#line++;
      if (code > 32) [this.#before, this.#atLineStart] = [code, false];
      else if (code === LINE_FEED) this.#atLineStart = true;
    }
    if (this.#state !== 'element' && this.#state !== 'junk') return '';
    const wasShort = this.#characters <= this.#maxCharacters;
    this.#keep(text.slice(from));
    // An open bracket swallows many lines, so rescue those. A long element on one line is followed to its end, unkept.
    const isLong = wasShort && this.#characters > this.#maxCharacters;
    return isLong && this.#parts.some((part) => part.includes('\n')) ? this.#rescue(this.#tooLong, '') : '';
  }

  /** Whether an element, or junk in its place, begins with this character. */
  #begins(code: number): boolean {
    switch (this.#state) {
      case 'start':
        if (code <= 32) return false;
        this.#isRoot = code === OPEN;
        if (code === OPEN_LIST) this.#state = 'between';
        else this.#begin(code === OPEN ? 'element' : 'junk', code);
        return code !== OPEN_LIST;
      case 'between':
        if (code <= 32 || code === COMMA) return false;
        if (code === CLOSE_LIST) {
          this.#state = this.#afterArray;
          return false;
        }
        this.#begin(code === OPEN || code === OPEN_LIST || code === QUOTE ? 'element' : 'junk', code);
        return true;
      case 'search':
        if (code !== OPEN) return false;
        if (!this.#atLineStart && this.#before !== COMMA && this.#before !== OPEN_LIST) return false;
        this.#begin('element', code);
        return true;
      default:
        return false;
    }
  }

  #begin(state: 'element' | 'junk', code: number): void {
    this.#state = state;
    this.#startLine = this.#line;
    this.#parts = [];
    this.#characters = 0;
    this.#due = [];
    this.#inString = this.#escaped = false;
    if (state === 'element') this.#follow(code);
  }

  /** Whether this character begins the first object in an array of the root. If so, that array is the one to read. */
  #isArrayOfRoot(code: number): boolean {
    const isIn = this.#isRoot && !this.#inString && this.#due.length === 2 && this.#due[1] === CLOSE_LIST;
    if (!isIn || code !== OPEN) return false;
    [this.#isRoot, this.#afterArray] = [false, 'end'];
    if (this.#before !== OPEN_LIST)
      this.#elements.push({
        line: this.#line,
        text: '',
        problem: 'The elements before it in the array are not objects.',
      });
    return true;
  }

  /** Tracks brackets and quotes inside an element; tells whether this character ends or breaks it. */
  #follow(code: number): 'more' | 'whole' | 'broken' {
    if (this.#inString) {
      if (code === LINE_FEED) return 'broken';
      if (this.#escaped) this.#escaped = false;
      else if (code === BACKSLASH) this.#escaped = true;
      else if (code === QUOTE) this.#inString = false;
      return this.#inString || this.#due.length > 0 ? 'more' : 'whole';
    }
    if (code === QUOTE) this.#inString = true;
    else if (code === OPEN) this.#due.push(CLOSE);
    else if (code === OPEN_LIST) this.#due.push(CLOSE_LIST);
    else if (code === CLOSE || code === CLOSE_LIST) {
      if (this.#due.pop() !== code) return 'broken';
      if (this.#due.length === 0) return 'whole';
    }
    return 'more';
  }

  #keep(text: string): void {
    const spare = this.#maxCharacters - this.#characters;
    this.#characters += text.length;
    if (text.length <= spare) this.#parts.push(text);
    else if (this.#parts.join('').length < SHOWN_CHARACTERS)
      this.#parts.push(text.slice(0, SHOWN_CHARACTERS));
  }

  #emit(text: string): void {
    this.#keep(text);
    const line = this.#startLine;
    if (this.#characters > this.#maxCharacters)
      this.#elements.push({
        line,
        text: this.#parts.join('').slice(0, SHOWN_CHARACTERS),
        problem: this.#tooLong,
      });
    else this.#elements.push({ line, text: this.#parts.join('').trimEnd() });
    this.#state = 'between';
    this.#parts = [];
  }

  /** Gives up the first line of a broken element; returns the text behind it, to be read again. */
  #rescue(problem: string, text: string, rest = ''): string {
    const read = this.#parts.join('') + text;
    const end = read.indexOf('\n');
    this.#elements.push({
      line: this.#startLine,
      text: read.slice(0, end === -1 ? undefined : end),
      problem,
    });
    this.#state = 'search';
    this.#isRoot = false;
    this.#parts = [];
    if (end === -1 || this.#rescues++ >= RESCUES_MAX) return rest;
    this.#line = this.#startLine + 1;
    this.#atLineStart = true;
    return read.slice(end + 1) + rest;
  }

  get #tooLong(): string {
    return `The row is longer than ${this.#maxCharacters.toLocaleString('en')} characters.`;
  }
}
