import { isoTime } from '../../../core/wire/event.ts';
import type { AverageSpeedResult } from '../../../schemas/types.ts';

/**
 * The time-weighted average over a window: each value counts for as long as it is the latest of its subject within the window
 * (last observation carried forward). Times are in milliseconds since 1970.
 */
export class SpeedWindow {
  readonly startMs: number;
  readonly endMs: number;
  /** By subject: its latest value, and since when it counts. */
  readonly #latest = new Map<string, { value: number; sinceMs: number }>();
  readonly #subjects = new Set<string>();
  #sum = 0;
  #weightMs = 0;
  #samples = 0;
  #plainSum = 0;

  constructor(startMs: number, seconds: number) {
    this.startMs = startMs;
    this.endMs = startMs + seconds * 1000;
  }

  /** Adds a value that was already the latest when the window began. */
  hold(subject: string, value: number): void {
    this.#latest.set(subject, { value, sinceMs: this.startMs });
    this.#count(subject, value);
  }

  /** Adds a value at its time. A value older than the subject's latest one, or after the end of the window, is ignored. */
  see(subject: string, value: number, timeMs: number): void {
    const atMs = Math.max(timeMs, this.startMs);
    if (atMs >= this.endMs) return;
    const latest = this.#latest.get(subject);
    if (latest && atMs < latest.sinceMs) return;
    if (latest) this.#weigh(latest, atMs);
    this.#latest.set(subject, { value, sinceMs: atMs });
    this.#count(subject, value);
  }

  /** Ends all current values, as a new epoch has begun. */
  forget(timeMs: number): void {
    for (const latest of this.#latest.values()) this.#weigh(latest, timeMs);
    this.#latest.clear();
  }

  /** Closes the window at its end, or at an earlier time, and returns the average. */
  result(gaps: number, atMs = this.endMs): AverageSpeedResult {
    const closeMs = Math.min(this.endMs, Math.max(atMs, this.startMs));
    this.forget(closeMs);
    // If all values have the same time, none counts longer than another.
    const average = this.#weightMs > 0 ? this.#sum / this.#weightMs : this.#plainSum / this.#samples;
    return {
      average_speed_mps: this.#samples > 0 ? average : null,
      samples: this.#samples,
      subjects: this.#subjects.size,
      seconds: this.#weightMs / 1000,
      from: isoTime(this.startMs),
      to: isoTime(closeMs),
      gaps,
    };
  }

  #weigh({ value, sinceMs }: { value: number; sinceMs: number }, untilMs: number): void {
    const ms = Math.min(untilMs, this.endMs) - sinceMs;
    if (ms <= 0) return;
    this.#sum += value * ms;
    this.#weightMs += ms;
  }

  #count(subject: string, value: number): void {
    this.#samples++;
    this.#plainSum += value;
    this.#subjects.add(subject);
  }
}
