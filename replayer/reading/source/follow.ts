import { open, stat, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileChange } from './file-change.ts';

/** How a file is followed. */
export interface FollowOptions {
  /** Ends it. */
  signal: AbortSignal;
  /** Receives what happened to the file, as sentences. */
  told: (sentence: string) => void;
  /** Waits until the file may have changed or the signal is aborted. Default: until the system tells it, at most half a second. */
  wait?: (path: string, signal: AbortSignal) => Promise<void>;
}

const READ_BYTES = 1 << 18;
/** A line longer than this is passed on in parts. Formats refuse such a line, and memory stays bounded. */
const LINE_MAX_BYTES = 1 << 22;
const LINE_FEED = 10;
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * A file that grows: it is read from its beginning, and then on as lines come, until the signal is aborted. A new file may
 * take its name (the rest of the old one is read first), and it may be shortened (it is read from its start); both are
 * told. What came and went between two looks is not seen, nor that a shortened file has grown as long as it was.
 */
export class FollowedFile {
  readonly name: string;
  readonly #path: string;
  readonly #options: Required<FollowOptions>;
  /** Where the next reading begins. */
  #at = 0;
  /** How often it began at the start of a file again. */
  #restarts = 0;
  /** The beginning of a line whose end has not come yet. */
  #open: Buffer[] = [];
  #openBytes = 0;
  #isWaiting = false;
  #waiters: (() => void)[] = [];

  constructor(path: string, options: FollowOptions) {
    this.#path = path;
    this.name = basename(path);
    this.#options = { wait: fileChange, ...options };
  }

  /** Resolves while all lines that the file holds have been read, and more are waited for. */
  quiet(): Promise<void> {
    if (this.#isWaiting) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Its bytes in pieces of whole lines, each with its line feed. Leaving the loop closes the file. */
  async *lines(): AsyncGenerator<Buffer> {
    const { signal, told } = this.#options;
    let file = await open(this.#path);
    try {
      while (!signal.aborted) {
        yield* this.#newLines(file);
        const next = await this.#successor(file);
        if (next) {
          try {
            // Lines may have been added to the old file before the new one was there.
            yield* this.#newLines(file);
          } finally {
            await file.close();
            file = next;
          }
          this.#restart('was replaced by a new file: that one is read from its start');
        } else if ((await file.stat()).size < this.#at)
          this.#restart('became shorter: it is read from its start');
        else await this.#wait();
      }
    } finally {
      await file.close();
      this.#leaveOpenLine(told);
    }
  }

  /** What was added since the last reading, up to the end of the last whole line. */
  async *#newLines(file: FileHandle): AsyncGenerator<Buffer> {
    for (;;) {
      const { buffer, bytesRead } = await file.read(
        Buffer.allocUnsafeSlow(READ_BYTES),
        0,
        READ_BYTES,
        this.#at,
      );
      if (bytesRead === 0) return;
      let piece = buffer.subarray(0, bytesRead);
      // In the middle of what is read, a byte order mark would belong to a row.
      if (this.#at === 0 && this.#restarts > 0 && piece.subarray(0, MARK.length).equals(MARK))
        piece = piece.subarray(MARK.length);
      this.#at += bytesRead;
      const end = piece.lastIndexOf(LINE_FEED) + 1;
      if (end > 0) {
        yield this.#takeOpen(piece.subarray(0, end));
        piece = piece.subarray(end);
      }
      if (piece.length > 0) this.#open.push(Buffer.from(piece));
      this.#openBytes += piece.length;
      if (this.#openBytes > LINE_MAX_BYTES) yield this.#takeOpen(Buffer.alloc(0));
    }
  }

  /** The open line, with the bytes that end it. */
  #takeOpen(rest: Buffer): Buffer {
    const whole = this.#open.length > 0 ? Buffer.concat([...this.#open, rest]) : rest;
    this.#open = [];
    this.#openBytes = 0;
    return whole;
  }

  /** The file that has the name now, if that is another one. */
  async #successor(file: FileHandle): Promise<FileHandle | null> {
    const [own, named] = await Promise.all([file.stat(), stat(this.#path).catch(() => null)]);
    if (!named?.isFile() || (named.ino === own.ino && named.dev === own.dev)) return null;
    // It may be gone again: then the old one is all there is.
    return open(this.#path).catch(() => null);
  }

  #restart(what: string): void {
    const { told } = this.#options;
    this.#leaveOpenLine(told);
    told(`${this.name} ${what}.`);
    this.#at = 0;
    this.#restarts++;
  }

  #leaveOpenLine(told: (sentence: string) => void): void {
    const { length } = this.#takeOpen(Buffer.alloc(0));
    if (length > 0)
      told(
        `The last ${length.toLocaleString('en')} bytes of ${this.name} end without a line feed and are left out.`,
      );
  }

  async #wait(): Promise<void> {
    this.#isWaiting = true;
    for (const waiter of this.#waiters.splice(0)) waiter();
    await this.#options.wait(this.#path, this.#options.signal);
    this.#isWaiting = false;
  }
}
