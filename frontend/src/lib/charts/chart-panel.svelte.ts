import type { Replays } from '../live/replays.svelte.ts';
import { short } from '../ui/format.ts';
import type { FrameLoop } from '../ui/frame-loop.svelte.ts';
import type { SharedCursor } from '../ui/shared-cursor.svelte.ts';
import { AddedCharts } from './added-charts.ts';
import { chartsOf, type Chart } from './chart-lines.ts';
import { ChartReadout, mainLine } from './chart-readout.svelte.ts';
import { ChartScroll, type ScrollParts } from './chart-scroll.svelte.ts';
import { Plot } from './plot.ts';

interface Parts extends ScrollParts {
  readonly watched: ScrollParts['watched'] & { add(channel: string): void };
  readonly replays: Replays;
  readonly frame: FrameLoop;
  readonly cursor: SharedCursor;
}

/** Draws the charts: about ten times a second, less often where frames are slow. Create it in a component. */
export class ChartPanel {
  charts = $state.raw<Chart[]>([]);
  /** How many of the subjects have lines. */
  counts = $state.raw({ shown: 0, all: 0 });
  readonly added: AddedCharts;
  readonly scroll: ChartScroll;
  readonly readout: ChartReadout;
  readonly #parts: Parts;
  readonly #plots = new Map<string, Plot>();
  #drawnAt = 0;
  #version = -1;
  #later: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.added = new AddedCharts(parts);
    this.scroll = new ChartScroll(parts, () => this.#redraw());
    this.readout = new ChartReadout(parts.cursor, () => this.charts, this.#plots);
    const { frame, replays, settings, selection, units, cursor } = parts;
    $effect(() => frame.paint((now) => this.#paint(now)));
    $effect(() => () => clearTimeout(this.#later));
    $effect(() => {
      // The past that is shown belongs to the replay that was chosen.
      void replays.scope;
      this.scroll.toLatest();
    });
    $effect(() => {
      const { chartWindow, speedUnit, lengthUnit } = settings.kept;
      void [selection.key, chartWindow, speedUnit, lengthUnit];
      for (const plot of this.#plots.values()) plot.zone = units.zone;
      this.#redraw();
    });
    $effect(() => {
      void [cursor.by, cursor.timeMs];
      this.readout.follow();
    });
    let { dark } = settings;
    $effect(() => {
      if (settings.dark === dark) return;
      dark = settings.dark;
      // The document has the new theme only after this round of effects.
      requestAnimationFrame(() => {
        for (const plot of this.#plots.values()) plot.recolour();
        this.#redraw();
      });
    });
  }

  /** Svelte action: draws a chart in an element while it is mounted. `last`: it is the lowest chart, with the time axis. */
  plot = (
    host: HTMLElement,
    { id, last }: { id: string; last: boolean },
  ): { update(to: { last: boolean }): void; destroy(): void } => {
    const plot = new Plot(host, last, this.#parts.units.zone);
    this.#plots.set(id, plot);
    const resized = new ResizeObserver(() => this.#redraw());
    resized.observe(host);
    return {
      update(to) {
        plot.last = to.last;
      },
      destroy: () => {
        resized.disconnect();
        plot.destroy();
        this.#plots.delete(id);
      },
    };
  };

  /** The latest value of the main line of a chart, with its unit; only the unit when there is none. `write`: rounded or exact. */
  latestOf({ lines, unit }: Chart, write = short): string {
    const { untilMs } = this.scroll;
    const line = mainLine(lines);
    // A range of the past holds a little more than what is shown.
    const end = line && (untilMs === undefined ? line.series.length : line.series.indexAt(untilMs + 1));
    const value = end ? line?.series.values[end - 1] : undefined;
    return line && value !== undefined ? `${write(value * line.factor)} ${unit}` : unit;
  }

  #redraw(): void {
    this.#version = -1;
    this.#parts.frame.touch();
  }

  #paint(now: number): void {
    const { frame } = this.#parts;
    if (frame.version === this.#version || this.#later !== undefined) return;
    const everyMs = Math.min(2000, Math.max(100, frame.usualMs * 8));
    const waitMs = this.#drawnAt + everyMs - now;
    if (waitMs <= 0) this.#draw();
    else this.#later = setTimeout(() => this.#draw(), waitMs);
  }

  #draw(): void {
    const { frame, cursor } = this.#parts;
    clearTimeout(this.#later);
    this.#later = undefined;
    this.#version = frame.version;
    this.#drawnAt = performance.now();
    if (this.scroll.isVoid) return this.scroll.toLatest();
    const { charts, shown, all } = chartsOf(this.scroll.sources);
    this.#replace(charts);
    if (shown !== this.counts.shown || all !== this.counts.all) this.counts = { shown, all };
    const range = this.scroll.rangeOf(charts);
    if (!range) return;
    for (const { id, lines } of charts) {
      const plot = this.#plots.get(id);
      plot?.draw(lines, range.from, range.to);
      if (cursor.timeMs !== undefined && cursor.by !== 'charts') plot?.point(cursor.timeMs);
    }
    if (this.readout.current) this.readout.refresh();
  }

  /** Charts with the same lines are replaced in place: the component need not be updated for them. */
  #replace(charts: Chart[]): void {
    const isSame =
      charts.length === this.charts.length &&
      charts.every(
        ({ id, lines }, i) => id === this.charts[i]?.id && lines.length === this.charts[i]?.lines.length,
      );
    if (!isSame) this.charts = charts;
    else for (const [i, chart] of charts.entries()) this.charts[i] = chart;
  }
}
