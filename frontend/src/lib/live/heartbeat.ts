import { basePath } from '../ui/base-path.ts';

const LOOK_MS = 1000;
/** After this long without a message the API is asked for a sign of life. */
const QUIET_MS = 1500;
/** It answers within this time, or it is silent. */
const ANSWER_MS = 2500;
/** If a look comes this much later than planned, the page itself stood still, and an answer may be waiting. */
const LATE_MS = 1000;
/** What a proxy answers for an API that does not respond. */
const OF_A_PROXY = new Set([502, 503, 504]);

/**
 * Notices within six seconds that the API is silent: a process that is stopped or stuck keeps its connections open. While
 * messages come, nothing is asked; a hidden page does not ask either.
 */
export class Heartbeat {
  readonly #isConnected: () => boolean;
  readonly #told: (silentSince: number | undefined) => void;
  #heardAt = performance.now();
  #lookedAt = performance.now();
  #asking = false;

  /** `told` gets the wall time, ms, since when the API is silent, and undefined when it is heard again. */
  constructor(isConnected: () => boolean, told: (silentSince: number | undefined) => void) {
    this.#isConnected = isConnected;
    this.#told = told;
    setInterval(() => void this.#look(), LOOK_MS);
  }

  /** A message has come. */
  heard(): void {
    this.#heardAt = performance.now();
    this.#told(undefined);
  }

  async #look(): Promise<void> {
    const now = performance.now();
    const stoodStill = now - this.#lookedAt > LOOK_MS + LATE_MS;
    this.#lookedAt = now;
    if (document.hidden || stoodStill || !this.#isConnected())
      this.#heardAt = Math.max(this.#heardAt, now - QUIET_MS);
    if (document.hidden || this.#asking || !this.#isConnected() || now - this.#heardAt < QUIET_MS) return;
    this.#asking = true;
    if (await answers()) this.heard();
    // The page may have stood still meanwhile; a message may have come.
    else if (this.#isConnected() && this.#heardAt <= now) {
      const late = performance.now() - this.#lookedAt > LOOK_MS + LATE_MS;
      if (!late) this.#told(performance.timeOrigin + this.#heardAt);
    }
    this.#asking = false;
  }
}

async function answers(): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const { status } = await fetch(`${basePath}healthz`, { cache: 'no-store', signal });
    return !OF_A_PROXY.has(status);
  } catch {
    return false;
  }
}
