import { ROW_MAX_CHARACTERS } from '../format.ts';
import { Tags, type Attributes, type TagHandler } from './tags.ts';

/** What the elements of a file mean to its format. Names are local: without their prefix. */
export interface ElementHandler {
  /** Elements that mean something; others may be HTML within a text. */
  known: ReadonlySet<string>;
  /** Elements that hold text for people. HTML within it is part of the text, also where its tags do not match. */
  texts: ReadonlySet<string>;
  opened(name: string, attributes: Attributes): void;
  /** The element was closed by its own tag. `text` is the text in it since its last child, or all of it for `texts`. */
  closed(name: string, text: string): void;
  /** The element was never closed: one around it was, or the file ended. */
  lost(name: string): void;
  /** A closing tag whose element is not open. */
  stray(name: string): void;
  damaged(problem: string): void;
  unclosed(problem: string): void;
}

/** A file in which more elements lie within each other is broken. */
const DEPTH_MAX = 500;
const NONE = -1;

/** The open elements of a file that may be broken: pairs tags, joins texts, and says what does not fit. */
export class Elements implements TagHandler {
  /** Names of the open elements, outermost first. */
  readonly path: string[] = [];
  readonly #handler: ElementHandler;
  readonly #tags = new Tags(this);
  #text = '';
  #textBefore = '';
  /** Where in the path the open element of `texts` stands, or NONE. */
  #textAt = NONE;

  constructor(handlerOf: (elements: Elements) => ElementHandler) {
    this.#handler = handlerOf(this);
  }

  /** The line where the present tag or text begins, from 1. */
  get line(): number {
    return this.#tags.line;
  }

  /** The text before the tag that is being handled, where this opens an element, ends without one, or loses one. */
  get textBefore(): string {
    return this.#textBefore.trim();
  }

  push(piece: string): void {
    this.#tags.push(piece);
  }

  /** Ends the file. Elements that are open are lost, the innermost first. Returns whether there were any. */
  end(): boolean {
    this.#tags.end();
    const isCut = this.path.length > 0;
    this.close(0);
    return isCut;
  }

  /** Closes elements that are never closed, until the path has this length. */
  close(length: number): void {
    this.#textBefore = this.#text;
    while (this.path.length > length) {
      const name = this.path.pop()!;
      if (this.#textAt === NONE || this.path.length <= this.#textAt) this.#handler.lost(name);
      if (this.path.length === this.#textAt) this.#textAt = NONE;
    }
  }

  /** Forgets the open elements from this depth on, but not the innermost one: they were never closed. */
  abandon(depth: number): void {
    this.path.splice(depth, this.path.length - 1 - depth);
  }

  knows(name: string): boolean {
    return this.#handler.known.has(name);
  }

  opened(name: string, attributes: Attributes): void {
    if (this.#textAt !== NONE) {
      if (!this.knows(name)) {
        this.path.push(name);
        return;
      }
      this.close(this.#textAt);
    }
    if (this.path.length >= DEPTH_MAX) this.close(0);
    this.#textBefore = this.#text;
    this.#text = '';
    if (this.#handler.texts.has(name)) this.#textAt = this.path.length;
    this.path.push(name);
    this.#handler.opened(name, attributes);
  }

  text(text: string): void {
    // Bounded, because the element may never be closed.
    if (this.#text.length <= ROW_MAX_CHARACTERS) this.#text += text;
  }

  closed(name: string): void {
    const at = this.path.lastIndexOf(name);
    if (at === NONE) {
      this.#textBefore = this.#text;
      if (this.#textAt === NONE) this.#handler.stray(name);
      return;
    }
    this.close(at + 1);
    this.path.pop();
    if (this.#textAt !== NONE && at > this.#textAt) return;
    this.#textAt = NONE;
    const text = this.#text;
    this.#text = '';
    this.#handler.closed(name, text.trim());
  }

  damaged(problem: string): void {
    if (this.#textAt === NONE) this.#handler.damaged(problem);
  }

  unclosed(problem: string): void {
    this.#handler.unclosed(problem);
  }
}
