import { Brackets } from './scan/brackets.ts';
import {
  BYTE_ORDER_MARK,
  CLOSE,
  CLOSE_LIST,
  COLON,
  COMMA,
  LINE_FEED,
  OPEN,
  OPEN_LIST,
  PARENTHESIS,
  QUOTE,
  BACKSLASH,
  SEMICOLON,
} from './scan/characters.ts';
import { Frames, noteBeginning, type Frame } from './scan/frames.ts';
import { Loss } from './scan/loss.ts';
import { Position } from './scan/position.ts';
import type { Entering, Route, ScannedValue } from './scan/scanned.ts';
import { UnitText } from './scan/unit-text.ts';

/** Bound on recoveries from a broken value: each one reads the value's text again. */
const RESCUES_MAX = 200;
const SEVERAL = /\}\s*,\s*\{/;
const NOT_CLOSED = 'A bracket or a quote is not closed.';
const MISPLACED = 'Not JSON: this can not stand behind an element. A bracket is too much, or one is missing.';

const GOES_ON =
  'Not JSON: the array of these rows was closed before its end, by a bracket that is too much here or before.';
const STRAY = 'Not JSON: a name is expected here. A bracket or a quote is too much, or one is missing.';
const BEHIND =
  'An object behind the end of the document that does not begin like it: it may be a row, and is not read as one.';

type State = 'between' | 'key' | 'colon' | 'value' | 'unit' | 'junk' | 'search';

/**
 * Finds the values of a JSON text that comes in pieces, and holds one value at a time. Brackets and quotes alone delimit
 * values. Objects and arrays that lead to rows are entered; all others are values as a whole. The root holds any number
 * of values. A broken or endless value loses only its first line (or, where there is one line only, what stands before
 * the next object): the search goes on behind it for the next object that begins after a comma or on a new line.
 */
export class JsonScanner {
  readonly #route: Route;
  readonly #frames: Frames;
  readonly #position: Position;
  readonly #brackets = new Brackets();
  readonly #text: UnitText;
  readonly #found: ScannedValue[] = [];
  readonly #loss = new Loss(this.#found);
  #state: State = 'between';
  /** The name of the present member. */
  #name = '';
  /** The line in which the present unit begins, and how far it is indented; -1 where it does not begin a line. */
  #startLine = 1;
  #unitIndent = -1;
  #entering: Entering = 'keep';
  #rescues = 0;
  /** Whether the present value stands in an object without a name, and nothing else tells of it. */
  #isStray = false;

  constructor(route: Route, maxCharacters: number, line = 1) {
    this.#route = route;
    this.#frames = new Frames(route);
    this.#text = new UnitText(maxCharacters);
    this.#position = new Position(line);
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
    this.#loss.settle();
    while (!this.#frames.isAtRoot) this.#close(this.#frames.top.kept !== null);
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
        if (this.#brackets.isInText) {
          // Most of a document is text, so that is passed over quickly.
          while (code !== QUOTE && code !== BACKSLASH && code !== LINE_FEED && ++at < text.length)
            code = text.charCodeAt(at);
          if (at === text.length) break;
        }
        let fate = this.#follow(code);
        if (fate === 'more') {
          if (code === LINE_FEED) this.#position.line++;
          continue;
        }
        if (fate === 'odd') fate = this.#distrust(text.slice(from, at + 1));
        if (fate === 'whole') {
          if (this.#state === 'key') {
            const isElement = this.#takeName(text.slice(from, at + 1));
            if (isElement) return this.#returnToElement() + text.slice(at + 1);
          } else if (this.#brackets.isOdd && SEVERAL.test(this.#text.with(text.slice(from, at + 1))))
            return this.#giveUp(NOT_CLOSED, text.slice(from, at + 1), text.slice(at + 1));
          else this.#emit(text.slice(from, at + 1));
        } else if (fate === 'broken') return this.#giveUp(NOT_CLOSED, text.slice(from, at), text.slice(at));
      } else if (this.#state === 'junk') {
        if (code === COMMA || code === LINE_FEED || code === OPEN || code === CLOSE || code === CLOSE_LIST) {
          this.#emit(text.slice(from, at));
          if (this.#begins(code)) from = at;
        }
      } else if (this.#begins(code)) from = at;
      this.#position.pass(code);
    }
    if (this.#state !== 'unit' && this.#state !== 'key' && this.#state !== 'junk') return '';
    const wasLong = this.#text.isLong;
    this.#keep(text.slice(from));
    if (wasLong || !this.#text.isLong || this.#state === 'junk') return '';
    // An open bracket swallows many lines, so rescue those. A long value on one line is followed to its end, unkept.
    return this.#entering !== 'keep' || this.#text.hasLines ? this.#giveUp(this.#text.problem, '', '') : '';
  }

  /** Reads a character between values; tells whether a value, or junk in its place, begins with it. */
  #begins(code: number): boolean {
    const frame = this.#frames.top;
    if (this.#state === 'search') return this.#findsObject(code);
    if (code <= 32 || code === BYTE_ORDER_MARK) return false;
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
        if (code === OPEN && this.#reopen()) return this.#begin('unit', code, this.#frames.top);
        this.#isStray = frame.kept === null;
        return this.#begin('junk', code, frame);
      }
    }
    const isBehind = frame.kind === 'root' && frame.isHull && (code === CLOSE || code === CLOSE_LIST);
    if (isBehind || (frame.firstNames.size > 0 && this.#isRest(code))) return this.#loseRest(code, frame);
    return this.#begin('unit', code, frame);
  }

  /** Whether this character, where an element may begin, is what is left of an element with a bracket too many. */
  #isRest(code: number): boolean {
    if (code === OPEN || code === OPEN_LIST) return false;
    return (
      code === COLON ||
      code === CLOSE ||
      (this.#position.before !== COMMA && this.#position.before !== OPEN_LIST)
    );
  }

  #loseRest(code: number, frame: Frame): boolean {
    this.#loss.settle();
    this.#loss.begin(frame, this.#position.line, String.fromCharCode(code), MISPLACED);
    this.#loss.indentAt(this.#position.indent);
    this.#state = 'search';
    return this.#begins(code);
  }

  /** In a search: whether an object begins here. It belongs to the nearest array, because objects don't hold objects without a name. */
  #findsObject(code: number): boolean {
    const { before, atLineStart } = this.#position;
    const mayBegin = atLineStart || before === COMMA || before === OPEN_LIST || before === CLOSE;
    if (code !== OPEN || !mayBegin) {
      this.#loss.addCharacter(code);
      return false;
    }
    while (this.#frames.top.kind === 'object') this.#close(this.#frames.top.kept !== null);
    if (this.#frames.isAtRoot && this.#frames.top.firstNames.size === 0) this.#reopen();
    return this.#begin('unit', code, this.#frames.top);
  }

  /** Begins a value; false where the value is entered at once. */
  #begin(state: 'unit' | 'key' | 'junk', code: number, frame: Frame): boolean {
    const isContainer = code === OPEN || code === OPEN_LIST;
    this.#startLine = this.#position.line;
    this.#unitIndent = this.#position.indent;
    this.#text.clear();
    this.#brackets.begin();
    this.#entering = 'keep';
    if (state === 'unit' && isContainer) {
      const place = frame.kind === 'root' ? 'root' : frame.kind === 'list' ? 'element' : 'member';
      this.#entering = this.#route.entering(this.#frames.placeOf(this.#name).path, place, code === OPEN_LIST);
      if (this.#entering === 'enter') {
        this.#enter(code);
        return false;
      }
    }
    this.#state = state === 'unit' && !isContainer && code !== QUOTE ? 'junk' : state;
    if (this.#state !== 'junk') this.#follow(code);
    return true;
  }

  #enter(code: number): void {
    this.#loss.settle();
    const { kind } = this.#frames.top;
    const isElement = kind === 'list' || (kind === 'root' && this.#entering === 'enter if broken');
    this.#frames.enter(code === OPEN ? 'object' : 'list', this.#name, this.#startLine, isElement);
    this.#state = 'between';
    this.#text.clear();
  }

  /** Enters the last array of objects again, because one more stands where none can be. False where there is none. */
  #reopen(): boolean {
    const count = this.#frames.countAboveLastList;
    if (count === -1) return false;
    for (let i = 0; i < count; i++) this.#close(this.#frames.top.kept !== null);
    this.#frames.reopenLastList();
    this.#loss.begin(this.#frames.top, this.#position.line, '', GOES_ON);
    this.#state = 'between';
    return true;
  }

  /** Takes an object that was entered, up to its first name, for an element of the last array. Returns the text to read again. */
  #returnToElement(): string {
    const { line } = this.#frames.top;
    const name = JSON.stringify(this.#name);
    const lines = '\n'.repeat(this.#startLine - line);
    this.#frames.leave(false);
    this.#position.returnTo(line, COMMA);
    this.#reopen();
    return `{${lines}${name}`;
  }

  /** Leaves the innermost array or object. */
  #close(isBroken: boolean): void {
    const { kind, kept, isHull, hasScalars, parent, line, firstName } = this.#frames.top;
    if (
      kind === 'object' &&
      !kept &&
      (!isHull || hasScalars) &&
      parent?.kind === 'root' &&
      parent.isHull &&
      parent.firstName !== firstName
    )
      this.#found.push({
        line,
        path: '',
        name: '',
        keys: [],
        outer: parent.outer,
        text: '{',
        problem: BEHIND,
      });
    const value = this.#frames.leave(isBroken);
    if (value) this.#found.push(value);
    this.#state = 'between';
  }

  /** Takes the name of a member. Tells whether the object is an element of the last array, that stands behind it instead. */
  #takeName(text: string): boolean {
    const all = this.#text.with(text);
    try {
      this.#name = JSON.parse(all) as string;
    } catch {
      this.#name = all.slice(1, -1);
    }
    this.#state = 'colon';
    this.#text.clear();
    const { parent, firstName, kept } = this.#frames.top;
    this.#frames.top.firstName ??= this.#name;
    if (firstName !== null || kept || parent?.kind !== 'root') return false;
    parent.firstName ??= this.#name;
    // Another document begins like the first one.
    if (parent.firstName === this.#name || parent.firstNames.size > 0) return false;
    return this.#frames.namesOfLastList.has(this.#name);
  }

  #follow(code: number): 'more' | 'whole' | 'broken' | 'odd' {
    return this.#brackets.follow(code, this.#position.line === this.#startLine);
  }

  /** Goes on in a value in which a quote is too much or missing in the text up to here. */
  #distrust(text: string): 'more' | 'whole' | 'broken' {
    if (this.#state === 'key') return 'broken';
    if (this.#position.line > this.#startLine) return 'more';
    // Where it is known how elements begin, the next one is looked for at once.
    if (this.#frames.top.firstNames.size > 0) return 'broken';
    return this.#brackets.distrust(this.#text.with(text));
  }

  #keep(text: string): void {
    this.#text.add(text, this.#entering !== 'keep');
  }

  #emit(text: string): void {
    this.#keep(text);
    const frame = this.#frames.top;
    const whole = this.#text.with('').trimEnd();
    if (frame.kind !== 'object' && !this.#isExpected(whole, frame)) return;
    const { isLong } = this.#text;
    const isScalar = this.#state === 'junk' || whole.startsWith('"');
    if (this.#isStray) {
      this.#isStray = false;
      this.#loss.settle();
      this.#loss.begin(frame, this.#startLine, whole, STRAY);
      this.#loss.add(Buffer.byteLength(whole));
      this.#loss.settle();
    } else if (frame.kind === 'object' && !isLong && (isScalar || frame.kept)) {
      this.#frames.keep(this.#name, whole, isScalar);
    } else {
      frame.isBroken ||= frame.kept !== null;
      this.#found.push({
        line: this.#startLine,
        ...this.#frames.placeOf(this.#name),
        name: frame.kind === 'object' ? this.#name : '',
        outer: frame.outer,
        text: this.#text.shown(whole),
        ...(isLong && { problem: this.#text.problem, bytes: this.#text.characters }),
      });
    }
    this.#state = 'between';
    this.#text.clear();
  }

  /** Notes how the elements of an array begin. False for a part of a broken element, which is lost with it. */
  #isExpected(text: string, frame: Frame): boolean {
    if (frame.beginning === '' || !text.startsWith(frame.beginning)) {
      if (this.#loss.holds(text, frame, this.#unitIndent)) {
        this.#loss.add(Buffer.byteLength(text));
        this.#state = 'search';
        this.#text.clear();
        return false;
      }
      noteBeginning(frame, text);
    }
    this.#loss.settle();
    return true;
  }

  /** Gives up a broken value: enters it where it leads to rows, or passes over its beginning. Returns the text to read again. */
  #giveUp(problem: string, text: string, rest: string): string {
    const read = this.#text.with(text);
    const code = read.charCodeAt(0);
    const isContainer = code === OPEN || code === OPEN_LIST;
    if (this.#state === 'unit' && this.#entering === 'enter if broken' && isContainer) {
      this.#enter(code);
      this.#position.returnTo(this.#startLine, code);
      return read.slice(1) + rest;
    }
    const end = read.indexOf('\n');
    const shown = read.slice(0, end === -1 ? undefined : end);
    const frame = this.#frames.top;
    frame.isBroken = true;
    if (!this.#loss.holds(read, frame, this.#unitIndent)) {
      this.#loss.settle();
      this.#loss.indentAt(this.#unitIndent);
    }
    this.#loss.begin(frame, this.#startLine, shown, problem);
    this.#state = 'search';
    this.#text.clear();
    if (this.#rescues++ >= RESCUES_MAX) {
      this.#loss.add(Buffer.byteLength(read));
      return rest;
    }
    if (end === -1) {
      // All is one line, which may hold the rows behind this one.
      this.#position.returnTo(this.#startLine, code);
      this.#loss.add(1);
      return read.slice(1) + rest;
    }
    this.#loss.add(Buffer.byteLength(shown) + 1);
    this.#position.returnBehind(this.#startLine);
    return read.slice(end + 1) + rest;
  }
}
