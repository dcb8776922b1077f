/** How far a conversion is: it goes over the data once or several times. */
export class Progress {
  /** How many passes there will be. Set as soon as it is known what the inputs are. */
  count = 1;
  #begun = 0;
  readonly #tell: (share: number) => void;

  /** `tell` hears of the share of all passes that is done, 0..1, at any rate. */
  constructor(tell: (share: number) => void = () => {}) {
    this.#tell = tell;
  }

  /** Begins the next one. Call the answer with how much of it is done, 0..1, or null where nobody knows. */
  begin(): (share: number | null) => void {
    const before = this.#begun++;
    return (share) => this.#tell(Math.min(1, (before + (share ?? 0)) / Math.max(this.count, this.#begun)));
  }
}

/** What share of a stretch of time is over. */
export function timeShare(timeMs: number, startMs: number, endMs: number): number {
  return endMs > startMs ? Math.min(1, Math.max(0, (timeMs - startMs) / (endMs - startMs))) : 1;
}
