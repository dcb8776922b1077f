import type { Channels } from '../live/channels.ts';
import type { Recordings } from '../live/recordings.svelte.ts';
import type { Replays } from '../live/replays.svelte.ts';
import type { SubjectSelection } from '../live/subjects/subject-selection.svelte.ts';
import { count, short } from '../ui/format.ts';
import type { FrameLoop } from '../ui/frame-loop.svelte.ts';
import type { Settings } from '../ui/settings.svelte.ts';
import type { SharedCursor } from '../ui/shared-cursor.svelte.ts';
import { axisLabel } from '../ui/time-axis.ts';
import { timeAt, type TimeRange } from '../ui/time-range.ts';
import type { Units } from '../ui/units.svelte.ts';
import type { MomentKind, Moments } from './moments.ts';
import { texts } from './texts.ts';
import { TimelinePainter } from './timeline-painter.ts';
import type { Lane, TimelineScene } from './timeline-scene.ts';
import type { Timeline } from './timeline.svelte.ts';

const DRAW_EVERY_MS = 100;

/** The parts of the page that the timeline shows. */
export interface TimelineParts {
  readonly replays: Replays;
  readonly recordings: Recordings;
  readonly timeline: Timeline;
  readonly moments: Moments;
  readonly channels: Channels;
  readonly selection: SubjectSelection;
  readonly cursor: SharedCursor;
  readonly frame: FrameLoop;
  readonly settings: Settings;
  readonly units: Units;
}

/** Draws the timeline on a canvas: at most ten times a second, and at once when the person does something. Create it in a component. */
export class TimelineView {
  /** The width of the canvas, CSS pixels. */
  width = $state(0);
  /** The looped range while the person drags it. */
  draggedLoop: TimeRange | undefined;
  readonly #parts: TimelineParts;
  #painter: TimelinePainter | undefined;
  #forced = true;
  #version = -1;
  #drawnAt = 0;
  #later: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: TimelineParts) {
    this.#parts = parts;
    const { replays, timeline, cursor, selection, settings, units } = parts;
    $effect(() => {
      void [timeline.shown, timeline.whole, timeline.badRows, timeline.gaps];
      void [replays.range, replays.mark, replays.preview];
      void [cursor.timeMs, selection.key, settings.kept.lanes, units.zone, this.width];
      this.redraw();
    });
    $effect(() => {
      // Counts are known once the recordings are described.
      void timeline.descriptions;
      this.#painter?.recount();
      this.redraw();
    });
    $effect(() => {
      void settings.dark;
      // The document has the new theme only after this round of effects.
      requestAnimationFrame(() => {
        this.#painter?.recolour();
        this.redraw();
      });
    });
  }

  /** Whether each kind of moment has its own lane. */
  get expanded(): boolean {
    return this.#parts.settings.kept.lanes;
  }

  /** The number that each lane shows beside its name. */
  readonly counts = $derived.by((): Record<Lane, string> => {
    const { frame, moments, channels, timeline } = this.#parts;
    void frame.slow;
    const of = (kind: MomentKind): string =>
      count(moments.all.filter((moment) => moment.kind === kind).length);
    const lost = channels.losses.reduce((sum, loss) => sum + loss.count, 0);
    let lateMs = 0;
    for (const ms of timeline.lateness.worst) if (ms > lateMs) lateMs = ms;
    return {
      alert: of('alert'),
      stop: of('stop'),
      fence: of('fence'),
      gap: lost ? texts.lost(count(lost)) : count(timeline.gaps.length),
      bad: count(timeline.refused),
      late: lateMs ? `${short(lateMs)} ms` : '–',
    };
  });

  /** Svelte action: draws on a canvas while it is mounted. */
  canvas = (host: HTMLCanvasElement): { destroy(): void } => {
    this.#painter = new TimelinePainter(host);
    const stop = this.#parts.frame.paint((now) => this.#paint(now));
    return {
      destroy: () => {
        stop();
        clearTimeout(this.#later);
        this.#painter = undefined;
      },
    };
  };

  /** Draws in the next frame. */
  redraw(): void {
    this.#forced = true;
    this.#parts.frame.touch();
  }

  /** The time at a horizontal position in pixels; NaN without a recording. */
  timeAt(x: number): number {
    const { shown } = this.#parts.timeline;
    return shown ? timeAt(shown, Math.max(0, Math.min(1, x / this.width))) : NaN;
  }

  /** What the timeline shows now; undefined without a recording. */
  scene(): TimelineScene | undefined {
    const { replays, recordings, timeline, moments, channels, selection, cursor, units } = this.#parts;
    const { shown, whole } = timeline;
    if (!shown || !whole) return undefined;
    const ids = replays.chosen?.recordings ?? [];
    return {
      shown,
      counts: (bars) => recordings.histogram(ids, shown.from, shown.to, bars),
      positionMs: replays.preview ?? replays.positionAt(performance.now()),
      cursorMs: cursor.timeMs,
      loop: this.draggedLoop ?? replays.range,
      mark: replays.mark,
      expanded: this.expanded,
      moments: moments.all,
      key: selection.key,
      gaps: timeline.gaps,
      losses: channels.losses,
      badRows: timeline.badRows,
      lateness: { worst: timeline.lateness.worst, whole },
      offsetMs: (ms) => units.zone.offsetMs(ms),
      label: (ms, step) => axisLabel(ms + units.zone.offsetMs(ms), step),
    };
  }

  #paint(now: number): void {
    if (this.#parts.frame.version === this.#version && !this.#forced) return;
    const waitMs = this.#forced ? 0 : this.#drawnAt + DRAW_EVERY_MS - now;
    if (waitMs <= 0) this.#draw();
    else this.#later ??= setTimeout(() => this.#draw(), waitMs);
  }

  #draw(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    this.#forced = false;
    this.#version = this.#parts.frame.version;
    this.#drawnAt = performance.now();
    const scene = this.scene();
    if (scene) this.#painter?.draw(scene);
  }
}
