import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Clock } from '../../core/time/clock.ts';

const HIGHEST_US = 3_600_000_000;
/** Less is not shown in the position. */
const BEHIND_MIN_MS = 50;

/** Upper bounds of the distribution of lateness, seconds. */
export const LATENESS_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5] as const;
const BOUNDS_US = LATENESS_BOUNDS.map((seconds) => seconds * 1e6);

/** How late records are: from the due time to when Redis has published, as a subscriber could see it. */
export class Lateness {
  /** Microseconds, of all records. */
  readonly all: RecordableHistogram = createHistogram({ highest: HIGHEST_US });
  /** Microseconds, since the reader last reset it. */
  readonly recent: RecordableHistogram = createHistogram({ highest: HIGHEST_US });
  /** Number of records up to each bound and above the one before, and above all; and the sum, seconds. Since `take`. */
  #counts = new Float64Array(BOUNDS_US.length + 1);
  #sumSeconds = 0;
  /** How far playing is behind the clock, in machine time; 0 while it keeps up. */
  behindMs = 0;

  /** Takes in the times of records that have just been published. */
  measure(clock: Clock, timesMs: Float64Array): void {
    if (clock.rate === 'max' || clock.paused) return;
    const lateMs = -clock.dueInMs(timesMs[0]!);
    this.behindMs = lateMs > BEHIND_MIN_MS ? lateMs : 0;
    for (const timeMs of timesMs) {
      const lateUs = Math.max(1, Math.round(-clock.dueInMs(timeMs) * 1000));
      this.all.record(lateUs);
      this.recent.record(lateUs);
      let bound = 0;
      while (bound < BOUNDS_US.length && lateUs > BOUNDS_US[bound]!) bound++;
      this.#counts[bound]!++;
      this.#sumSeconds += lateUs / 1e6;
    }
  }

  /** The distribution of lateness since the last call. */
  take(): { counts: Float64Array; sumSeconds: number } {
    const taken = { counts: this.#counts, sumSeconds: this.#sumSeconds };
    this.#counts = new Float64Array(BOUNDS_US.length + 1);
    this.#sumSeconds = 0;
    return taken;
  }
}
