import type { Problem } from '../../../../schemas/types.ts';
import { problemOf } from './api.ts';

/**
 * Repeats a request while the component that created it is mounted and the page is visible. The last answer stays when a
 * request fails. State that `ask` reads before its first `await` starts a new request when it changes.
 */
export class Poll<T> {
  value = $state.raw<T>();
  /** Why the last request failed. */
  problem = $state.raw<Problem>();
  readonly #ask: (signal: AbortSignal) => Promise<T>;
  readonly #everyMs: number;
  #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ask: (signal: AbortSignal) => Promise<T>, everyMs: number) {
    this.#ask = ask;
    this.#everyMs = everyMs;
    $effect(() => {
      void this.refresh();
      return () => this.#stop();
    });
  }

  /** Repeats the request at once. */
  async refresh(): Promise<void> {
    this.#stop();
    const { signal } = (this.#controller = new AbortController());
    try {
      const answer = this.#ask(signal);
      const value = await answer;
      if (signal.aborted) return;
      this.value = value;
      this.problem = undefined;
    } catch (error) {
      if (signal.aborted) return;
      this.problem = problemOf(error);
    }
    this.#again(signal);
  }

  #again(signal: AbortSignal): void {
    this.#timer = setTimeout(() => {
      if (signal.aborted) return;
      if (document.hidden) this.#again(signal);
      else void this.refresh();
    }, this.#everyMs);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }
}
