import type { Time } from '../../core/time/clock.ts';
import type { Player } from './player.ts';

const SAMPLE_MS = 1_000;
/** After a longer gap between samples, as while the machine slept, the difference says nothing. */
const STALE_MS = 3_000;

/** What a player achieves, measured between samples about a second apart. */
export class RateMeter {
  /** Recorded seconds per second; null while there is nothing to measure. */
  achievedRate: number | null = null;
  eventsPerSecond: number | null = null;
  /** The 99th percentile since the last sample. */
  latenessMs = 0;
  readonly #player: Player;
  readonly #time: Time;
  #last = { atMs: -Infinity, positionMs: 0, epoch: 0, published: 0 };

  constructor(player: Player, time: Time) {
    this.#player = player;
    this.#time = time;
  }

  /** Takes a sample when one is due; call it several times a second. */
  sample(): void {
    const { state, epoch, counts, lateness } = this.#player;
    const { recent } = lateness;
    const nowMs = this.#time.now();
    const elapsedMs = nowMs - this.#last.atMs;
    const playing = state === 'playing';
    if (!playing) this.achievedRate = this.eventsPerSecond = null;
    if (playing && epoch === this.#last.epoch && elapsedMs < SAMPLE_MS) return;
    const positionMs = this.#player.positionMs();
    if (playing && epoch === this.#last.epoch && elapsedMs < STALE_MS) {
      const rate = (positionMs - this.#last.positionMs) / elapsedMs;
      this.achievedRate = Math.round(rate * 100) / 100;
      this.eventsPerSecond = Math.round(((counts.published - this.#last.published) / elapsedMs) * 1000);
    }
    this.latenessMs = recent.count === 0 ? 0 : recent.percentile(99) / 1000;
    recent.reset();
    this.#last = { atMs: nowMs, positionMs, epoch, published: counts.published };
  }
}
