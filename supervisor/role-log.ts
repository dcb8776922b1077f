import { createWriteStream, mkdirSync, renameSync, statSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { levels, type Level } from '../core/logging/log.ts';

const LARGEST_BYTES = 10 * 1024 * 1024;

interface Line {
  level: Level;
  message: string;
  /** Problem code. */
  code?: string;
}

/** The last message of a process. */
export type LastWords = Pick<Line, 'message' | 'code'>;

const SILENCE: LastWords = { message: '' };

/**
 * The log file of one role: JSON lines, whatever the role writes. A large file is set aside at the next start. Calls
 * `warned` with each warning and error.
 */
export class RoleLog {
  readonly #name: string;
  readonly #file: WriteStream;
  readonly #warned: (message: string) => void;
  #lastWords: LastWords = SILENCE;

  constructor(path: string, name: string, warned: (message: string) => void) {
    mkdirSync(dirname(path), { recursive: true });
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LARGEST_BYTES) renameSync(path, `${path}.1`);
    this.#name = name;
    this.#warned = warned;
    this.#file = createWriteStream(path, { flags: 'a' });
    this.#file.on('error', (error) => warned(`Its log can't be written: ${error.message}.`));
  }

  /** The last message of the role, and forgets it; it says why the role ended. */
  takeLastWords(): LastWords {
    const words = this.#lastWords;
    this.#lastWords = SILENCE;
    return words;
  }

  /** Copies a stream of the role into the log until it ends. */
  async follow(stream: Readable): Promise<void> {
    for await (const text of createInterface({ input: stream, crlfDelay: Infinity })) this.#take(text);
  }

  close(): void {
    this.#file.end();
  }

  #take(text: string): void {
    if (text.trim() === '') return;
    const line = parse(text);
    if (line) {
      this.#file.write(`${text}\n`);
      if (levels[line.level] < levels.warn) return;
      this.#lastWords = line;
      return this.#warned(line.message);
    }
    // Node's report of a crash, or a sentence for the terminal. The line with the error says more than the stack.
    const time = new Date().toISOString();
    const plain = { level: 'error', time, kind: 'system', service: this.#name, message: text };
    this.#file.write(`${JSON.stringify(plain)}\n`);
    if (/^\w*Error\b.*: /.test(text) || !/^\s|^Node\.js v|^node:|^file:/.test(text))
      this.#lastWords = { message: text.trim() };
  }
}

function parse(text: string): Line | null {
  if (!text.startsWith('{')) return null;
  try {
    const line = JSON.parse(text) as Partial<Line>;
    const isLine = typeof line.level === 'string' && Object.hasOwn(levels, line.level);
    return isLine ? { ...line, level: line.level!, message: line.message ?? '' } : null;
  } catch {
    return null;
  }
}
