/** Draws; returns true while it has more to show without new data (an animation under way). */
export type Painter = (nowMs: number) => boolean | void;

const SLOW_MS = 250;
const SLOWEST_MS = 1000;
/** Between two frames that follow each other there is at most this; more was a rest. */
const REST_MS = 1000;

/**
 * The one animation-frame loop. Data arrives at any rate outside runes; it calls `touch`, and painters run once in the next
 * frame. `version` moves at most once a frame, `slow` about four times a second: for what people read.
 */
export class FrameLoop {
  version = $state(0);
  slow = $state(0);
  /** What a frame usually takes here, ms: about 16, and much more where pixels are drawn without a GPU. */
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
    const took = now - this.#ranAt;
    this.#ranAt = now;
    // Quick to believe that frames are slow, slow to believe that they are quick: it would swing to and fro.
    const weight = took > this.usualMs ? 0.15 : 0.01;
    if (this.#animating && took < REST_MS) this.usualMs += (took - this.usualMs) * weight;
    if (this.#dirty) {
      this.#dirty = false;
      this.version++;
      // Where frames are slow, what is read moves less often: it is drawn by the same hands.
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
