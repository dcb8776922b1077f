import { shareOf, type TimeRange } from '../ui/time-range.ts';

const PARTS = 400;

/** How late records left, along a recording: the worst of each of 400 parts, as far as it has been played. */
export class Lateness {
  /** Milliseconds; NaN where nothing was measured. */
  readonly worst = new Float32Array(PARTS).fill(NaN);
  /** Moves with every change. */
  version = 0;
  #of = '';

  /** Notes what a tick of the clock tells. `of` names what is played: another one, or another span, starts over. */
  note(of: string, whole: TimeRange, timeMs: number, latenessMs: number): void {
    const key = `${of} ${whole.from} ${whole.to}`;
    if (key !== this.#of) {
      this.#of = key;
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
