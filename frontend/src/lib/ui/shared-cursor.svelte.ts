import type { FrameLoop } from './frame-loop.svelte.ts';

/** The panel that the pointer is in. */
export type CursorSource = 'timeline' | 'charts' | 'feed' | 'card';

/** The time under the pointer of any panel; timeline, charts, map and feed all show it. Changes at most once per frame. */
export class SharedCursor {
  /** Recording time, ms; undefined while the pointer is on no time. */
  timeMs = $state<number>();
  /** The panel that the pointer is in. */
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

  /** The pointer has left a panel. Does nothing when it is in another one already. */
  leave(by: CursorSource): void {
    if (this.#next?.by !== by) return;
    this.#next = undefined;
    this.#frame.touch();
  }
}
