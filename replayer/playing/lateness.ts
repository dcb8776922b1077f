import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Clock } from '../../core/time/clock.ts';

const HIGHEST_US = 3_600_000_000;
/** Less is not shown in the position. */
const BEHIND_MIN_MS = 50;

/** How late records are: from the due time to when Redis has published, as a subscriber could see it. */
export class Lateness {
  /** Microseconds, of all records. */
  readonly all: RecordableHistogram = createHistogram({ highest: HIGHEST_US });
  /** Microseconds, since the reader last reset it. */
  readonly recent: RecordableHistogram = createHistogram({ highest: HIGHEST_US });
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
    }
  }
}
