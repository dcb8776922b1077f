/** How far a step goes: a number of records, a span of recording time, or all records of the next times there are. */
export type Step = { records: number } | { spanMs: number } | { times: number };

/** A step that is under way: it lets records pass while the clock is paused. */
export class ActiveStep {
  readonly done: Promise<void>;
  over = false;
  #step: Step;
  #finish!: () => void;
  /** Records up to this time pass; null until it is known. */
  #untilMs: number | null;

  constructor(step: Step, positionMs: number) {
    this.#step = { ...step };
    this.#untilMs = 'spanMs' in step ? positionMs + step.spanMs : null;
    this.done = new Promise((resolve) => (this.#finish = resolve));
  }

  /** Whether a record of this time may pass. */
  passes(timeMs: number): boolean {
    if ('records' in this.#step) return this.#step.records > 0;
    if ('times' in this.#step && this.#untilMs === null) {
      if (this.#step.times === 0) return false;
      this.#step.times--;
      this.#untilMs = timeMs;
    }
    if (timeMs <= this.#untilMs!) return true;
    if (!('times' in this.#step) || this.#step.times === 0) return false;
    this.#step.times--;
    this.#untilMs = timeMs;
    return true;
  }

  /** How many of the records from `at` to before `end` pass; the first one does. */
  count(timesMs: Float64Array, at: number, end: number): number {
    if ('records' in this.#step) return Math.min(this.#step.records, end - at);
    let count = 0;
    while (at + count < end && timesMs[at + count]! <= this.#untilMs!) count++;
    return count;
  }

  /** Counts records that have passed. */
  passed(count: number): void {
    if ('records' in this.#step) this.#step.records -= count;
  }

  /** Lets nothing more pass. Answers where the clock then stands; null: at the last record. */
  end(): number | null {
    this.over = true;
    return this.#untilMs;
  }

  /** Settles `done`: everything that passed has arrived. */
  finish(): void {
    this.over = true;
    this.#finish();
  }
}
