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
const NEXT_OBJECT = /[,[\n]\s*(?=\{)/g;

class Beginning {
  readonly #text: string;
  #at: number;

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

  /** Adds the value that begins here to a list; after a broken one goes on behind it. False where nothing follows. */
  #next(list: unknown[], depth: number): boolean {
    const from = this.#at;
    try {
      this.#value((value) => list.push(value), depth);
      return true;
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      NEXT_OBJECT.lastIndex = from + 1;
      const next = NEXT_OBJECT.exec(this.#text);
      this.#at = next ? NEXT_OBJECT.lastIndex : this.#text.length;
      return next !== null;
    }
  }

  #value(add: (value: unknown) => void, depth: number): void {
    const code = this.#text[this.#at];
    if (depth > DEPTH_MAX) throw new Broken();
    if (code === '{') {
      const object: { [name: string]: unknown } = {};
      this.#object(object, depth);
      add(object);
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
