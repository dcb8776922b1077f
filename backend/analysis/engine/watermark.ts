import type { Event } from '../../../core/event.ts';

/** So far ahead of the others a time may be before it needs a second witness. */
const AHEAD_MS = 60_000;
/** So many events in a row of one subject are witness enough: the others may be gone. */
const IN_A_ROW = 10;

/** What is kept of it between runs. */
export interface WatermarkState {
  timeMs: number | null;
  ahead: { subject: string; timeMs: number; count: number } | null;
}

/**
 * The event time before which no event is expected any more. A replay's events come in the order of its timeline: there it
 * is the time of the last. On a live channel a subject's clock may be wrong: a time far ahead of the watermark counts once
 * another subject has been there too, so that one fast clock does not make all others late (sql-flow issue 358). It
 * depends on the events alone, and never falls.
 */
export class Watermark {
  #timeMs = -Infinity;
  #ahead: WatermarkState['ahead'] = null;

  get timeMs(): number {
    return this.#timeMs;
  }

  /** Sees the next event of the log. */
  see({ subject, replay }: Pick<Event, 'subject' | 'replay'>, timeMs: number): void {
    const ahead = this.#ahead;
    if (replay !== undefined || this.#timeMs === -Infinity || timeMs - this.#timeMs <= AHEAD_MS) {
      this.advance(timeMs);
      // Its clock is right again; or the others are still there.
      if (ahead?.subject === subject) this.#ahead = null;
      else if (ahead) ahead.count = 0;
      return;
    }
    if (ahead && ahead.subject !== subject) {
      this.#timeMs = Math.min(ahead.timeMs, timeMs);
      this.#ahead = null;
    } else if (ahead && ahead.count + 1 >= IN_A_ROW) {
      this.#timeMs = timeMs;
      this.#ahead = null;
    } else this.#ahead = { subject, timeMs, count: (ahead?.count ?? 0) + 1 };
  }

  /** It is known otherwise that no earlier event will come. */
  advance(timeMs: number): void {
    if (timeMs > this.#timeMs) this.#timeMs = timeMs;
  }

  get state(): WatermarkState {
    return { timeMs: this.#timeMs === -Infinity ? null : this.#timeMs, ahead: this.#ahead };
  }

  set state({ timeMs, ahead }: WatermarkState) {
    this.#timeMs = timeMs ?? -Infinity;
    this.#ahead = ahead;
  }
}
