import type { Time } from '../../core/time/clock.ts';

/** Time that passes only when a test advances it. */
export class FakeTime implements Time {
  #nowMs = 1_000;
  #waiting: { atMs: number; resolve: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = () => {
        signal.removeEventListener('abort', done);
        this.#waiting = this.#waiting.filter((other) => other !== entry);
        resolve();
      };
      const entry = { atMs: this.#nowMs + ms, resolve: done };
      this.#waiting.push(entry);
      signal.addEventListener('abort', done);
    });
  }

  /** Advances time by `ms`, wakes each sleeper at its time, and lets everything happen that follows from it. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await settle();
      const next = this.#waiting.reduce<number>((earliest, { atMs }) => Math.min(earliest, atMs), Infinity);
      if (next > untilMs) break;
      this.#nowMs = Math.max(this.#nowMs, next);
      for (const { resolve } of this.#waiting.filter(({ atMs }) => atMs <= this.#nowMs)) resolve();
    }
    this.#nowMs = untilMs;
    await settle();
  }
}

/** Lets everything happen that waits only for the event loop. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
