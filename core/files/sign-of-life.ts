import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BEAT_MS = 2_000;

/**
 * Touches a file every two seconds, so that a health check needs no process of ours: it looks at the age of the file. A
 * process whose event loop stands still touches nothing. `reprise serve` does so in the data folder, at `alive/<role>`.
 */
export class SignOfLife {
  readonly #path: string;
  readonly #timer: NodeJS.Timeout;

  constructor(data: string, role: string) {
    const folder = join(data, 'alive');
    this.#path = join(folder, role);
    try {
      mkdirSync(folder, { recursive: true });
      writeFileSync(this.#path, `${process.pid}\n`);
    } catch {
      // A role that needs the folder reports the error.
    }
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
    rmSync(this.#path, { force: true });
  }

  #beat(): void {
    const now = new Date();
    try {
      utimesSync(this.#path, now, now);
    } catch {
      // The folder was removed, or its disk is away: the health check tells.
    }
  }
}
