import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const HELD_MAX_CHARACTERS = 1 << 25;
const PIECE_BYTES = 1 << 20;

/** Where a piece of a group lies in the temporary file. */
interface Piece {
  at: number;
  bytes: number;
}

/** Texts in groups that are written to alternately and read one after the other. What is too much for memory lies on disk. */
export class GroupedText {
  readonly #path: string;
  readonly #held = new Map<string, string>();
  readonly #pieces = new Map<string, Piece[]>();
  #characters = 0;
  #file: number | null = null;
  #bytes = 0;

  /** `folder`: for a temporary file, which the caller removes with it. */
  constructor(folder: string) {
    this.#path = join(folder, 'groups.txt');
  }

  /** The groups, in the order in which they first occurred. */
  get groups(): string[] {
    return [...this.#pieces.keys()];
  }

  add(group: string, text: string): void {
    if (!this.#pieces.has(group)) this.#pieces.set(group, []);
    this.#held.set(group, (this.#held.get(group) ?? '') + text);
    this.#characters += text.length;
    if (this.#characters > HELD_MAX_CHARACTERS) this.#spill();
  }

  /** The text of a group, in parts that do not end within a character. */
  *read(group: string): Generator<string> {
    for (const { at, bytes } of this.#pieces.get(group) ?? []) {
      const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
      for (let from = 0; from < bytes; from += PIECE_BYTES) {
        const piece = Buffer.alloc(Math.min(PIECE_BYTES, bytes - from));
        readSync(this.#file!, piece, 0, piece.length, at + from);
        yield decoder.decode(piece, { stream: true });
      }
    }
    yield this.#held.get(group) ?? '';
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
  }

  #spill(): void {
    this.#file ??= openSync(this.#path, 'w+');
    for (const [group, text] of this.#held) {
      const piece = Buffer.from(text);
      writeSync(this.#file, piece, 0, piece.length, this.#bytes);
      this.#pieces.get(group)!.push({ at: this.#bytes, bytes: piece.length });
      this.#bytes += piece.length;
    }
    this.#held.clear();
    this.#characters = 0;
  }
}
