import type { Time } from '../../core/time/clock.ts';
import type { Player } from './player.ts';

const SAMPLE_MS = 1_000;
/** After a longer gap between looks, as while the machine slept, a sample says nothing. */
const STALE_MS = 3_000;

/** What a player achieves, measured from one look to another about a second later. */
export class Gauge {
  /** Recorded seconds per second; null while there is nothing to measure. */
  achievedRate: number | null = null;
  eventsPerSecond: number | null = null;
  /** p99 since the last sample. */
  latenessMs = 0;
  readonly #player: Player;
  readonly #time: Time;
  #sample = { atMs: -Infinity, positionMs: 0, epoch: 0, published: 0 };

  constructor(player: Player, time: Time) {
    this.#player = player;
    this.#time = time;
  }

  look(): void {
    const { state, epoch, counts, recentLateness } = this.#player;
    const nowMs = this.#time.now();
    const elapsedMs = nowMs - this.#sample.atMs;
    const playing = state === 'playing';
    if (!playing) this.achievedRate = this.eventsPerSecond = null;
    if (playing && epoch === this.#sample.epoch && elapsedMs < SAMPLE_MS) return;
    const positionMs = this.#player.positionMs();
    if (playing && epoch === this.#sample.epoch && elapsedMs < STALE_MS) {
      const rate = (positionMs - this.#sample.positionMs) / elapsedMs;
      this.achievedRate = Math.round(rate * 100) / 100;
      this.eventsPerSecond = Math.round(((counts.published - this.#sample.published) / elapsedMs) * 1000);
    }
    this.latenessMs = recentLateness.count === 0 ? 0 : recentLateness.percentile(99) / 1000;
    recentLateness.reset();
    this.#sample = { atMs: nowMs, positionMs, epoch, published: counts.published };
  }
}
