import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Block } from '../../core/wire/block.ts';
import { Clock, type Time } from '../../core/time/clock.ts';
import type { RepriseError } from '../../core/problems/errors.ts';
import { asRepriseError, isProblem } from '../../core/problems/errors.ts';
import type { Rate } from '../../schemas/types.ts';
import { Pass, type LatePolicy, type Manner, type Output, type Published } from './pass.ts';
import { Stepping, type Step } from './steps.ts';
import type { Timeline } from './timeline.ts';

export type PlayerState = 'idle' | 'playing' | 'paused' | 'ended' | 'failed';

export interface PlayerOptions extends Partial<Manner> {
  rate: Rate;
  paused: boolean;
  startMs: number;
  /** true: for ever; N: N times. */
  loop: boolean | number;
  time: Time;
  /** Called at every change of state, position by a seek, epoch, and rate. */
  changed?: () => void;
}

/** Where a player that is gone left off. Times are recording times. */
export interface LeftOff {
  epoch: number;
  /** Where the epoch began. */
  fromMs: number;
  /** By channel: how many records of the epoch are published. */
  there: number[];
  /** The last known position: the clock goes on there, not at the last record before it. */
  reachedMs: number;
  loopsDone: number;
}

/**
 * Plays a timeline to an output: each record at its due time, in order, once. A seek, a loop and a start each begin a
 * new epoch. Pause and rate are the clock's affair; the pass knows nothing of them.
 */
export class Player {
  readonly clock: Clock;
  /** Microseconds, of all records and since it was last reset. */
  readonly lateness: RecordableHistogram = createHistogram({ highest: 3_600_000_000 });
  readonly recentLateness: RecordableHistogram = createHistogram({ highest: 3_600_000_000 });
  readonly counts = { published: 0, restored: 0, dropped: 0 };
  /** How much the timeline was slowed in all, machine time. */
  slippedMs = 0;
  readonly #timeline: Timeline;
  readonly #output: Output;
  #underWay: Pass | null = null;
  readonly #changed: () => void;
  readonly #manner: Manner;
  #running: 'idle' | 'playing' | 'ended' | 'failed' = 'idle';
  #failure: RepriseError | null = null;
  #epoch = 0;
  #loopsDone = 0;
  #loop: boolean | number;
  #startMs: number;
  #interrupt = new AbortController();
  #seekMs: number | null = null;
  #stopped = false;
  #landed: (() => void)[] = [];
  #wake: (() => void) | null = null;
  #behindMs = 0;
  #stepping: Stepping | null = null;
  /** Where the pass began, and the time of its last record that is known to be published. */
  #fromMs: number;
  #confirmedMs: number | null = null;

  constructor(timeline: Timeline, output: Output, options: PlayerOptions) {
    this.#timeline = timeline;
    this.#output = output;
    this.#changed = options.changed ?? (() => {});
    const { endMs = Infinity, late = 'slow', skipIdleMs = 0, lockstep = false } = options;
    this.#manner = { endMs, late, skipIdleMs, lockstep };
    this.#loop = options.loop;
    this.#startMs = this.#fromMs = options.startMs;
    this.clock = new Clock(options.startMs, options.rate, options.time, options.paused);
  }

  get state(): PlayerState {
    return this.#running === 'playing' && this.clock.paused ? 'paused' : this.#running;
  }

  /** What ended it, if that was no end. */
  get failure(): RepriseError | null {
    return this.#failure;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get loopsDone(): number {
    return this.#loopsDone;
  }

  get loop(): boolean | number {
    return this.#loop;
  }

  /** Where the range begins. */
  get startMs(): number {
    return this.#startMs;
  }

  /** Where the range ends; null where it is not known yet. */
  get endMs(): number | null {
    const { endMs } = this.#timeline;
    return this.#manner.endMs === Infinity ? endMs : Math.min(this.#manner.endMs, endMs ?? Infinity);
  }

  /** Where the epoch began. */
  get fromMs(): number {
    return this.#fromMs;
  }

  /** Recording time reached: where the clock stands, less what is overdue. */
  positionMs(): number {
    const end = this.endMs ?? Infinity;
    if (this.#running === 'ended') return Math.min(this.clock.positionMs(), end);
    const rate = this.clock.rate;
    const behind = rate === 'max' ? 0 : this.#behindMs * rate;
    return Math.max(this.#startMs, Math.min(this.clock.positionMs() - behind, end));
  }

  /**
   * Plays until the end, or with `stay` until stopped: then an ended player waits for a seek or play. Begins at the start of
   * the range, elsewhere, or where another player left off.
   */
  async run(stay = false, from: LeftOff | { fromMs: number } = { fromMs: this.#startMs }): Promise<void> {
    try {
      let leftOff = 'there' in from ? from : null;
      for (let { fromMs } = from; !this.#stopped;) {
        const published = leftOff && { counts: leftOff.there, reachedMs: leftOff.reachedMs };
        if (leftOff) this.#goOn(leftOff);
        else await this.#begin(fromMs);
        leftOff = null;
        try {
          await this.#pass(fromMs, published);
        } catch (error) {
          // Redis came back without its data: a new epoch voids what was, so going on at what arrived last doubles nothing.
          if (!isProblem(error, 'log_reset')) throw error;
          this.#seekMs ??= this.#confirmedMs ?? fromMs;
        }
        this.#refuseFailed();
        if (this.#stopped) break;
        if (this.#seekMs === null && this.#again()) this.#seekMs = this.#startMs;
        if (this.#seekMs === null) {
          this.#to('ended');
          if (!stay) break;
          await new Promise<void>((resolve) => (this.#wake = resolve));
          this.#refuseFailed();
        }
        fromMs = this.#seekMs ?? this.#startMs;
      }
    } catch (error) {
      this.#failure = asRepriseError(error);
      this.#to('failed');
      throw error;
    } finally {
      this.#settleSeeks();
      this.#endStep();
    }
  }

  pause(): void {
    this.clock.pause();
    this.#changed();
  }

  /** Goes on; from the start when it has ended. */
  play(): void {
    if (this.#running === 'ended') {
      this.#loopsDone = 0;
      this.#seekMs ??= this.#startMs;
    }
    this.#endStep();
    this.clock.resume();
    this.#wake?.();
    this.#changed();
  }

  setRate(rate: Rate): void {
    this.clock.setRate(rate);
    this.#changed();
  }

  get late(): LatePolicy {
    return this.#manner.late;
  }

  setLate(late: LatePolicy): void {
    this.#manner.late = late;
    this.#changed();
  }

  setLoop(loop: boolean | number): void {
    this.#loop = loop;
    this.#changed();
  }

  /** Plays this range from now on, for ever; null: all of it, once. Goes to its start when it stands outside. */
  async setRange(range: { startMs: number; endMs: number } | null): Promise<void> {
    this.#startMs = range?.startMs ?? this.#timeline.startMs;
    this.#manner.endMs = range?.endMs ?? Infinity;
    this.#loop = range !== null;
    const positionMs = this.clock.positionMs();
    const inside = positionMs >= this.#startMs && positionMs <= this.#manner.endMs;
    // Where it stands inside it begins anew all the same: what was waited for may lie outside, and the other way round.
    await this.seek(inside ? positionMs : this.#startMs);
    this.#changed();
  }

  /** Goes to a recording time within the range; settles when the epoch that begins there is open. */
  seek(timeMs: number): Promise<void> {
    const target = Math.max(this.#startMs, Math.min(timeMs, this.endMs ?? Infinity));
    if (this.#stopped || this.#running === 'failed') return Promise.resolve();
    this.#seekMs = target;
    this.#endStep();
    this.#interrupt.abort();
    this.#wake?.();
    return new Promise((resolve) => this.#landed.push(resolve));
  }

  /** Pauses and plays a little further; settles when that is published. */
  async step(step: Step): Promise<void> {
    this.clock.pause();
    if (this.#running !== 'playing') return;
    this.#endStep();
    this.#stepping = new Stepping(step, this.clock.positionMs());
    this.clock.wake();
    this.#changed();
    await this.#stepping.done;
    this.#changed();
  }

  /** Pauses and goes back before so many times of records. */
  async stepBack(times: number): Promise<void> {
    this.clock.pause();
    let targetMs = this.#confirmedMs;
    for (let left = targetMs === null ? times : times - 1; left > 0; left--) {
      targetMs = (await this.#timeline.timeBefore(targetMs ?? this.#fromMs)) ?? this.#startMs;
    }
    await this.seek(targetMs!);
  }

  /** Ends the run; what is on its way arrives. */
  stop(): void {
    this.#stopped = true;
    this.#interrupt.abort();
    this.#wake?.();
  }

  /** Ends the run as failed: it can't go on, for a reason that it does not meet itself. */
  fail(failure: RepriseError): void {
    this.#failure = failure;
    this.#interrupt.abort();
    this.#wake?.();
  }

  #refuseFailed(): void {
    if (this.#failure) throw this.#failure;
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
    this.#epoch = await this.#output.begin(this.#epoch, fromMs);
    this.#fromMs = fromMs;
    this.#confirmedMs = null;
    this.#behindMs = 0;
    this.clock.jump(fromMs);
    this.#to('playing');
    if (this.#seekMs === null) this.#settleSeeks();
  }

  /** Takes the place of a player that is gone. */
  #goOn({ epoch, fromMs, loopsDone, there }: LeftOff): void {
    this.#epoch = epoch;
    this.#fromMs = fromMs;
    this.#loopsDone = loopsDone;
    this.counts.published = there.reduce((sum, count) => sum + count, 0);
    this.clock.jump(fromMs);
    this.#to('playing');
  }

  async #pass(fromMs: number, published: Published | null): Promise<void> {
    const news = {
      published: (block: Block) => {
        this.counts.published += block.count;
        this.#confirmedMs = block.timesMs.at(-1)!;
        this.#measure(block.timesMs);
      },
      restored: (count: number) => (this.counts.restored += count),
      dropped: (count: number) => (this.counts.dropped += count),
      slipped: (ms: number) => (this.slippedMs += ms),
      stepping: () => (this.#stepping?.over ? null : this.#stepping),
    };
    const pass = new Pass({
      timeline: this.#timeline,
      output: this.#output,
      clock: this.clock,
      manner: this.#manner,
      news,
      published,
    });
    this.#underWay = pass;
    try {
      await pass.run(fromMs, this.#interrupt.signal);
    } finally {
      this.#underWay = null;
    }
  }

  /** Tells the output how far the timeline is; for channels on which nothing comes for a while. */
  async mark(): Promise<void> {
    await this.#underWay?.mark();
  }

  #settleSeeks(): void {
    for (const landed of this.#landed.splice(0)) landed();
  }

  #endStep(): void {
    this.#stepping?.finish();
    this.#stepping = null;
  }

  /** Lateness is what a subscriber could see: from the due time to when Redis has published. Microseconds in the histogram. */
  #measure(timesMs: Float64Array): void {
    if (this.clock.rate === 'max' || this.clock.paused) return;
    const lateMs = -this.clock.dueInMs(timesMs[0]!);
    this.#behindMs = lateMs > 50 ? lateMs : 0;
    for (const timeMs of timesMs) {
      const lateUs = Math.max(1, Math.round(-this.clock.dueInMs(timeMs) * 1000));
      this.lateness.record(lateUs);
      this.recentLateness.record(lateUs);
    }
  }

  #to(state: 'playing' | 'ended' | 'failed'): void {
    this.#running = state;
    this.#changed();
  }
}
