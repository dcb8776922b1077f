import type { Block } from '../../core/wire/block.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { Stepping } from './steps.ts';
import type { Stretch, Timeline } from './timeline.ts';

/** What to do about records that are late because something can't keep up. */
export type LatePolicy = 'slow' | 'drop' | 'burst';

/** How a player plays; it may change meanwhile. */
export interface Manner {
  /** Nothing after this is played; Infinity: to the end. */
  endMs: number;
  /** The whole timeline slows together, the late records are left out, or they go out at once. */
  late: LatePolicy;
  /** Stretches without records longer than this are cut down to it; 0: they are kept. */
  skipIdleMs: number;
  /** Waits for the attached services after each batch. */
  lockstep: boolean;
}

/** Where records go. The player knows no Redis. */
export interface Output {
  /** So many records are handed over at once at most. */
  readonly recordsAtOnce: number;
  /** Opens a new epoch on all channels, later than the one given; answers its number. */
  begin(lastEpoch: number, fromMs: number): Promise<number>;
  /** Sends records to one of the timeline's channels, after all before them; settles when they are published. */
  emit(channel: number, block: Block, restored: boolean): Promise<unknown>;
  /** Tells that nothing before a time will be sent in this epoch any more, or, when it is over, nothing at all. */
  reached(timeMs: number, over: boolean): Promise<unknown>;
  /** Settles when all attached services have read what was sent. */
  acknowledged(signal: AbortSignal): Promise<void>;
}

/** What a pass tells its player. */
export interface PassNews {
  published(block: Block): void;
  restored(count: number): void;
  dropped(count: number): void;
  /** The timeline was moved by so much because something could not keep up. */
  slipped(ms: number): void;
  /** The step that is under way, if any. */
  stepping(): Stepping | null;
}

/** What an earlier process published of the epoch. */
export interface Published {
  /** Records by channel, the restored ones included. */
  counts: number[];
  /** The recording time it had reached. */
  reachedMs: number;
}

/** More data go in several batches. */
const BATCH_BYTES = 1 << 20;
/** Batches on their way at once: one is written while the next is made. */
const BATCHES_AHEAD = 3;
/** Less is a hiccup, which is made up for. */
const LATE_MAX_MS = 250;

/**
 * One run along the timeline within one epoch: first the latest state of each subject before it, then each record at its
 * due time, in order, once.
 */
export class Pass {
  readonly #timeline: Timeline;
  readonly #output: Output;
  readonly #clock: Clock;
  readonly #manner: Manner;
  readonly #news: PassNews;
  #ahead: Promise<unknown>[] = [];
  readonly #failed = new AbortController();
  /** By channel: how many of the coming records are in Redis already. */
  readonly #left: number[];
  /** Where the earlier process was; null once this pass is past what that published. */
  #reachedMs: number | null;
  /** Of the last record sent, and of the next one while it is waited for. */
  #sentMs = -Infinity;
  #nextMs: number | null = null;
  #markedMs = -Infinity;
  #isOver = false;

  constructor(parts: {
    timeline: Timeline;
    output: Output;
    clock: Clock;
    manner: Manner;
    news: PassNews;
    published: Published | null;
  }) {
    this.#timeline = parts.timeline;
    this.#output = parts.output;
    this.#clock = parts.clock;
    this.#manner = parts.manner;
    this.#news = parts.news;
    this.#left = [...(parts.published?.counts ?? [])];
    this.#reachedMs = parts.published?.reachedMs ?? null;
  }

  /** Ends at the end of the timeline or range, or when aborted. All that was sent has arrived afterwards. */
  async run(fromMs: number, interrupt: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([interrupt, this.#failed.signal]);
    try {
      await this.#restore(fromMs, signal);
      await this.#play(fromMs, signal);
      // The range may go on after the last record: a loop keeps its length.
      if (this.#manner.endMs !== Infinity)
        await this.#clock.until(this.#manner.endMs, signal, () => this.#atRest());
    } finally {
      this.#isOver = true;
      await Promise.all(this.#ahead);
    }
    if (!signal.aborted) await this.#output.reached(this.#clock.positionMs(), true);
    this.#endStep(null);
  }

  /** Tells how far it is: who waits for time to pass need not wait for a next record. */
  async mark(): Promise<void> {
    const timeMs = this.#nextMs === null ? this.#sentMs : Math.min(this.#nextMs, this.#clock.positionMs());
    if (timeMs <= this.#markedMs) return;
    this.#markedMs = timeMs;
    await Promise.all(this.#ahead);
    if (!this.#isOver) await this.#output.reached(timeMs, false);
  }

  async #restore(fromMs: number, signal: AbortSignal): Promise<void> {
    if (fromMs <= this.#timeline.startMs) return;
    for (const { channel, block } of await this.#timeline.latestBefore(fromMs)) {
      const there = Math.min(this.#left[channel] ?? 0, block.count);
      if (there > 0) this.#left[channel]! -= there;
      const { recordsAtOnce } = this.#output;
      for (let at = there; at < block.count && !signal.aborted; at += recordsAtOnce) {
        await this.#send(channel, block.slice(at, Math.min(at + recordsAtOnce, block.count)), true);
      }
    }
  }

  async #play(fromMs: number, signal: AbortSignal): Promise<void> {
    const clock = this.#clock;
    let previousMs = fromMs;
    for await (const stretch of this.#stretches(fromMs)) {
      const { timesMs } = stretch;
      for (let at = 0; at < timesMs.length;) {
        const timeMs = timesMs[at]!;
        if (timeMs > this.#manner.endMs) return;
        if (this.#left.some((count) => count > 0)) {
          at = await this.#passOver(stretch, at);
          clock.jump((previousMs = timesMs[at - 1]!));
          continue;
        }
        if (this.#reachedMs !== null) {
          clock.jump(Math.max(previousMs, Math.min(this.#reachedMs, timeMs)));
          this.#reachedMs = null;
        }
        this.#skipIdle(previousMs, timeMs);
        this.#nextMs = timeMs;
        await clock.until(timeMs, signal, () => this.#released(timeMs));
        this.#nextMs = null;
        if (signal.aborted) return;
        const late = this.#outOfTime(timesMs, at);
        if (late > 0) {
          this.#news.dropped(late);
          at += late;
          continue;
        }
        const end = this.#due(timesMs, at);
        for (const { channel, block } of stretch.parts(at, end)) await this.#send(channel, block, false);
        this.#sentMs = previousMs = timesMs[end - 1]!;
        this.#reached(previousMs, end - at);
        if (this.#manner.lockstep) {
          await this.#arrived();
          await this.#output.acknowledged(signal);
        }
        at = end;
      }
    }
  }

  /** Each is told when all that was sent of it has arrived. */
  async *#stretches(fromMs: number): AsyncGenerator<Stretch> {
    for await (const stretch of this.#timeline.from(fromMs)) {
      try {
        yield stretch;
      } finally {
        // What has failed may still be on its way.
        const tell = () => void (this.#failed.signal.aborted || stretch.done?.());
        Promise.all(this.#ahead).then(tell, () => {});
      }
    }
  }

  /** Goes past records that are in Redis already; sends those of a channel that is not as far as another. */
  async #passOver(stretch: Stretch, at: number): Promise<number> {
    const end = Math.min(at + this.#output.recordsAtOnce, stretch.timesMs.length);
    const parts = stretch.parts(at, end);
    if (parts.every(({ channel, block }) => (this.#left[channel] ?? 0) >= block.count)) {
      for (const { channel, block } of parts) this.#left[channel]! -= block.count;
      return end;
    }
    for (const { channel, block } of stretch.parts(at, at + 1)) {
      if ((this.#left[channel] ?? 0) > 0) this.#left[channel]!--;
      else await this.#send(channel, block, false);
    }
    return at + 1;
  }

  async #send(channel: number, block: Block, restored: boolean): Promise<void> {
    for (let from = 0; from < block.count;) {
      const to = block.upTo(BATCH_BYTES, from);
      await this.#sendBatch(channel, block.slice(from, to), restored);
      from = to;
    }
  }

  /** Waits while too much is on its way. */
  async #sendBatch(channel: number, block: Block, restored: boolean): Promise<void> {
    const sent = this.#output.emit(channel, block, restored).then(() => {
      if (restored) this.#news.restored(block.count);
      else this.#news.published(block);
    });
    sent.catch(() => this.#failed.abort()); // Thrown where it is awaited, here or in `run`: a pass that stands is woken.
    this.#ahead.push(sent);
    while (this.#ahead.length > BATCHES_AHEAD) await this.#ahead.shift();
  }

  async #arrived(): Promise<void> {
    await Promise.all(this.#ahead.splice(0));
  }

  /** The end of the run of records that are due now, from `at` on; at least one. */
  #due(timesMs: Float64Array, at: number): number {
    const { endMs } = this.#manner;
    const last = Math.min(at + this.#output.recordsAtOnce, timesMs.length);
    const stepping = this.#clock.paused ? this.#news.stepping() : null;
    if (stepping) return at + Math.max(1, stepping.count(timesMs, at, last));
    const horizonMs = this.#clock.rate === 'max' ? endMs : Math.min(endMs, this.#clock.positionMs());
    let end = at + 1;
    while (end < last && timesMs[end]! <= horizonMs) end++;
    return end;
  }

  #reached(timeMs: number, count: number): void {
    this.#clock.reached(timeMs);
    const stepping = this.#news.stepping();
    if (!stepping) return;
    stepping.passed(count);
    if (this.#clock.paused) this.#clock.jump(timeMs);
  }

  /** Whether a step lets this record pass while the clock stands; a step that is over ends here. */
  #released(timeMs: number): boolean {
    if (this.#news.stepping()?.passes(timeMs)) return true;
    this.#endStep(timeMs);
    return false;
  }

  #atRest(): boolean {
    this.#endStep(Infinity);
    return false;
  }

  /** Ends a step; the clock then stands where the step ends, but before the next record. */
  #endStep(nextMs: number | null): void {
    const stepping = this.#news.stepping();
    if (!stepping) return;
    const restMs = stepping.end();
    // A failure to arrive is met where the batch is awaited: `#ahead` keeps it.
    void Promise.allSettled(this.#ahead).then(() => stepping.finish());
    if (restMs !== null && this.#clock.paused && (nextMs === null || restMs < nextMs))
      this.#clock.jump(restMs);
  }

  #skipIdle(previousMs: number, timeMs: number): void {
    const { skipIdleMs } = this.#manner;
    const clock = this.#clock;
    if (skipIdleMs === 0 || clock.paused || clock.rate === 'max') return;
    if (timeMs - Math.max(previousMs, clock.positionMs()) > skipIdleMs) clock.jump(timeMs - skipIdleMs);
  }

  /** Deals with records that are late; answers how many are to be left out. */
  #outOfTime(timesMs: Float64Array, at: number): number {
    const clock = this.#clock;
    const { late } = this.#manner;
    if (late === 'burst' || clock.paused || clock.rate === 'max') return 0;
    const lateMs = -clock.dueInMs(timesMs[at]!);
    if (lateMs <= LATE_MAX_MS) return 0;
    if (late === 'slow') {
      clock.jump(timesMs[at]!);
      this.#news.slipped(lateMs);
      return 0;
    }
    let end = at + 1;
    while (end < timesMs.length && -clock.dueInMs(timesMs[end]!) > LATE_MAX_MS) end++;
    return end - at;
  }
}
