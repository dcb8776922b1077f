import type { Rate } from '../../schemas/types.ts';
import { alarm } from './alarm.ts';

/** Where time comes from. Handed in, so that tests set it instead of sleeping. */
export interface Time {
  /** Steady milliseconds: never steps, any origin. */
  now(): number;
  /** Returns after about `ms` milliseconds, rather early than late, or as soon as the signal is aborted; Infinity waits for that. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/**
 * The end of a wait is spent yielding to the event loop, which keeps the processor awake: a quarter of it, up to this.
 * While the alarm is not up all of this, because setTimeout counts whole milliseconds and wakes up to one late.
 */
const SPIN_MAX_MS = 1.2;
const SPIN_SHARE = 0.25;
/** What a timer may be off by, on a busy machine; the alarm takes the rest. */
const TIMER_SLACK_MS = 5;
const LONGEST_TIMER_MS = 1_000;

/** The machine's steady clock: a timer at first, the alarm towards the end, and the last bit by yielding to the event loop. */
export const machineTime: Time = {
  now: () => performance.now(),
  async wait(ms, signal) {
    if (signal.aborted || ms <= 0) return;
    const dueMs = performance.now() + ms;
    const isFar = ms > TIMER_SLACK_MS * 2 || (!alarm.up && ms > SPIN_MAX_MS);
    if (isFar) return timer(ms - (alarm.up ? TIMER_SLACK_MS : 1), signal);
    const spinMs = alarm.up ? Math.max(alarm.marginMs, Math.min(SPIN_MAX_MS, ms * SPIN_SHARE)) : SPIN_MAX_MS;
    if (ms > spinMs) await alarm.wait(ms - spinMs, signal);
    while (!signal.aborted && performance.now() < dueMs)
      await new Promise((resolve) => setImmediate(resolve));
  },
};

function timer(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timeout);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timeout = ms === Infinity ? undefined : setTimeout(done, Math.min(ms, LONGEST_TIMER_MS));
    signal.addEventListener('abort', done, { once: true });
  });
}

/**
 * Maps recording time to steady time by one anchor: a record is due at
 * `anchor + (recordTime - anchorTime) / rate`. The anchor is pinned anew at pause, resume, rate change and jump, never
 * in between, so no error adds up. All times in milliseconds.
 */
export class Clock {
  readonly #time: Time;
  #anchorSteadyMs: number;
  #anchorTimeMs: number;
  #rate: number;
  #paused: boolean;
  #changed = new AbortController();

  constructor(startMs: number, rate: Rate, time: Time, paused = false) {
    this.#time = time;
    this.#anchorTimeMs = startMs;
    this.#anchorSteadyMs = time.now();
    this.#rate = rateNumber(rate);
    this.#paused = paused;
  }

  get rate(): Rate {
    return this.#rate === Infinity ? 'max' : this.#rate;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Recording time now. At rate max it stands where `reached` last put it. */
  positionMs(): number {
    if (this.#paused || this.#rate === Infinity) return this.#anchorTimeMs;
    return this.#anchorTimeMs + (this.#time.now() - this.#anchorSteadyMs) * this.#rate;
  }

  /** Steady milliseconds until a record of this time is due: negative when overdue, Infinity while paused. */
  dueInMs(recordTimeMs: number): number {
    if (this.#paused) return Infinity;
    if (this.#rate === Infinity) return 0;
    return this.#anchorSteadyMs + (recordTimeMs - this.#anchorTimeMs) / this.#rate - this.#time.now();
  }

  /**
   * Returns when a record of this time is due, through any pause and rate change; at once when aborted, or when
   * `released` says so, which is asked after every change and every `wake`.
   */
  async until(recordTimeMs: number, signal: AbortSignal, released = () => false): Promise<void> {
    if (signal.aborted || this.dueInMs(recordTimeMs) <= 0) return;
    const wake = () => this.wake();
    signal.addEventListener('abort', wake, { once: true });
    for (let ms; !signal.aborted && !released() && (ms = this.dueInMs(recordTimeMs)) > 0;) {
      await this.#time.wait(ms, this.#changed.signal);
    }
    signal.removeEventListener('abort', wake);
  }

  /** Has whoever waits look again. */
  wake(): void {
    this.#changed.abort();
    this.#changed = new AbortController();
  }

  pause(): void {
    this.#pin(this.positionMs());
    this.#paused = true;
    this.wake();
  }

  resume(): void {
    this.#pin(this.positionMs());
    this.#paused = false;
    this.wake();
  }

  setRate(rate: Rate): void {
    this.#pin(this.positionMs());
    this.#rate = rateNumber(rate);
    this.wake();
  }

  jump(toMs: number): void {
    this.#pin(toMs);
    this.wake();
  }

  /** At rate max the records drive the clock: it stands at the last one that left. */
  reached(recordTimeMs: number): void {
    if (this.#rate === Infinity && !this.#paused) this.#anchorTimeMs = recordTimeMs;
  }

  #pin(timeMs: number): void {
    this.#anchorTimeMs = timeMs;
    this.#anchorSteadyMs = this.#time.now();
  }
}

function rateNumber(rate: Rate): number {
  return rate === 'max' ? Infinity : rate;
}
