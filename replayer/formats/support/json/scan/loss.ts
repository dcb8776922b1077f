import { firstNameOf, type Frame } from './frames.ts';
import type { ScannedValue } from './scanned.ts';

/** The broken value behind which a scanner searches for the next object, and how much is lost with it. */
export class Loss {
  readonly #found: ScannedValue[];
  #value: ScannedValue | null = null;
  #bytes = 0;
  /** How far the value is indented; -1 where it does not begin a line. */
  #indent = -1;

  /** `found` receives broken values when their bytes are counted. */
  constructor(found: ScannedValue[]) {
    this.#found = found;
  }

  /** Begins another loss, unless one is open: what is lost then belongs to that. */
  begin({ path, outer }: Frame, line: number, text: string, problem: string): void {
    if (this.#value) return;
    this.#value = { line, path, name: '', keys: [], outer, text, problem };
    this.#bytes = 0;
  }

  indentAt(indent: number): void {
    this.#indent = indent;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Adds a character, as a unit of UTF-16. */
  addCharacter(code: number): void {
    this.#bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code >= 0xd800 && code < 0xe000 ? 2 : 3;
  }

  /**
   * Whether an object that a search found is inside the broken value: it begins like no element before, and
   * further in, or it has no first name.
   */
  holds(text: string, { firstNames }: Frame, indent: number): boolean {
    if (!this.#value || firstNames.size === 0 || firstNames.has(firstNameOf(text))) return false;
    return firstNameOf(text) === '' || indent === -1 || indent > this.#indent;
  }

  /** Ends the loss: the broken value is found now. */
  settle(): void {
    if (this.#value) this.#found.push({ ...this.#value, bytes: this.#bytes });
    this.#value = null;
  }
}
