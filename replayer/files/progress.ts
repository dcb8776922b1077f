/** The progress of a conversion, which takes one or several passes over the data. */
export class Progress {
  /** How many passes there will be. Set once the inputs are known. */
  count = 1;
  #begun = 0;
  #told = 0;
  readonly #tell: (share: number) => void;

  /** `tell` is called with the share of all passes that is done, 0..1, as often as it changes. */
  constructor(tell: (share: number) => void = () => {}) {
    this.#tell = tell;
  }

  /** Begins the next pass. Call the result with the share of the pass that is done, 0..1; null where it is not known. */
  begin(): (share: number | null) => void {
    const before = this.#begun++;
    return (share) => {
      const done = Math.min(1, (before + (share ?? 0)) / Math.max(this.count, this.#begun));
      // A pass that nobody expected must not take back what was told.
      this.#tell((this.#told = Math.max(this.#told, done)));
    };
  }
}

/** How much of a time range has passed at a time, 0..1. */
export function timeShare(timeMs: number, startMs: number, endMs: number): number {
  return endMs > startMs ? Math.min(1, Math.max(0, (timeMs - startMs) / (endMs - startMs))) : 1;
}
