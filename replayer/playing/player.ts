import { Clock, type Time } from '../../core/time/clock.ts';
import { asRepriseError, isProblem, type RepriseError } from '../../core/problems/errors.ts';
import type { Rate } from '../../schemas/types.ts';
import { Lateness } from './lateness.ts';
import type { Output } from './output.ts';
import type { LatePolicy, PlaybackOptions } from './pacing.ts';
import { Pass, type PassListener } from './pass.ts';
import type { ResumePoint } from './resume-point.ts';
import { ActiveStep, type Step } from './step.ts';
import type { Timeline } from './timeline.ts';

export type PlayerState = 'idle' | 'playing' | 'paused' | 'ended' | 'failed';

export interface PlayerOptions extends Partial<PlaybackOptions> {
  rate: Rate;
  paused: boolean;
  startMs: number;
  /** true: for ever; N: N times. */
  loop: boolean | number;
  time: Time;
  /** Called at every change of state, epoch and rate, and of the position by a seek. */
  changed?: () => void;
}

/** Where a run begins: at a recording time in a new epoch, or within the epoch of a player that is gone. */
export type RunStart = ResumePoint | { fromMs: number };

/** What the run is doing. Pause is the clock's affair: a paused player is `playing` here. */
type RunState =
  | { name: 'idle' }
  | { name: 'playing'; pass: Pass; ending: AbortController }
  | { name: 'ended'; wake: () => void }
  | { name: 'failed'; failure: RepriseError };

/** Why a pass, or the rest at the end, is cut short. A later kind in this list wins over an earlier one. */
type Interruption =
  { kind: 'seek'; timeMs: number } | { kind: 'stop' } | { kind: 'fail'; failure: RepriseError };
const RANK = { seek: 0, stop: 1, fail: 2 };

/**
 * Plays a timeline to an output: each record at its due time, in order, once. A seek, a loop and a start each begin a new
 * epoch, played by one `Pass`. Pause and rate are the clock's affair: a pass does not know them.
 */
export class Player {
  readonly clock: Clock;
  readonly lateness = new Lateness();
  readonly counts = { published: 0, restored: 0, dropped: 0 };
  /** How much the timeline was slowed in all, in machine time. */
  slippedMs = 0;
  readonly #timeline: Timeline;
  readonly #output: Output;
  readonly #changed: () => void;
  readonly #options: PlaybackOptions;
  #startMs: number;
  #loop: boolean | number;
  #loopsDone = 0;
  #state: RunState = { name: 'idle' };
  #interruption: Interruption | null = null;
  /** Its number, where it began, and the time of its last record that is known to be published. */
  #epoch: { number: number; fromMs: number; confirmedMs: number | null };
  #step: ActiveStep | null = null;
  /** Settle the seeks that wait for their epoch. */
  #landed: (() => void)[] = [];

  constructor(timeline: Timeline, output: Output, options: PlayerOptions) {
    this.#timeline = timeline;
    this.#output = output;
    this.#changed = options.changed ?? (() => {});
    const { endMs = Infinity, late = 'slow', skipIdleMs = 0, lockstep = false } = options;
    this.#options = { endMs, late, skipIdleMs, lockstep };
    this.#loop = options.loop;
    this.#startMs = options.startMs;
    this.#epoch = { number: 0, fromMs: options.startMs, confirmedMs: null };
    this.clock = new Clock(options.startMs, options.rate, options.time, options.paused);
  }

  get state(): PlayerState {
    return this.#state.name === 'playing' && this.clock.paused ? 'paused' : this.#state.name;
  }

  /** Why it failed; null unless it did. */
  get failure(): RepriseError | null {
    return this.#state.name === 'failed' ? this.#state.failure : null;
  }

  get epoch(): number {
    return this.#epoch.number;
  }

  get loopsDone(): number {
    return this.#loopsDone;
  }

  get loop(): boolean | number {
    return this.#loop;
  }

  get late(): LatePolicy {
    return this.#options.late;
  }

  /** Where the range begins. */
  get startMs(): number {
    return this.#startMs;
  }

  /** Where the range ends; null where it is not known yet. */
  get endMs(): number | null {
    const { endMs } = this.#timeline;
    return this.#options.endMs === Infinity ? endMs : Math.min(this.#options.endMs, endMs ?? Infinity);
  }

  /** The recording time reached: the clock's position, less what is overdue. */
  positionMs(): number {
    const end = this.endMs ?? Infinity;
    if (this.#state.name === 'ended') return Math.min(this.clock.positionMs(), end);
    const { rate } = this.clock;
    const behindMs = rate === 'max' ? 0 : this.lateness.behindMs * rate;
    return Math.max(this.#startMs, Math.min(this.clock.positionMs() - behindMs, end));
  }

  /**
   * Plays until the end or, with `stay`, until stopped: an ended player then waits for a seek or play.
   * @throws what ended it: the output's failure, or that of `fail`
   */
  async run(stay = false, start: RunStart = { fromMs: this.#startMs }): Promise<void> {
    try {
      for (let next: RunStart | null = this.#isStopped ? null : start; next !== null;) {
        await this.#play(next);
        next = await this.#next(stay);
      }
    } catch (error) {
      this.#to({ name: 'failed', failure: asRepriseError(error) });
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
    if (this.#state.name === 'ended') {
      this.#loopsDone = 0;
      this.#interrupt(this.#interruption ?? { kind: 'seek', timeMs: this.#startMs });
    }
    this.#endStep();
    this.clock.resume();
    this.#changed();
  }

  setRate(rate: Rate): void {
    this.clock.setRate(rate);
    this.#changed();
  }

  setLate(late: LatePolicy): void {
    this.#options.late = late;
    this.#changed();
  }

  setLoop(loop: boolean | number): void {
    this.#loop = loop;
    this.#changed();
  }

  /** Plays this range from now on, for ever; null: everything, once. Goes to its start from outside of it. */
  async setRange(range: { startMs: number; endMs: number } | null): Promise<void> {
    this.#startMs = range?.startMs ?? this.#timeline.startMs;
    this.#options.endMs = range?.endMs ?? Infinity;
    this.#loop = range !== null;
    const positionMs = this.clock.positionMs();
    const inside = positionMs >= this.#startMs && positionMs <= this.#options.endMs;
    // Inside it begins anew as well: the record that the pass waits for may lie outside.
    await this.seek(inside ? positionMs : this.#startMs);
    this.#changed();
  }

  /** Goes to a recording time within the range; settles when the epoch that begins there is open. */
  seek(timeMs: number): Promise<void> {
    if (this.#isStopped || this.#state.name === 'failed') return Promise.resolve();
    this.#endStep();
    const landed = new Promise<void>((resolve) => this.#landed.push(resolve));
    const targetMs = Math.max(this.#startMs, Math.min(timeMs, this.endMs ?? Infinity));
    this.#interrupt({ kind: 'seek', timeMs: targetMs });
    return landed;
  }

  /** Pauses and plays a little further; settles when that is published. */
  async step(step: Step): Promise<void> {
    this.clock.pause();
    if (this.#state.name !== 'playing') return;
    this.#endStep();
    this.#step = new ActiveStep(step, this.clock.positionMs());
    this.clock.wake();
    this.#changed();
    await this.#step.done;
    this.#changed();
  }

  /** Pauses and goes back by a number of times of records: two records of the same time are one step. */
  async stepBack(times: number): Promise<void> {
    this.clock.pause();
    const { fromMs, confirmedMs } = this.#epoch;
    let targetMs = confirmedMs;
    for (let left = targetMs === null ? times : times - 1; left > 0; left--) {
      targetMs = (await this.#timeline.timeBefore(targetMs ?? fromMs)) ?? this.#startMs;
    }
    await this.seek(targetMs!);
  }

  /** Ends the run; what is on its way arrives. */
  stop(): void {
    this.#interrupt({ kind: 'stop' });
  }

  /** Ends the run as failed, for a reason that it does not meet itself. */
  fail(failure: RepriseError): void {
    this.#interrupt({ kind: 'fail', failure });
  }

  /** Tells the output how far the timeline is, for channels on which nothing comes for a while. */
  async mark(): Promise<void> {
    if (this.#state.name === 'playing') await this.#state.pass.mark();
  }

  get #isStopped(): boolean {
    return this.#interruption?.kind === 'stop';
  }

  #interrupt(interruption: Interruption): void {
    const { kind } = this.#interruption ?? {};
    if (kind === undefined || RANK[interruption.kind] >= RANK[kind]) this.#interruption = interruption;
    if (this.#state.name === 'playing') this.#state.ending.abort();
    if (this.#state.name === 'ended') this.#state.wake();
  }

  /** Opens an epoch, or goes on with one, and plays it until its end or an interruption. */
  async #play(start: RunStart): Promise<void> {
    const resume = 'epoch' in start ? start : null;
    const { fromMs } = start;
    const number = resume ? resume.epoch : await this.#output.begin(this.#epoch.number, fromMs);
    this.#epoch = { number, fromMs, confirmedMs: null };
    this.lateness.behindMs = 0;
    if (resume) {
      this.#loopsDone = resume.loopsDone;
      this.counts.published = resume.published.reduce((sum, count) => sum + count, 0);
    }
    this.clock.jump(fromMs);
    const pass = this.#newPass(resume);
    const ending = new AbortController();
    this.#to({ name: 'playing', pass, ending });
    // What came while the epoch was being opened.
    if (this.#interruption) ending.abort();
    if (this.#interruption?.kind !== 'seek') this.#settleSeeks();
    try {
      await pass.run(fromMs, ending.signal);
    } catch (error) {
      if (!isProblem(error, 'log_reset')) throw error;
      // Redis came back without its data. A new epoch voids what was, so nothing is doubled by going on after the last
      // record that arrived.
      this.#interruption ??= { kind: 'seek', timeMs: this.#epoch.confirmedMs ?? fromMs };
    }
  }

  /** Where the run goes on; null: it is over. Waits at the end, with `stay`. @throws the failure that interrupted it */
  async #next(stay: boolean): Promise<RunStart | null> {
    if (!this.#interruption && this.#loops()) return { fromMs: this.#startMs };
    if (!this.#interruption) {
      const woken = new Promise<void>((wake) => this.#to({ name: 'ended', wake }));
      if (!stay) return null;
      await woken;
    }
    const interruption = this.#interruption;
    if (interruption?.kind === 'fail') throw interruption.failure;
    if (interruption?.kind !== 'seek') return null;
    this.#interruption = null;
    return { fromMs: interruption.timeMs };
  }

  /** Counts a loop that is done; whether another follows. */
  #loops(): boolean {
    if (this.#loop === false) return false;
    this.#loopsDone++;
    return this.#loop === true || this.#loopsDone < this.#loop;
  }

  #newPass(resume: ResumePoint | null): Pass {
    const listener: PassListener = {
      published: (block) => {
        this.counts.published += block.count;
        this.#epoch.confirmedMs = block.timesMs.at(-1)!;
        this.lateness.measure(this.clock, block.timesMs);
      },
      restored: (count) => (this.counts.restored += count),
      dropped: (count) => (this.counts.dropped += count),
      slipped: (ms) => (this.slippedMs += ms),
      step: () => (this.#step?.over ? null : this.#step),
    };
    const [timeline, output, clock, options] = [this.#timeline, this.#output, this.clock, this.#options];
    return new Pass({ timeline, output, clock, options, listener, resume });
  }

  #settleSeeks(): void {
    for (const landed of this.#landed.splice(0)) landed();
  }

  #endStep(): void {
    this.#step?.finish();
    this.#step = null;
  }

  #to(state: RunState): void {
    this.#state = state;
    this.#changed();
  }
}
