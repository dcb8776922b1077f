/** One element of an array in a JSON text. */
export interface JsonElement {
  /** Where it begins, from 1. */
  line: number;
  text: string;
  /** Why it is none, where its brackets and quotes tell; `text` is then its beginning. */
  problem?: string;
}

const [QUOTE, BACKSLASH, LINE_FEED, COMMA] = [34, 92, 10, 44];
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [123, 125, 91, 93];
const SHOWN_CHARACTERS = 2_000;
/** Each costs another look at what was read of an element. */
const RESCUES_MAX = 200;

/**
 * Finds the elements of an array in JSON text that comes in pieces, and holds no more than one: of the array that the
 * text is, or of the first array of objects that the root object has; an object without one is an element itself.
 * Elements are told by brackets and quotes alone. One that breaks, or never ends, costs its first line: what follows is
 * searched for the next that begins after a comma or on a new line.
 */
export class JsonElements {
  readonly #maxCharacters: number;
  #state: 'start' | 'between' | 'element' | 'junk' | 'search' | 'end' = 'start';
  /** The root is an object, in which the array is looked for. */
  #isRoot = false;
  #afterArray: 'search' | 'end' = 'search';
  /** The closing brackets that are due. */
  #due: number[] = [];
  #inString = false;
  #escaped = false;
  #line = 1;
  #startLine = 1;
  /** What has been read of the element; of one that is too long only the beginning. */
  #parts: string[] = [];
  #characters = 0;
  /** The last character that is no space, and whether a line has begun since. */
  #before = 0;
  #atLineStart = false;
  #rescues = 0;
  #elements: JsonElement[] = [];

  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  /** The elements that end in this piece. */
  push(piece: string): JsonElement[] {
    for (let text = piece; text !== '';) text = this.#scan(text);
    return this.#elements.splice(0);
  }

  /** What is left where the text ends. */
  end(): JsonElement[] {
    if (this.#state === 'junk') this.#emit('');
    while (this.#state === 'element') {
      for (let text = this.#rescue('It never ends: a bracket or a quote is not closed.', ''); text !== '';)
        text = this.#scan(text);
    }
    return this.#elements.splice(0);
  }

  /** Reads a text to its end, or to where an element breaks: then answers what is to be read again. */
  #scan(text: string): string {
    /** Where the present element begins, or goes on, in this text. */
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
    // A bracket that is never closed holds many lines; an element on one line is followed to its end, and not kept.
    const isLong = wasShort && this.#characters > this.#maxCharacters;
    return isLong && this.#parts.some((part) => part.includes('\n')) ? this.#rescue(this.#tooLong, '') : '';
  }

  /** Whether an element, or what stands in its place, begins with this character. */
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

  /** Whether this is the first object in an array of the root: then that is the array, and the root's rest of no use. */
  #isArrayOfRoot(code: number): boolean {
    const isIn = this.#isRoot && !this.#inString && this.#due.length === 2 && this.#due[1] === CLOSE_LIST;
    if (!isIn || code !== OPEN) return false;
    [this.#isRoot, this.#afterArray] = [false, 'end'];
    if (this.#before !== OPEN_LIST)
      this.#elements.push({
        line: this.#line,
        text: '',
        problem: 'What is before it in the array is no object.',
      });
    return true;
  }

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

  /** Gives up on the first line of what was read of an element; answers what is to be read again. */
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
