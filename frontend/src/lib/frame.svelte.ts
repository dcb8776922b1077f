/** Draws; returns true while it has more to show without new data (an animation under way). */
export type Painter = (nowMs: number) => boolean | void;

const SLOW_MS = 220;

/**
 * The one animation-frame loop. Data arrives at any rate outside runes; it calls `touch`, and painters run once in the next
 * frame. `version` moves at most once a frame, `slow` about four times a second: for what people read.
 */
export class Frame {
  version = $state(0);
  slow = $state(0);
  #painters = new Set<Painter>();
  #asked = false;
  #dirty = false;
  #slowAt = 0;
  #slowTimer: ReturnType<typeof setTimeout> | undefined;

  /** Something changed: paint in the next frame. */
  touch(): void {
    this.#dirty = true;
    this.#ask();
  }

  /** Adds a painter; the answer removes it. */
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
    if (this.#dirty) {
      this.#dirty = false;
      this.version++;
      const due = this.#slowAt + SLOW_MS - now;
      if (due <= 0) this.#moveSlow();
      else this.#slowTimer ??= setTimeout(this.#moveSlow, due);
    }
    let more = false;
    for (const painter of this.#painters) more = painter(now) === true || more;
    if (more) this.#ask();
  };

  #moveSlow = (): void => {
    clearTimeout(this.#slowTimer);
    this.#slowTimer = undefined;
    this.#slowAt = performance.now();
    this.slow++;
  };
}
