import { shareOf, type TimeRange } from '../ui/time-range.ts';

const PARTS = 400;

/** The worst lateness of records in each of 400 equal parts of a recording, as far as it has been played. */
export class Lateness {
  /** Milliseconds; NaN where nothing was measured. */
  readonly worst = new Float32Array(PARTS).fill(NaN);
  /** Changes with every new value. */
  version = 0;
  #key = '';

  clear(): void {
    this.#key = '';
    this.worst.fill(NaN);
    this.version++;
  }

  /** Notes the lateness of a clock tick. Another replay, or another range, starts over. */
  note(replay: string, whole: TimeRange, timeMs: number, latenessMs: number): void {
    const key = `${replay} ${whole.from} ${whole.to}`;
    if (key !== this.#key) {
      this.#key = key;
      this.worst.fill(NaN);
    }
    const part = Math.min(PARTS - 1, Math.floor(shareOf(whole, timeMs) * PARTS));
    if (part < 0) return;
    if (!(latenessMs <= (this.worst[part] as number))) {
      this.worst[part] = latenessMs;
      this.version++;
    }
  }
}
