import type { Rate } from '../../schemas/types.ts';
import { alarm } from './alarm.ts';

/** A source of time. It is passed in, so that tests set the time instead of sleeping. */
export interface Time {
  /** Steady milliseconds since any origin; they never jump. */
  now(): number;
  /**
   * Resolves after about `ms` milliseconds, rather early than late, or as soon as the signal is aborted. Infinity waits
   * for the signal only.
   */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/**
 * The end of a wait is spent yielding to the event loop: a quarter of the wait, at most this long. Until the alarm is ready it
 * is always this long, because setTimeout counts whole milliseconds and wakes up to one late.
 */
const SPIN_MAX_MS = 1.2;
const SPIN_SHARE = 0.25;
/** How late a timer may be on a busy machine. The alarm takes over this long before the end. */
const TIMER_SLACK_MS = 5;
const LONGEST_TIMER_MS = 1_000;

/** The machine's steady clock. It waits with a timer first, then with the alarm, and yields to the event loop at the end. */
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
 * Maps recording time to steady time. One anchor ties a recording time to a steady time: a record is due at
 * `anchorSteady + (recordTime - anchorTime) / rate`. The anchor moves only at pause, resume, rate change and jump, so no
 * error adds up. All times are in milliseconds.
 */
export class Clock {
  readonly #time: Time;
  #anchorSteadyMs: number;
  #anchorTimeMs: number;
  #rate: number;
  #paused: boolean;
  #changed = new AbortController();

  /** `startMs`: recording time to start at, epoch ms. */
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

  /** The recording time now, epoch ms. At rate max it is the last one passed to `reached`. */
  positionMs(): number {
    if (this.#paused || this.#rate === Infinity) return this.#anchorTimeMs;
    return this.#anchorTimeMs + (this.#time.now() - this.#anchorSteadyMs) * this.#rate;
  }

  /** Steady milliseconds until a record of this time is due. Negative: overdue. Infinity: paused. */
  dueInMs(recordTimeMs: number): number {
    if (this.#paused) return Infinity;
    if (this.#rate === Infinity) return 0;
    return this.#anchorSteadyMs + (recordTimeMs - this.#anchorTimeMs) / this.#rate - this.#time.now();
  }

  /**
   * Resolves when a record of this time is due, whatever pauses and rate changes happen meanwhile; at once if the signal is
   * aborted or `released` returns true, which is checked after every change and every `wake`.
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

  /** Makes everybody who waits in `until` check again. */
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

  /** Moves to this recording time. */
  jump(toMs: number): void {
    this.#pin(toMs);
    this.wake();
  }

  /** Tells that a record of this time was emitted. At rate max, records drive the clock. */
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
