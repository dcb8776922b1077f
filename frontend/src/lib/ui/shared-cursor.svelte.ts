import type { FrameLoop } from './frame-loop.svelte.ts';

/** Which panel the pointer is in. */
export type CursorSource = 'timeline' | 'charts' | 'feed' | 'card';

/** The moment that a pointer is on, in any panel: timeline, charts, map and feed all show that one. Moves at most once a frame. */
export class SharedCursor {
  /** Recording time, ms; undefined while no pointer is on any. */
  timeMs = $state<number>();
  /** The panel that it is on. */
  by = $state<CursorSource>();
  #next: { by: CursorSource; timeMs: number } | undefined;
  readonly #frame: FrameLoop;

  constructor(frame: FrameLoop) {
    this.#frame = frame;
    frame.paint(() => {
      this.timeMs = this.#next?.timeMs;
      this.by = this.#next?.by;
    });
  }

  point(by: CursorSource, timeMs: number): void {
    this.#next = { by, timeMs };
    this.#frame.touch();
  }

  /** The pointer has left a panel; nothing, when it is on another one already. */
  leave(by: CursorSource): void {
    if (this.#next?.by !== by) return;
    this.#next = undefined;
    this.#frame.touch();
  }
}
