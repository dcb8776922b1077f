import { isObject } from './timed.ts';

/** What may stand before the first value: a mark of the byte order, an assignment, a call, or a guard against scripts. */
const BEFORE =
  /^[\s\p{Cc}\ufeff]*(?:\)\]\}',?|for\s*\(;;\);|while\s*\(1\);)?\s*(?:(?:(?:var|let|const)\s+)?[A-Za-z_$][\w.$]*(?:\[["'\w.-]*\])*\s*=\s*|export\s+default\s+|[A-Za-z_$][\w.$]*\(\s*)?(?=[[{])/u;

/** How many characters stand before the first object or array: blanks, `name =`, `callback(`; -1 where the text begins otherwise. */
export function beforeFirstValue(text: string): number {
  return BEFORE.exec(text)?.[0].length ?? -1;
}

/**
 * The values in the beginning of a JSON text, however it is cut off: what is open is closed, and a broken element of an
 * array is passed over. For decisions about a file; rows are read by `JsonScanner`.
 */
export function valuesIn(text: string): unknown[] {
  return new Beginning(text, Math.max(0, beforeFirstValue(text))).values();
}

class Broken extends Error {}

const DEPTH_MAX = 100;
const BETWEEN_ROOTS = /[\s\p{Cc},;)\ufeff]*/uy;
const BLANK = /[\s\p{Cc}]*/uy;
const STRING = /"(?:[^"\\\n]|\\.)*"/y;
const SCALAR = /-?\d[\d.eE+-]*|true|false|null|NaN|-?Infinity/y;
const FIRST_NAME = /\{\s*"((?:[^"\\]|\\.)*)"/y;
const NEXT_OBJECT = /[,[\n]\s*(?=\{)/g;

class Beginning {
  readonly #text: string;
  #at: number;
  /** How many lists the present value is in; the root is the first. */
  #lists = 0;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  values(): unknown[] {
    const found: unknown[] = [];
    for (;;) {
      this.#take(BETWEEN_ROOTS);
      if (this.#at >= this.#text.length) return found;
      if (!this.#next(found, 0)) return found;
    }
  }

  /**
   * Adds the value that begins here to a list. After a broken one the outermost list goes on behind the break, because an
   * inner one might be over. False where nothing follows.
   */
  #next(list: unknown[], depth: number): boolean {
    this.#lists++;
    try {
      this.#value((value) => list.push(value), depth);
      return true;
    } catch (error) {
      if (!(error instanceof Broken) || this.#lists > 2) throw error;
      return this.#findNext(list);
    } finally {
      this.#lists--;
    }
  }

  /** Goes to the next object that begins like one before it in the list. False where there is none. */
  #findNext(list: unknown[]): boolean {
    const names = new Set(
      list.slice(0, -1).flatMap((each) => (isObject(each) ? Object.keys(each).slice(0, 1) : [])),
    );
    NEXT_OBJECT.lastIndex = this.#at;
    while (NEXT_OBJECT.exec(this.#text)) {
      this.#at = NEXT_OBJECT.lastIndex;
      FIRST_NAME.lastIndex = this.#at;
      if (names.size === 0 || names.has(FIRST_NAME.exec(this.#text)?.[1] ?? '')) return true;
    }
    this.#at = this.#text.length;
    return false;
  }

  #value(add: (value: unknown) => void, depth: number): void {
    const code = this.#text[this.#at];
    if (depth > DEPTH_MAX) throw new Broken();
    if (code === '{') {
      const object: { [name: string]: unknown } = {};
      add(object);
      this.#object(object, depth);
    } else if (code === '[') {
      const list: unknown[] = [];
      add(list);
      this.#list(list, depth);
    } else if (code === '"') add(this.#string());
    else {
      const scalar = this.#take(SCALAR);
      if (scalar === '') throw new Broken();
      add(
        /^[-\d]/.test(scalar) ? Number(scalar) : scalar === 'true' ? true : scalar === 'false' ? false : null,
      );
    }
  }

  #list(list: unknown[], depth: number): void {
    this.#at++;
    for (;;) {
      this.#take(BETWEEN_ROOTS);
      if (this.#at >= this.#text.length) return;
      if (this.#text[this.#at] === ']') return void this.#at++;
      if (!this.#next(list, depth + 1)) return;
    }
  }

  #object(object: { [name: string]: unknown }, depth: number): void {
    this.#at++;
    for (;;) {
      this.#take(BETWEEN_ROOTS);
      if (this.#at >= this.#text.length) return;
      if (this.#text[this.#at] === '}') return void this.#at++;
      const name = this.#string();
      this.#take(BLANK);
      if (this.#at >= this.#text.length) return;
      if (this.#text[this.#at++] !== ':') throw new Broken();
      this.#take(BLANK);
      if (this.#at >= this.#text.length) return;
      this.#value(
        (value) =>
          Object.defineProperty(object, name, {
            value,
            enumerable: true,
            configurable: true,
            writable: true,
          }),
        depth + 1,
      );
    }
  }

  #string(): string {
    const text = this.#take(STRING);
    if (text === '') {
      // The end of the beginning may lie inside a text.
      if (this.#text[this.#at] === '"' && !this.#text.includes('\n', this.#at)) this.#at = this.#text.length;
      throw new Broken();
    }
    try {
      return JSON.parse(text) as string;
    } catch {
      throw new Broken();
    }
  }

  /** Passes over what a sticky pattern finds here, and returns it. */
  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }
}
