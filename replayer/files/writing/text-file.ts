import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const FLUSHED_CHARACTERS = 1 << 16;

/** A text file that is written piece by piece, gzipped where `packed` is set. */
export class TextFile {
  readonly #to = new PassThrough({ highWaterMark: 1 << 20 });
  readonly #done: Promise<void>;
  #text = '';

  constructor(path: string, packed: boolean) {
    const file = createWriteStream(path);
    this.#done = packed ? pipeline(this.#to, createGzip({ level: 4 }), file) : pipeline(this.#to, file);
    this.#done.catch(() => {}); // `end` awaits it.
  }

  write(text: string): void {
    this.#text += text;
  }

  /** Hands over what was written, and waits until the file can take more. */
  async ready(): Promise<void> {
    if (this.#text.length < FLUSHED_CHARACTERS) return;
    const text = this.#text;
    this.#text = '';
    if (!this.#to.write(text)) await Promise.race([once(this.#to, 'drain'), this.#done]);
  }

  async end(): Promise<void> {
    this.#to.end(this.#text);
    this.#text = '';
    await this.#done;
  }
}
