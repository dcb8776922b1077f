/** Time as streams see it; tests hand in their own. */
export interface Timers {
  /** Milliseconds that never go back. */
  now(): number;
  /** Runs something once after so long; the answer calls it off. */
  after(ms: number, run: () => void): () => void;
}

export const realTimers: Timers = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
