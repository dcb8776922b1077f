import { QuoteType, Tokenizer, type TokenizerCallbacks } from 'htmlparser2';
import { HeldText } from './held-text.ts';
import { holdsNext, markOf, whyUnclosed } from './marks.ts';

/** Attributes of an element: local name -> value, with entities decoded. */
export type Attributes = ReadonlyMap<string, string>;

/** What the tags of a file mean to its reader. Names are local: without their prefix. */
export interface TagHandler {
  opened(name: string, attributes: Attributes): void;
  text(text: string): void;
  closed(name: string): void;
  /** Something is not XML. It belongs to the element that was opened last. */
  damaged(problem: string): void;
  /** A comment or the like is never closed: from here on its content is read. */
  unclosed(problem: string): void;
  /** Whether an element of this name means something: then `<name` begins a tag even where the tag is broken. */
  knows(name: string): boolean;
}

/** A longer tag was never closed. */
const TAG_MAX_CHARACTERS = 65_536;
const NAME = /^[A-Za-z_\u0080-\uffff][\w.:\-\u0080-\uffff]*$/;
const NAMES_MAX = 1_000;
const NO_ATTRIBUTES: Attributes = new Map();
const NOT_CLOSED = 'Not XML: a tag is not closed before the next one begins.';
const NONE = -1;

/**
 * Reads tags and texts of XML that may be broken; htmlparser2's tokenizer finds them. A part that is never closed would swallow
 * what follows it. It is given up, and reading goes on behind its beginning, so that nothing else is lost:
 *
 * - a comment, CDATA section, processing instruction or declaration that holds the beginning of the next one, or that does
 *   not end before the file or the longest row ends
 * - a tag that holds the beginning of the next tag, also within quotes, or is longer than 65,536 characters
 * - a `<` that begins no tag: it is text
 */
export class Tags implements TokenizerCallbacks {
  readonly #handler: TagHandler;
  readonly #tokenizer = new Tokenizer({ xmlMode: true, decodeEntities: true }, this);
  readonly #held = new HeldText();
  /** Names as they are written -> local names; null: not a name. */
  readonly #names = new Map<string, string | null>();
  /** Up to here everything was handled. What is being read begins here. */
  #done = 0;
  /** How far an unclosed part was searched for the beginning of the next one. */
  #searched = 0;
  /** Where to read again once the tokenizer has stopped, or NONE. */
  #again = NONE;
  /** Behind the name of a closing tag whose `>` was not seen yet, or NONE. */
  #closing = NONE;
  /** The tag that is being read. */
  #tag = '';
  #attributes: Map<string, string> | null = null;
  #attribute = '';
  #attributeAt = NONE;
  #value = '';
  #problem = '';
  /** Set behind an unquoted value such as in `<a b=c/>`. */
  #closesItself = false;
  /** Whether the text so far ends with a carriage return. */
  #hasReturn = false;

  constructor(handler: TagHandler) {
    this.#handler = handler;
  }

  /** The line where the tag or text begins that is being handled. */
  get line(): number {
    return this.#held.lineOf(this.#done);
  }

  push(piece: string): void {
    this.#held.add(piece);
    this.#read(piece);
    while (this.#giveUp(false));
    this.#held.drop(this.#done);
  }

  end(): void {
    while (this.#giveUp(true));
    this.#tokenizer.end();
  }

  #read(text: string): void {
    this.#tokenizer.write(text);
    while (this.#again !== NONE) {
      const rest = this.#held.restart(this.#again);
      this.#tokenizer.reset();
      this.#done = this.#searched = 0;
      this.#again = this.#closing = this.#attributeAt = NONE;
      this.#value = '';
      this.#tokenizer.write(rest);
    }
  }

  /** Lets the tokenizer stop, forget what it knows, and read from a position on. */
  #readFrom(position: number): void {
    this.#done = this.#again = position;
    this.#tokenizer.pause();
  }

  /** Gives up what stands unclosed at the end of the text, if it will not be closed. Returns whether it did. */
  #giveUp(atEnd: boolean): boolean {
    if (this.#closing !== NONE && !this.#closingEnds(atEnd)) return this.#resume();
    const open = this.#held.slice(this.#done);
    const mark = markOf(open);
    if (mark) {
      const problem = whyUnclosed(mark, open, this.#searched - this.#done, atEnd);
      this.#searched = this.#done + open.length;
      if (problem === null) return false;
      this.#unclosed(problem, mark.begin);
    } else if (open.length > 1 && open.startsWith('<') && (atEnd || open.length > TAG_MAX_CHARACTERS)) {
      if (/[<>]/.test(open.slice(1))) this.#cut();
      else if (!atEnd) this.#readAsText(this.#done + 1);
      else {
        this.#tag ||= this.#localName(/^<([^\s/>]*)/.exec(open)![1]!) ?? '';
        if (this.#handler.knows(this.#tag)) this.#open('The file ends inside a tag.');
        this.#done += open.length;
      }
    }
    return this.#resume();
  }

  #resume(): boolean {
    const resumes = this.#again !== NONE;
    if (resumes) this.#read('');
    return resumes;
  }

  #unclosed(problem: string, begin: string): void {
    this.#handler.unclosed(problem);
    this.#readFrom(this.#done + begin.length);
  }

  #readAsText(end: number): void {
    this.#handler.text(this.#held.slice(this.#done, end));
    this.#readFrom(end);
  }

  /** Whether nothing stands between the name of a closing tag and its `>`; if the next tag does, that is read again. */
  #closingEnds(atEnd = false): boolean {
    const next = this.#held.find('<', this.#closing);
    const end = this.#held.find('>', this.#closing);
    if (next !== NONE && (end === NONE || next < end)) {
      this.#handler.damaged(NOT_CLOSED);
      this.#closing = NONE;
      this.#readFrom(next);
      return false;
    }
    if (end === NONE) {
      // Still open; nothing in it will be needed.
      this.#done = this.#closing = this.#held.end;
      return atEnd;
    }
    this.#done = end + 1;
    this.#closing = NONE;
    return true;
  }

  /** Ends the tag that is being read before the next `<`, or behind the next `>`, whichever comes first. */
  #cut(from = this.#done + 1): void {
    const [next, end] = [this.#held.find('<', from), this.#held.find('>', from)];
    const at = next === NONE || (end !== NONE && end < next) ? end : next;
    const [, value] = /=\s*["']?([^]*)$/.exec(this.#held.slice(this.#attributeAt, at)) ?? [];
    if (this.#attributeAt !== NONE && value !== undefined) this.#add(value.trim());
    if (this.#attributes || this.#handler.knows(this.#tag)) {
      this.#open(NOT_CLOSED);
      this.#readFrom(at === next ? at : at + 1);
    } else this.#readAsText(at === next ? at : at + 1);
  }

  #open(problem: string): void {
    const [tag, attributes] = [this.#tag, this.#attributes ?? NO_ATTRIBUTES];
    this.#tag = this.#problem = '';
    this.#attributes = null;
    this.#attributeAt = NONE;
    this.#handler.opened(tag, attributes);
    if (problem !== '') this.#handler.damaged(problem);
  }

  #add(value: string): void {
    this.#attributes ??= new Map();
    if (!this.#attributes.has(this.#attribute)) this.#attributes.set(this.#attribute, value);
  }

  /** A name without its prefix; null for text that is not a name. */
  #localName(full: string): string | null {
    const known = this.#names.get(full);
    if (known !== undefined) return known;
    const name = NAME.test(full) ? full.slice(full.indexOf(':') + 1) : null;
    if (this.#names.size < NAMES_MAX) this.#names.set(full, name);
    return name;
  }

  /** Whether what the tokenizer found is void, because the text is read again from an earlier position. */
  #isVoid(): boolean {
    return this.#again !== NONE || (this.#closing !== NONE && !this.#closingEnds());
  }

  // ---- What the tokenizer calls ----

  ontext(start: number, end: number): void {
    if (this.#isVoid()) return;
    let text = this.#held.slice(start, end);
    if (this.#hasReturn && text.startsWith('\n')) text = text.slice(1);
    this.#hasReturn = text.endsWith('\r');
    // XML reads each line end as a line feed.
    this.#handler.text(text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text);
    this.#done = end;
  }

  ontextentity(codepoint: number, end: number): void {
    if (this.#isVoid()) return;
    this.#handler.text(String.fromCodePoint(codepoint));
    this.#done = end;
  }

  onopentagname(start: number, end: number): void {
    if (this.#isVoid()) return;
    const full = this.#held.slice(start, end);
    const name = this.#localName(full);
    this.#done = start - 1;
    this.#tag = name ?? '';
    this.#attributes = null;
    this.#attributeAt = NONE;
    this.#value = this.#problem = '';
    this.#closesItself = false;
    if (name !== null) return;
    const next = full.indexOf('<');
    this.#tag = this.#localName(full.slice(0, Math.max(next, 0))) ?? '';
    if (next > 0) this.#cut();
    else this.#readAsText(start);
  }

  onattribname(start: number, end: number): void {
    if (this.#again !== NONE) return;
    const full = this.#held.slice(start, end);
    if (full.includes('<')) return this.#cut(start);
    if (/["'=]/.test(full)) this.#problem = 'Not XML: the quotes of an attribute do not match.';
    this.#attribute = this.#localName(full) ?? full;
    this.#attributeAt = start;
  }

  onattribdata(start: number, end: number): void {
    if (this.#again === NONE) this.#value += this.#held.slice(start, end);
  }

  onattribentity(codepoint: number): void {
    if (this.#again === NONE) this.#value += String.fromCodePoint(codepoint);
  }

  onattribend(quote: QuoteType, end: number): void {
    if (this.#again !== NONE || quote === QuoteType.NoValue) return;
    const value = this.#value;
    this.#value = '';
    const unquoted = quote === QuoteType.Unquoted;
    if (value.includes('<') && (unquoted || value.includes('>'))) return this.#cut(this.#attributeAt);
    this.#closesItself = unquoted && value.endsWith('/') && this.#held.slice(end, end + 1) === '>';
    this.#add((this.#closesItself ? value.slice(0, -1) : value).trim());
    this.#attributeAt = NONE;
  }

  onopentagend(end: number): void {
    if (this.#again !== NONE) return;
    const tag = this.#tag;
    this.#open(this.#problem);
    if (this.#closesItself) this.#handler.closed(tag);
    this.#done = end + 1;
  }

  onselfclosingtag(end: number): void {
    if (this.#again !== NONE) return;
    const tag = this.#tag;
    this.#open(this.#problem);
    this.#handler.closed(tag);
    this.#done = end + 1;
  }

  onclosetag(start: number, end: number): void {
    if (this.#isVoid()) return;
    const full = this.#held.slice(start, end);
    const next = full.indexOf('<');
    const name = this.#localName(next === NONE ? full : full.slice(0, next));
    if (name !== null) this.#handler.closed(name);
    if (next !== NONE) {
      this.#handler.damaged(NOT_CLOSED);
      this.#readFrom(start + next);
      return;
    }
    const isClosed = this.#held.slice(end, end + 1) === '>';
    this.#done = isClosed ? end + 1 : end;
    if (!isClosed) this.#closing = end;
  }

  oncomment(_start: number, end: number): void {
    this.#part(end + 1);
  }

  oncdata(start: number, end: number, endCharacters: number): void {
    const text = this.#held.slice(start, end - endCharacters);
    this.#part(end + 1, text);
  }

  onprocessinginstruction(_start: number, end: number): void {
    this.#part(end + 2);
  }

  ondeclaration(_start: number, end: number): void {
    this.#part(end + 1);
  }

  onend(): void {}

  /** A comment or the like that ends before a position; `text` is its content where that counts. */
  #part(end: number, text = ''): void {
    if (this.#isVoid()) return;
    const mark = markOf(this.#held.slice(this.#done, end));
    if (mark && holdsNext(mark, this.#held.slice(this.#done, end)))
      this.#unclosed(whyUnclosed(mark, this.#held.slice(this.#done, end), 0, false)!, mark.begin);
    else {
      if (text !== '') this.#handler.text(text);
      this.#done = end;
    }
  }
}
