/** A value that a document holds at a path that leads to rows, or in an object that leads to them. */
export interface ScannedValue {
  /** Line in which it begins, from 1. */
  line: number;
  /** Where it is: names of members joined by points, `''` for a value of the root. */
  path: string;
  /** The name of the member that it is; '' for an element of an array and for a value of the root. */
  name: string;
  /** The names of the maps' members that lead to it, the outermost first. */
  keys: readonly string[];
  text: string;
  /** Scalars that stood before it in the objects around it: name -> text. */
  outer: ReadonlyMap<string, string>;
  /** Why it is not a whole value, as far as brackets, quotes and length tell; `text` is then only its beginning. */
  problem?: string;
  /** With a problem: how many bytes of the text are lost with it. */
  bytes?: number;
}

/** What a scanner does with an object or array: keep it as one value, or enter it, at once or if it can't be kept whole. */
export type Entering = 'keep' | 'enter' | 'enter if broken';

/** How a scanner moves through a document. */
export interface Route {
  /** What to do with an object or array (a list) at a path, where it stands as a member, as an element, or at the root. */
  entering(path: string, place: 'member' | 'element' | 'root', isList: boolean): Entering;
  /** The path of a member, and whether its name is one of a map. */
  member(path: string, name: string): { path: string; isKey: boolean };
  /** Whether a scalar that stands once in a document is kept for the rows in it. */
  carries(name: string): boolean;
}

interface Frame {
  kind: 'root' | 'list' | 'object';
  path: string;
  name: string;
  keys: readonly string[];
  outer: Map<string, string>;
  /** For an object that is an element: its members that were kept, so that it is a value at its end. */
  kept: Map<string, string> | null;
  isBroken: boolean;
  line: number;
  /** How the last element of an array or a root began, up to the end of its first name, and all first names so far. */
  beginning: string;
  firstNames: Set<string>;
}

const [QUOTE, BACKSLASH, LINE_FEED, COMMA, COLON] = [34, 92, 10, 44, 58];
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST, SEMICOLON, PARENTHESIS, MARK] = [123, 125, 91, 93, 59, 41, 0xfeff];
/** Characters that JSON holds outside of texts, with those of NaN and Infinity; any other one is a broken quote. */
const ALLOWED = new Uint8Array(128);
for (const character of ' \t\r\n,:{}[]0123456789+-.eEtrufalsnNIiy') ALLOWED[character.charCodeAt(0)] = 1;
const SHOWN_CHARACTERS = 2_000;
const OUTER_MAX_CHARACTERS = 10_000;
/** Bound on recoveries from a broken value: each one reads the value's text again. */
const RESCUES_MAX = 200;
const FIRST_NAME = /^\{\s*"((?:[^"\\]|\\.)*)"/;
const SEVERAL = /\}\s*,\s*\{/;
const FIRST_NAMES_MAX = 20;
const NOT_CLOSED = 'A bracket or a quote is not closed.';

type State = 'between' | 'key' | 'colon' | 'value' | 'unit' | 'junk' | 'search';

/**
 * Finds the values of a JSON text that comes in pieces, and holds one value at a time. Brackets and quotes alone delimit
 * values. Objects and arrays that lead to rows are entered; all others are values as a whole. The root holds any number
 * of values. A broken or endless value loses only its first line (or, where there is one line only, what stands before
 * the next object): the search goes on behind it for the next object that begins after a comma or on a new line.
 */
export class JsonScanner {
  readonly #maxCharacters: number;
  readonly #route: Route;
  #stack: Frame[] = [
    {
      kind: 'root',
      path: '',
      name: '',
      keys: [],
      outer: new Map(),
      kept: null,
      isBroken: false,
      line: 1,
      beginning: '',
      firstNames: new Set(),
    },
  ];
  #state: State = 'between';
  /** The name of the present member. */
  #name = '';
  /** Closing brackets still expected inside the present unit, the innermost last. */
  #due: number[] = [];
  #inString = false;
  #escaped = false;
  /** Whether quotes can't be trusted any more in the present unit: brackets alone tell where it ends, on its first line. */
  #isOdd = false;
  #line: number;
  #startLine = 1;
  #parts: string[] = [];
  #characters = 0;
  #entering: Entering = 'keep';
  /** The last character other than white space, and whether a line has begun since. */
  #before = 0;
  #atLineStart = false;
  /** How many blanks begin the present line, as far as nothing else stands in it. */
  #indent = 0;
  /** How far the present unit is indented, and the one that was given up; -1 where it does not begin a line. */
  #unitIndent = -1;
  #lostIndent = -1;
  #rescues = 0;
  #found: ScannedValue[] = [];
  /** The bad value that the present search has to count bytes for. */
  #lost: ScannedValue | null = null;

  constructor(route: Route, maxCharacters: number, line = 1) {
    this.#route = route;
    this.#maxCharacters = maxCharacters;
    this.#line = line;
  }

  /** Returns the values that end in this piece. */
  push(piece: string): ScannedValue[] {
    for (let text = piece; text !== '';) text = this.#scan(text);
    return this.#found.splice(0);
  }

  /** Ends the text; returns the values that were still open. */
  end(): ScannedValue[] {
    this.#endJunk();
    while (this.#state === 'unit' || this.#state === 'key') {
      const problem = 'It does not end: a bracket or a quote is not closed.';
      for (let text = this.#giveUp(problem, '', ''); text !== '';) text = this.#scan(text);
      this.#endJunk();
    }
    this.#settle();
    while (this.#stack.length > 1) this.#close(this.#stack.at(-1)!.kept !== null);
    return this.#found.splice(0);
  }

  #endJunk(): void {
    if (this.#state === 'junk') this.#emit('');
  }

  /** Reads a text to its end, or to where a value breaks. Returns the text to read again, '' for none. */
  #scan(text: string): string {
    /** Where the part of the present value that lies in this text begins. */
    let from = 0;
    for (let at = 0; at < text.length; at++) {
      let code = text.charCodeAt(at);
      if (this.#state === 'unit' || this.#state === 'key') {
        if (this.#inString && !this.#escaped) {
          // Most of a document is text, so that is passed over quickly.
          while (code !== QUOTE && code !== BACKSLASH && code !== LINE_FEED && ++at < text.length)
            code = text.charCodeAt(at);
          if (at === text.length) break;
        }
        let fate = this.#follow(code);
        if (fate === 'more') {
          if (code === LINE_FEED) this.#line++;
          continue;
        }
        if (fate === 'odd') fate = this.#distrust(text.slice(from, at + 1));
        if (fate === 'whole') {
          if (this.#state === 'key') this.#takeName(text.slice(from, at + 1));
          else if (this.#isOdd && SEVERAL.test(this.#parts.join('') + text.slice(from, at + 1)))
            return this.#giveUp(NOT_CLOSED, text.slice(from, at + 1), text.slice(at + 1));
          else this.#emit(text.slice(from, at + 1));
        } else if (fate === 'broken') return this.#giveUp(NOT_CLOSED, text.slice(from, at), text.slice(at));
      } else if (this.#state === 'junk') {
        if (code === COMMA || code === LINE_FEED || code === OPEN || code === CLOSE || code === CLOSE_LIST) {
          this.#emit(text.slice(from, at));
          if (this.#begins(code)) from = at;
        }
      } else if (this.#begins(code)) from = at;
      if (code === LINE_FEED) this.#line++;
      if (code > 32) {
        this.#before = code;
        this.#atLineStart = false;
      } else if (code === LINE_FEED) {
        this.#atLineStart = true;
        this.#indent = 0;
      } else this.#indent++;
    }
    if (this.#state !== 'unit' && this.#state !== 'key' && this.#state !== 'junk') return '';
    const wasShort = this.#characters <= this.#maxCharacters;
    this.#keep(text.slice(from));
    if (!wasShort || this.#characters <= this.#maxCharacters || this.#state === 'junk') return '';
    // An open bracket swallows many lines, so rescue those. A long value on one line is followed to its end, unkept.
    const isOpen = this.#entering !== 'keep' || this.#parts.some((part) => part.includes('\n'));
    return isOpen ? this.#giveUp(this.#tooLong, '', '') : '';
  }

  /** Reads a character between values; tells whether a value, or junk in its place, begins with it. */
  #begins(code: number): boolean {
    const frame = this.#stack.at(-1)!;
    if (this.#state === 'search') return this.#findsObject(code);
    if (code <= 32 || code === MARK) return false;
    if (this.#state === 'value' && (code === CLOSE || code === COMMA)) {
      frame.isBroken = true;
      this.#state = 'between';
    }
    if (this.#state === 'colon') {
      if (code !== COLON) return this.#begin('junk', code, frame);
      this.#state = 'value';
      return false;
    }
    if (this.#state === 'between') {
      if (code === COMMA) return false;
      if (frame.kind === 'root' && (code === SEMICOLON || code === PARENTHESIS)) return false;
      if (code === (frame.kind === 'list' ? CLOSE_LIST : frame.kind === 'object' ? CLOSE : -1)) {
        this.#close(frame.isBroken && frame.kept !== null);
        return false;
      }
      if (frame.kind === 'object') {
        // Without a name there is no member: an object in its place is an element whose array was not closed.
        if (code === QUOTE) return this.#begin('key', code, frame);
        frame.isBroken = true;
        return this.#begin('junk', code, frame);
      }
    }
    if (frame.firstNames.size > 0 && this.#isRest(code)) return this.#loseRest(code, frame);
    return this.#begin('unit', code, frame);
  }

  /** Whether this character, where an element may begin, is what is left of an element with a bracket too many. */
  #isRest(code: number): boolean {
    if (code === OPEN || code === OPEN_LIST) return false;
    return code === COLON || code === CLOSE || (this.#before !== COMMA && this.#before !== OPEN_LIST);
  }

  #loseRest(code: number, frame: Frame): boolean {
    this.#settle();
    this.#lost = {
      line: this.#line,
      path: frame.path,
      name: '',
      keys: [],
      outer: frame.outer,
      text: String.fromCharCode(code),
      problem: 'Not JSON: this can not stand behind an element. A bracket is too much, or one is missing.',
      bytes: 0,
    };
    this.#lostIndent = this.#atLineStart ? this.#indent : -1;
    this.#state = 'search';
    return this.#begins(code);
  }

  /** In a search: whether an object begins here. It belongs to the nearest array, because objects don't hold objects without a name. */
  #findsObject(code: number): boolean {
    if (
      code !== OPEN ||
      !(this.#atLineStart || this.#before === COMMA || this.#before === OPEN_LIST || this.#before === CLOSE)
    ) {
      if (this.#lost)
        this.#lost.bytes! += code < 0x80 ? 1 : code < 0x800 ? 2 : code >= 0xd800 && code < 0xe000 ? 2 : 3;
      return false;
    }
    while (this.#stack.at(-1)!.kind === 'object') this.#close(this.#stack.at(-1)!.kept !== null);
    return this.#begin('unit', code, this.#stack.at(-1)!);
  }

  /** Begins a value; false where the value is entered at once. */
  #begin(state: 'unit' | 'key' | 'junk', code: number, frame: Frame): boolean {
    const isContainer = code === OPEN || code === OPEN_LIST;
    this.#startLine = this.#line;
    this.#unitIndent = this.#atLineStart ? this.#indent : -1;
    this.#parts = [];
    this.#characters = 0;
    this.#due = [];
    this.#inString = this.#escaped = this.#isOdd = false;
    this.#entering = 'keep';
    if (state === 'unit' && isContainer) {
      const place = frame.kind === 'root' ? 'root' : frame.kind === 'list' ? 'element' : 'member';
      this.#entering = this.#route.entering(this.#placeOf(frame).path, place, code === OPEN_LIST);
      if (this.#entering === 'enter') {
        this.#enter(code);
        return false;
      }
    }
    this.#state = state === 'unit' && !isContainer && code !== QUOTE ? 'junk' : state;
    if (this.#state !== 'junk') this.#follow(code);
    return true;
  }

  /** The path and the keys of a value that stands in a frame. */
  #placeOf(frame: Frame): { path: string; keys: readonly string[] } {
    if (frame.kind !== 'object') return { path: frame.path, keys: frame.keys };
    const { path, isKey } = this.#route.member(frame.path, this.#name);
    return { path, keys: isKey ? [...frame.keys, this.#name] : frame.keys };
  }

  #enter(code: number): void {
    this.#settle();
    const parent = this.#stack.at(-1)!;
    const isElement =
      parent.kind === 'list' || (parent.kind === 'root' && this.#entering === 'enter if broken');
    this.#stack.push({
      kind: code === OPEN ? 'object' : 'list',
      ...this.#placeOf(parent),
      name: parent.kind === 'object' ? this.#name : '',
      outer: new Map(parent.outer),
      kept: code === OPEN && isElement ? new Map<string, string>() : null,
      isBroken: false,
      line: this.#startLine,
      beginning: '',
      firstNames: new Set(),
    });
    this.#state = 'between';
    this.#parts = [];
  }

  /** Leaves a frame. An object that is an element becomes a value, without the members that were entered. */
  #close(isBroken: boolean): void {
    const { kept, line, path, keys } = this.#stack.pop()!;
    this.#state = 'between';
    if (kept === null || (kept.size === 0 && !isBroken)) return;
    const text = `{${[...kept].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
    const problem = isBroken
      ? 'The object is broken: some of its members could be read, but not all.'
      : undefined;
    const { outer } = this.#stack.at(-1)!;
    this.#found.push({ line, path, name: '', keys, outer, text, ...(problem && { problem, bytes: 0 }) });
  }

  #takeName(text: string): void {
    const all = this.#parts.join('') + text;
    try {
      this.#name = JSON.parse(all) as string;
      this.#state = 'colon';
    } catch {
      this.#name = all.slice(1, -1);
      this.#state = 'colon';
    }
    this.#parts = [];
  }

  /** Tracks brackets and quotes inside a value; tells whether this character ends it, breaks it, or has no place there. */
  #follow(code: number): 'more' | 'whole' | 'broken' | 'odd' {
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
      if (this.#due.pop() !== code && !this.#isOdd) return this.#line > this.#startLine ? 'broken' : 'odd';
      if (this.#due.length === 0) return 'whole';
    } else if (this.#isOdd) return code === LINE_FEED ? 'broken' : 'more';
    else if (code === QUOTE) this.#inString = true;
    else if (code > 127 || ALLOWED[code] === 0) return 'odd';
    return 'more';
  }

  /** Follows a value by its brackets alone from here on, because a quote is too much or missing in the text up to here. */
  #distrust(text: string): 'more' | 'whole' | 'broken' {
    if (this.#state === 'key') return 'broken';
    if (this.#line > this.#startLine) return 'more';
    // Where it is known how elements begin, the next one is looked for at once.
    if (this.#stack.at(-1)!.firstNames.size > 0) return 'broken';
    this.#isOdd = true;
    this.#due = [];
    for (const character of this.#parts.join('') + text) {
      if (character === '{' || character === '[') this.#due.push(0);
      else if (character === '}' || character === ']') this.#due.pop();
    }
    return this.#due.length === 0 ? 'whole' : 'more';
  }

  #keep(text: string): void {
    const spare = this.#maxCharacters - this.#characters;
    this.#characters += text.length;
    if (text.length <= spare || this.#entering !== 'keep') this.#parts.push(text);
    else if (this.#parts.join('').length < SHOWN_CHARACTERS)
      this.#parts.push(text.slice(0, SHOWN_CHARACTERS));
  }

  #emit(text: string): void {
    this.#keep(text);
    const frame = this.#stack.at(-1)!;
    const whole = this.#parts.join('').trimEnd();
    if (frame.kind !== 'object' && !this.#isExpected(whole, frame)) return;
    const isLong = this.#characters > this.#maxCharacters;
    const isScalar = this.#state === 'junk' || whole.startsWith('"');
    if (frame.kind === 'object' && !isLong && (isScalar || frame.kept)) {
      const isCarried = frame.kept !== null || this.#route.carries(this.#name);
      if (isScalar && isCarried && whole.length <= OUTER_MAX_CHARACTERS) frame.outer.set(this.#name, whole);
      frame.kept?.set(this.#name, whole);
    } else {
      frame.isBroken ||= frame.kept !== null;
      this.#found.push({
        line: this.#startLine,
        ...this.#placeOf(frame),
        name: frame.kind === 'object' ? this.#name : '',
        outer: frame.outer,
        text: isLong ? whole.slice(0, SHOWN_CHARACTERS) : whole,
        ...(isLong && { problem: this.#tooLong, bytes: this.#characters }),
      });
    }
    this.#state = 'between';
    this.#parts = [];
  }

  /** Notes how the elements of an array begin. False for a part of a broken element, which is lost with it. */
  #isExpected(text: string, frame: Frame): boolean {
    if (frame.beginning === '' || !text.startsWith(frame.beginning)) {
      if (this.#isPartOfLost(text, frame)) {
        this.#lost!.bytes! += Buffer.byteLength(text);
        this.#state = 'search';
        this.#parts = [];
        return false;
      }
      const [beginning, name] = FIRST_NAME.exec(text) ?? [];
      if (beginning !== undefined && frame.firstNames.size < FIRST_NAMES_MAX) {
        frame.beginning = beginning;
        frame.firstNames.add(name!);
      }
    }
    this.#settle();
    return true;
  }

  /** Whether an object that a search found is inside the broken element: it begins like no element before, and further in. */
  #isPartOfLost(text: string, { firstNames }: Frame): boolean {
    if (!this.#lost || firstNames.size === 0 || firstNames.has(FIRST_NAME.exec(text)?.[1] ?? ''))
      return false;
    return this.#unitIndent === -1 || this.#unitIndent > this.#lostIndent;
  }

  /** Gives up a broken value: enters it where it leads to rows, or passes over its beginning. Returns the text to read again. */
  #giveUp(problem: string, text: string, rest: string): string {
    const read = this.#parts.join('') + text;
    const code = read.charCodeAt(0);
    if (
      this.#state === 'unit' &&
      this.#entering === 'enter if broken' &&
      (code === OPEN || code === OPEN_LIST)
    ) {
      this.#line = this.#startLine;
      this.#enter(code);
      [this.#before, this.#atLineStart] = [code, false];
      return read.slice(1) + rest;
    }
    const end = read.indexOf('\n');
    const shown = read.slice(0, end === -1 ? undefined : end);
    const frame = this.#stack.at(-1)!;
    frame.isBroken = true;
    if (!this.#isPartOfLost(read, frame)) {
      this.#settle();
      this.#lostIndent = this.#unitIndent;
    }
    this.#lost ??= {
      line: this.#startLine,
      path: frame.path,
      name: '',
      keys: [],
      outer: frame.outer,
      text: shown,
      problem,
      bytes: 0,
    };
    this.#state = 'search';
    this.#parts = [];
    if (this.#rescues++ >= RESCUES_MAX) {
      this.#lost.bytes! += Buffer.byteLength(read);
      return rest;
    }
    this.#line = this.#startLine;
    if (end === -1) {
      // All is one line, which may hold the rows behind this one.
      [this.#before, this.#atLineStart] = [code, false];
      this.#lost.bytes! += 1;
      return read.slice(1) + rest;
    }
    this.#lost.bytes! += Buffer.byteLength(shown) + 1;
    this.#line++;
    this.#atLineStart = true;
    this.#indent = 0;
    return read.slice(end + 1) + rest;
  }

  /** The lost bytes of a broken value are counted: it is found now. */
  #settle(): void {
    if (this.#lost) this.#found.push(this.#lost);
    this.#lost = null;
  }

  get #tooLong(): string {
    return `The row is longer than ${this.#maxCharacters.toLocaleString('en')} characters.`;
  }
}
