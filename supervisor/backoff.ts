const FIRST_MS = 250;
const LONGEST_MS = 10_000;
const HEALTHY_MS = 30_000;

/** How long to wait before an ended process is started again: twice as long each time, and anew after 30 s of service. */
export class Backoff {
  #nextMs = FIRST_MS;

  /** The wait before a process is started again that had to be ended: nothing says that it fails at its start. */
  first(): number {
    return FIRST_MS;
  }

  /** @param livedMs how long the process served before it ended */
  next(livedMs: number): number {
    if (livedMs >= HEALTHY_MS) this.#nextMs = FIRST_MS;
    const delayMs = this.#nextMs;
    this.#nextMs = Math.min(delayMs * 2, LONGEST_MS);
    return delayMs;
  }
}
