import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { Clock, type Time } from '../core/clock.ts';
import type { Block } from '../core/block.ts';
import { RepriseError, sentence } from '../core/errors.ts';
import type { Rate } from '../schemas/types.ts';
import type { Timeline } from './timeline.ts';

export type PlayerState = 'idle' | 'playing' | 'paused' | 'ended' | 'failed';

/** Where records go. The player knows no Redis. */
export interface Output {
  /** Opens a new epoch on all channels, later than the one given; answers its number. */
  begin(lastEpoch: number): Promise<number>;
  /** Sends records to one of the timeline's channels, after all before them; settles when they are published. */
  emit(channel: number, block: Block): Promise<unknown>;
}

export interface PlayerOptions {
  rate: Rate;
  paused: boolean;
  startMs: number;
  /** Nothing after this is played; Infinity: to the end. */
  endMs: number;
  /** true: for ever; N: N times. */
  loop: boolean | number;
  time: Time;
  /** Called at every change of state, position by a seek, epoch, and rate. */
  changed?: () => void;
}

const BATCH_RECORDS = 512;
/** Batches on their way at once: one is written while the next is made. */
const BATCHES_AHEAD = 3;

/**
 * Plays a timeline to an output: each record at its due time, in order, once. A seek, a loop and a start each begin a
 * new epoch. Pause and rate are the clock's affair; the loop below knows nothing of them.
 */
export class Player {
  readonly clock: Clock;
  readonly #timeline: Timeline;
  readonly #output: Output;
  readonly #options: PlayerOptions;
  readonly lateness: RecordableHistogram = createHistogram({ highest: 3_600_000_000 });
  #running: 'idle' | 'playing' | 'ended' | 'failed' = 'idle';
  #error: string | null = null;
  #epoch = 0;
  #published = 0;
  #loopsDone = 0;
  #loop: boolean | number;
  #interrupt = new AbortController();
  #seekMs: number | null = null;
  #stopped = false;
  #landed: (() => void)[] = [];
  #wake: (() => void) | null = null;
  #behindMs = 0;
  /** Time of the last record that is known to be published. */
  #confirmedMs: number;

  constructor(timeline: Timeline, output: Output, options: PlayerOptions) {
    this.#timeline = timeline;
    this.#output = output;
    this.#options = options;
    this.#loop = options.loop;
    this.#confirmedMs = options.startMs;
    this.clock = new Clock(options.startMs, options.rate, options.time, options.paused);
  }

  get state(): PlayerState {
    return this.#running === 'playing' && this.clock.paused ? 'paused' : this.#running;
  }

  get error(): string | null {
    return this.#error;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get published(): number {
    return this.#published;
  }

  get loopsDone(): number {
    return this.#loopsDone;
  }

  get loop(): boolean | number {
    return this.#loop;
  }

  get startMs(): number {
    return this.#options.startMs;
  }

  /** Where the range ends; null where it is not known yet. */
  get endMs(): number | null {
    const { endMs } = this.#timeline;
    return this.#options.endMs === Infinity ? endMs : Math.min(this.#options.endMs, endMs ?? Infinity);
  }

  /** Recording time reached: where the clock stands, less what is overdue. */
  positionMs(): number {
    const end = this.endMs ?? Infinity;
    if (this.#running === 'ended') return Math.min(this.clock.positionMs(), end);
    const rate = this.clock.rate;
    const behind = rate === 'max' ? 0 : this.#behindMs * rate;
    return Math.max(this.#options.startMs, Math.min(this.clock.positionMs() - behind, end));
  }

  /** Plays until the end, or with `stay` until stopped: then an ended player waits for a seek or play. */
  async run(stay = false): Promise<void> {
    try {
      for (let fromMs = this.#options.startMs; !this.#stopped;) {
        await this.#begin(fromMs);
        try {
          await this.#pass(fromMs);
        } catch (error) {
          // Redis came back without its data: a new epoch voids what was, so going on at what arrived last doubles nothing.
          if (!(error instanceof RepriseError && error.code === 'log_reset')) throw error;
          this.#seekMs ??= this.#confirmedMs;
        }
        if (this.#stopped) break;
        if (this.#seekMs === null && this.#again()) this.#seekMs = this.#options.startMs;
        if (this.#seekMs === null) {
          this.#to('ended');
          if (!stay) break;
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
        fromMs = this.#seekMs ?? this.#options.startMs;
      }
    } catch (error) {
      this.#error = sentence(error);
      this.#to('failed');
      throw error;
    } finally {
      this.#settleSeeks();
    }
  }

  pause(): void {
    this.clock.pause();
    this.#options.changed?.();
  }

  /** Goes on; from the start when it has ended. */
  play(): void {
    if (this.#running === 'ended') {
      this.#loopsDone = 0;
      this.#seekMs ??= this.#options.startMs;
    }
    this.clock.resume();
    this.#wake?.();
    this.#options.changed?.();
  }

  setRate(rate: Rate): void {
    this.clock.setRate(rate);
    this.#options.changed?.();
  }

  setLoop(loop: boolean | number): void {
    this.#loop = loop;
    this.#options.changed?.();
  }

  /** Goes to a recording time within the range; settles when the epoch that begins there is open. */
  seek(timeMs: number): Promise<void> {
    const target = Math.max(this.#options.startMs, Math.min(timeMs, this.endMs ?? Infinity));
    if (this.#stopped || this.#running === 'failed') return Promise.resolve();
    this.#seekMs = target;
    this.#interrupt.abort();
    this.#wake?.();
    return new Promise((resolve) => this.#landed.push(resolve));
  }

  /** Ends the run; what is on its way arrives. */
  stop(): void {
    this.#stopped = true;
    this.#interrupt.abort();
    this.#wake?.();
  }

  #again(): boolean {
    if (this.#loop === false) return false;
    this.#loopsDone++;
    return this.#loop === true || this.#loopsDone < this.#loop;
  }

  async #begin(fromMs: number): Promise<void> {
    this.#seekMs = null;
    this.#wake = null;
    this.#interrupt = new AbortController();
    this.#epoch = await this.#output.begin(this.#epoch);
    this.#behindMs = 0;
    this.clock.jump(fromMs);
    this.#to('playing');
    if (this.#seekMs === null) this.#settleSeeks();
  }

  #settleSeeks(): void {
    for (const landed of this.#landed.splice(0)) landed();
  }

  /** One pass over the timeline: ends at its end, or when interrupted. All that was sent has arrived afterwards. */
  async #pass(fromMs: number): Promise<void> {
    const { signal } = this.#interrupt;
    const ahead: Promise<unknown>[] = [];
    try {
      for await (const stretch of this.#timeline.from(fromMs)) {
        const { timesMs } = stretch;
        for (let at = 0; at < timesMs.length;) {
          const timeMs = timesMs[at]!;
          if (timeMs > this.#options.endMs) return;
          await this.clock.until(timeMs, signal);
          if (signal.aborted) return;
          const end = this.#due(timesMs, at);
          for (const { channel, block } of stretch.parts(at, end)) ahead.push(this.#emit(channel, block));
          while (ahead.length > BATCHES_AHEAD) await ahead.shift();
          this.clock.reached(timesMs[end - 1]!);
          at = end;
        }
      }
      // The range may go on after the last record: a loop keeps its length.
      if (this.#options.endMs !== Infinity) await this.clock.until(this.#options.endMs, signal);
    } finally {
      await Promise.all(ahead);
    }
  }

  /** The end of the run of records that are due now, from `at` on; at least one. */
  #due(timesMs: Float64Array, at: number): number {
    const { endMs } = this.#options;
    const horizonMs = this.clock.rate === 'max' ? endMs : Math.min(endMs, this.clock.positionMs());
    const last = Math.min(at + BATCH_RECORDS, timesMs.length);
    let end = at + 1;
    while (end < last && timesMs[end]! <= horizonMs) end++;
    return end;
  }

  #emit(channel: number, block: Block): Promise<void> {
    const sent = this.#output.emit(channel, block).then(() => {
      this.#published += block.count;
      this.#confirmedMs = block.timesMs.at(-1)!;
      this.#measure(block.timesMs);
    });
    sent.catch(() => {}); // Awaited in #pass, maybe later than it fails.
    return sent;
  }

  /** Lateness is what a subscriber could see: from the due time to when Redis has published. Microseconds in the histogram. */
  #measure(timesMs: Float64Array): void {
    if (this.clock.rate === 'max' || this.clock.paused) return;
    const lateMs = -this.clock.dueInMs(timesMs[0]!);
    this.#behindMs = lateMs > 50 ? lateMs : 0;
    for (const timeMs of timesMs)
      this.lateness.record(Math.max(1, Math.round(-this.clock.dueInMs(timeMs) * 1000)));
  }

  #to(state: 'playing' | 'ended' | 'failed'): void {
    this.#running = state;
    this.#options.changed?.();
  }
}
