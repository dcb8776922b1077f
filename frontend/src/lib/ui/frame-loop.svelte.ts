/** Draws; returns true while it has more to draw without new data (an animation). */
export type Painter = (nowMs: number) => boolean | void;

const SLOW_MS = 250;
const SLOWEST_MS = 1000;
/** A longer time between two frames is a pause, not a slow frame. */
const PAUSE_MS = 1000;

/**
 * The only animation-frame loop of the page. Data arrives at any rate outside Svelte's state and calls `touch`; painters then
 * run once in the next frame. `version` changes at most once per frame; `slow` changes about four times a second, for text
 * that people read.
 */
export class FrameLoop {
  version = $state(0);
  slow = $state(0);
  /** The usual duration of a frame, ms: about 16, and much more where the processor draws without a GPU. */
  usualMs = 16;
  #ranAt = -Infinity;
  #painters = new Set<Painter>();
  #asked = false;
  #animating = false;
  #dirty = false;
  #slowAt = 0;
  #slowTimer: ReturnType<typeof setTimeout> | undefined;

  /** Something changed: paint in the next frame. */
  touch(): void {
    this.#dirty = true;
    this.#ask();
  }

  /** Adds a painter; the returned function removes it. */
  paint(painter: Painter): () => void {
    this.#painters.add(painter);
    this.touch();
    return () => this.#painters.delete(painter);
  }

  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(this.#run);
  }

  #run = (now: number): void => {
    this.#asked = false;
    const took = now - this.#ranAt;
    this.#ranAt = now;
    // Rises fast and falls slowly: drawing less makes frames faster, which would make it oscillate.
    const weight = took > this.usualMs ? 0.15 : 0.01;
    if (this.#animating && took < PAUSE_MS) this.usualMs += (took - this.usualMs) * weight;
    if (this.#dirty) {
      this.#dirty = false;
      this.version++;
      // Slow frames leave less time for text: it changes less often.
      const due = this.#slowAt + Math.min(SLOWEST_MS, Math.max(SLOW_MS, this.usualMs * 16)) - now;
      if (due <= 0) this.#moveSlow();
      else this.#slowTimer ??= setTimeout(this.#moveSlow, due);
    }
    let more = false;
    for (const painter of this.#painters) more = painter(now) === true || more;
    this.#animating = more;
    if (more) this.#ask();
  };

  #moveSlow = (): void => {
    clearTimeout(this.#slowTimer);
    this.#slowTimer = undefined;
    this.#slowAt = performance.now();
    this.slow++;
  };
}
