import type { Readable } from 'node:stream';

const LOOK_MS = 250;
/** A look that comes this much later than it should: the supervisor itself did not run, so the process is not to blame. */
const LATE_LOOKS = 2;
/** How long a process may take until it shows life for the first time. */
const START_LIMIT_MS = 60_000;

/** Listens to the signs of life of a process: bytes in a pipe, several a second. */
export class Heartbeat {
  readonly #looks: NodeJS.Timeout | null;
  #silentMs = 0;
  #isHeard = false;

  /**
   * @param limitMs how long it may be silent, after it was heard for the first time; 0: as long as it likes
   * @param silent called once, with the time that it has been silent
   */
  constructor(pulse: Readable, limitMs: number, silent: (ms: number) => void) {
    pulse.on('data', () => {
      this.#silentMs = 0;
      this.#isHeard = true;
    });
    // The end of the process is noticed elsewhere.
    pulse.on('error', () => {});
    let lookedMs = performance.now();
    const look = () => {
      const nowMs = performance.now();
      this.#silentMs += Math.min(nowMs - lookedMs, LATE_LOOKS * LOOK_MS);
      lookedMs = nowMs;
      if (this.#silentMs < (this.#isHeard ? limitMs : Math.max(limitMs, START_LIMIT_MS))) return;
      this.close();
      silent(this.#silentMs);
    };
    this.#looks = limitMs > 0 ? setInterval(look, LOOK_MS) : null;
  }

  close(): void {
    if (this.#looks) clearInterval(this.#looks);
  }
}
