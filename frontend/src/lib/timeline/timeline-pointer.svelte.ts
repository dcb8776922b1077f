import type { Replays } from '../live/replays.svelte.ts';
import type { SharedCursor } from '../ui/shared-cursor.svelte.ts';
import { ordered, shareOf } from '../ui/time-range.ts';
import { hitAt, type TimelineHit } from './hits.ts';
import type { Moment } from './moments.ts';
import type { TimelineView } from './timeline-view.svelte.ts';
import type { Timeline } from './timeline.svelte.ts';

/** How near the pointer must be to an end of the loop to drag it, px. */
const END_PX = 9;
/** Moving less than this, px, is a click on a moment. */
const CLICK_PX = 4;
/** Zoom factor for each pixel of the wheel. */
const WHEEL_ZOOM = 1.0015;
/** The width of a bar of the histogram with its gap, px. */
const BAR_PX = 4;

/** What a drag does: seek, mark a new loop, or move one end of the loop. */
type Drag =
  | { does: 'seek'; fromX: number; hit: TimelineHit | undefined }
  | { does: 'loop'; from: number }
  | { does: 'end'; end: 'a' | 'b'; to: number };

/** What the pointer is on: a time, and a mark or the number of records. */
export interface TimelineTip {
  x: number;
  ms: number;
  hit: TimelineHit | undefined;
  records: number | undefined;
}

interface Parts {
  readonly replays: Replays;
  readonly timeline: Timeline;
  readonly cursor: SharedCursor;
  readonly momentNavigation: { goTo(moment: Moment): void };
}

/** The pointer on the timeline: it seeks, marks loops, goes to moments, zooms, and tells what it is on. */
export class TimelinePointer {
  tip = $state.raw<TimelineTip>();
  readonly #view: TimelineView;
  readonly #parts: Parts;
  #drag: Drag | undefined;

  constructor(view: TimelineView, parts: Parts) {
    this.#view = view;
    this.#parts = parts;
  }

  leave = (): void => {
    this.tip = undefined;
    this.#parts.cursor.leave('timeline');
  };

  down = (event: PointerEvent): void => {
    const scene = this.#view.scene();
    if (!scene || event.button !== 0) return;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    const { replays } = this.#parts;
    const { x, y } = placeOf(event);
    const ms = this.#view.timeAt(x);
    const isNear = (end: number | undefined): boolean =>
      end !== undefined && Math.abs(shareOf(scene.shown, end) * this.#view.width - x) < END_PX;
    if (event.shiftKey) this.#drag = { does: 'loop', from: ms };
    else if (isNear(replays.range?.from)) this.#drag = { does: 'end', end: 'a', to: ms };
    else if (isNear(replays.range?.to)) this.#drag = { does: 'end', end: 'b', to: ms };
    else {
      const hit = hitAt(scene, this.#view.width, x, y);
      this.#drag = { does: 'seek', fromX: x, hit };
      if (hit?.kind !== 'moment') replays.preview = ms;
    }
  };

  move = (event: PointerEvent): void => {
    this.#hover(event);
    const drag = this.#drag;
    if (!drag) return;
    const { replays } = this.#parts;
    const { x } = placeOf(event);
    const ms = this.#view.timeAt(x);
    if (drag.does === 'seek') {
      if (replays.preview !== undefined || Math.abs(x - drag.fromX) > CLICK_PX) replays.preview = ms;
    } else if (drag.does === 'loop') this.#view.draggedLoop = ordered(drag.from, ms);
    else {
      drag.to = ms;
      const { range } = replays;
      if (range) this.#view.draggedLoop = drag.end === 'a' ? ordered(ms, range.to) : ordered(range.from, ms);
    }
    this.#view.redraw();
  };

  up = (): void => {
    const drag = this.#drag;
    const loop = this.#view.draggedLoop;
    const { replays, momentNavigation } = this.#parts;
    this.#end();
    if (drag?.does === 'loop') {
      if (loop && loop.to > loop.from) void replays.setRange(loop);
    } else if (drag?.does === 'end') void replays.setEnd(drag.end, drag.to);
    else if (drag?.does === 'seek') {
      if (replays.preview !== undefined) void replays.seek(replays.preview);
      else if (drag.hit?.kind === 'moment') momentNavigation.goTo(drag.hit.moment);
    }
    this.#view.redraw();
  };

  cancel = (): void => {
    this.#end();
    this.#parts.replays.preview = undefined;
  };

  /** Svelte action: the wheel zooms around the pointer; sideways, or with Shift, it moves the visible part. */
  wheel = (host: HTMLElement): { destroy(): void } => {
    const wheel = (event: WheelEvent): void => {
      const { timeline } = this.#parts;
      const { shown } = timeline;
      if (!shown) return;
      event.preventDefault();
      const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
      if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY))
        timeline.pan((sideways / this.#view.width) * (shown.to - shown.from));
      else timeline.zoom(WHEEL_ZOOM ** event.deltaY, this.#view.timeAt(placeOf(event).x));
    };
    // Not passive: it must be able to keep the page from scrolling.
    host.addEventListener('wheel', wheel, { passive: false });
    return { destroy: () => host.removeEventListener('wheel', wheel) };
  };

  #end(): void {
    this.#drag = undefined;
    this.#view.draggedLoop = undefined;
  }

  #hover(event: PointerEvent): void {
    const scene = this.#view.scene();
    if (!scene) return;
    const { width } = this.#view;
    const { x, y } = placeOf(event);
    const ms = this.#view.timeAt(x);
    const hit = hitAt(scene, width, x, y);
    const bars = Math.max(1, Math.floor(width / BAR_PX));
    const records = hit
      ? undefined
      : scene.counts(bars)?.[Math.min(bars - 1, Math.floor((x / width) * bars))];
    this.tip = { x: Math.max(0, Math.min(width, x)), ms, hit, records };
    this.#parts.cursor.point('timeline', ms);
  }
}

function placeOf(event: MouseEvent): { x: number; y: number } {
  const { left, top } = (event.currentTarget as Element).getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
}
