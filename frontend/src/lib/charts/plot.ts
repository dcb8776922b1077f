import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { css, palette, token } from '../ui/colours.ts';
import type { TimeSeries } from '../live/time-series.ts';
import { axisLabel } from '../ui/time-range.ts';
import type { TimeZone } from '../ui/time-zone.ts';

/** A line to draw: a subject's numbers in its colour. */
export interface ChartLine {
  key: string;
  name: string;
  colour: number;
  strong: boolean;
  series: TimeSeries;
  /** What its numbers are multiplied by: another unit. */
  factor: number;
}

/** One value to a pixel column is all that can be seen. */
const PIXELS_PER_POINT = 1.5;
const MOST_PLACES = 3;
const GREY = [128, 128, 128] as const;

/** Labels of the time axis in a zone, as fine as the ticks need them. */
const timeLabels =
  (zone: TimeZone): uPlot.Axis.DynamicValues =>
  (_plot, splits, _axis, _space, step) =>
    splits.map((s) => axisLabel(s * 1000 + zone.offsetMs(s * 1000), step * 1000));

/** Labels of a value axis, with the places that its step needs: no two of them read the same. */
function valueLabels(_plot: uPlot, splits: number[], _axis: number, _space: number, step: number): string[] {
  let places = 0;
  while (places < MOST_PLACES && !Number.isInteger(Number((step * 10 ** places).toPrecision(9)))) places++;
  const { format } = new Intl.NumberFormat('en', { maximumFractionDigits: places });
  return splits.map((split) => format(split));
}

/** One chart of several subjects over event time, drawn by uPlot. */
export class Plot {
  readonly #host: HTMLElement;
  #last: boolean;
  #plot: uPlot | undefined;
  #shape = '';
  #zone: TimeZone;

  /** `last` shows the labels of the time axis, in a zone; charts that stand above it share them. */
  constructor(host: HTMLElement, last: boolean, zone: TimeZone) {
    this.#host = host;
    this.#last = last;
    this.#zone = zone;
  }

  /** The zone of its labels; it is built anew at the next draw. */
  set zone(zone: TimeZone) {
    this.#zone = zone;
    this.#shape = '?';
  }

  /** Whether it shows the labels of the time axis; it is built anew at the next draw when that changes. */
  set last(last: boolean) {
    if (last !== this.#last) this.#shape = '?';
    this.#last = last;
  }

  /** Draws the lines between two event times, ms. Cheap enough for every frame, meant for a few times a second. */
  draw(lines: readonly ChartLine[], fromMs: number, toMs: number): void {
    const width = this.#host.clientWidth;
    const height = this.#host.clientHeight;
    if (width < 40 || height < 40) return;
    const shape = lines.map(({ key, strong, colour }) => `${key}:${strong}:${colour}`).join('|');
    if (!this.#plot || shape !== this.#shape) {
      this.#shape = shape;
      this.#build(lines, width, height);
    }
    const plot = this.#plot as uPlot;
    if (plot.width !== width || plot.height !== height) plot.setSize({ width, height });
    plot.setData(decimate(lines, fromMs, toMs, Math.max(16, Math.round(width / PIXELS_PER_POINT))), false);
    plot.batch(() => {
      plot.setScale('x', { min: fromMs / 1000, max: Math.max(toMs, fromMs + 1000) / 1000 });
    });
  }

  /** Builds it anew at the next draw, in the colours of the theme that is on. */
  recolour(): void {
    this.#shape = '?';
  }

  destroy(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  #build(lines: readonly ChartLine[], width: number, height: number): void {
    this.destroy();
    const colours = palette();
    const axis = {
      stroke: css(token('text-3')),
      grid: { stroke: css(token('line')), width: 1 },
      ticks: { show: false },
    };
    const font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const strong = lines.some((line) => line.strong);
    const options: uPlot.Options = {
      width,
      height,
      padding: [8, 26, this.#last ? 0 : 4, 0],
      legend: { show: false },
      cursor: {
        sync: { key: 'reprise' },
        drag: { setScale: false, x: false, y: false },
        points: { size: 7 },
        y: false,
      },
      tzDate: (ts) => uPlot.tzDate(new Date(ts * 1000), this.#zone.name),
      scales: { x: { time: true, auto: false }, y: { range: (_u, min, max) => rangeOf(min, max) } },
      axes: [
        {
          ...axis,
          font,
          size: this.#last ? 24 : 0,
          space: 64,
          values: this.#last ? timeLabels(this.#zone) : () => [],
          gap: 4,
        },
        { ...axis, font, size: 54, space: 26, gap: 6, values: valueLabels },
      ],
      series: [
        {},
        ...lines.map((line): uPlot.Series => ({
          label: line.name,
          stroke: css(colours[line.colour] ?? GREY, strong && !line.strong ? 0.28 : 1),
          width: line.strong ? 2.25 : 1.5,
          spanGaps: true,
          // A line needs two values; one alone would not be seen.
          points: {
            show: (plot, i) => single(plot.data[i]),
            size: 6,
            fill: css(colours[line.colour] ?? GREY),
          },
        })),
      ],
    };
    this.#plot = drawnByCpu(() => new uPlot(options, [[]], this.#host));
  }

  /** Puts the cursor at a time, ms, or takes it away. */
  point(timeMs: number | undefined): void {
    const plot = this.#plot;
    if (!plot) return;
    const left = timeMs === undefined ? -10 : plot.valToPos(timeMs / 1000, 'x');
    plot.setCursor({ left: left > plot.over.clientWidth ? -10 : left, top: 0 }, false);
  }

  /** Tells the values under the cursor; undefined when it is elsewhere. */
  under(): { time: number; values: (number | null | undefined)[] } | undefined {
    const plot = this.#plot;
    const i = plot?.cursor.idx;
    if (!plot || i === null || i === undefined || (plot.cursor.left ?? -1) < 0) return undefined;
    return {
      time: (plot.data[0][i] ?? 0) * 1000,
      values: plot.data.slice(1).map((values) => nearest(values, i)),
    };
  }
}

/**
 * Has the canvases that are made inside drawn by the CPU: short lines that change all the time are quicker there than on their
 * way through the GPU, by an order of magnitude where there is none. uPlot has no option for it.
 */
function drawnByCpu<T>(make: () => T): T {
  const { prototype } = HTMLCanvasElement;
  const { getContext } = prototype;
  prototype.getContext = function (this: HTMLCanvasElement, kind: string, options?: object) {
    return getContext.call(this, kind, { ...options, willReadFrequently: true });
  } as typeof getContext;
  try {
    return make();
  } finally {
    prototype.getContext = getContext;
  }
}

/** Whether there is one value only. */
function single(values: ArrayLike<number | null | undefined> | undefined): boolean {
  let count = 0;
  for (let i = 0; values && i < values.length && count < 2; i++) if (typeof values[i] === 'number') count++;
  return count === 1;
}

/** The last value at or before a column: lines cross the columns that have none. */
function nearest(values: ArrayLike<number | null | undefined>, at: number): number | null | undefined {
  for (let i = at; i >= 0 && i > at - 40; i--)
    if (values[i] !== null && values[i] !== undefined) return values[i];
  return undefined;
}

/** Air above and below; never a range of zero; zero stays in sight when it is near. */
function rangeOf(min: number | null, max: number | null): [number, number] {
  if (min === null || max === null || !Number.isFinite(min) || !Number.isFinite(max)) return [0, 1];
  const size = max - min || Math.abs(max) * 0.1 || 1;
  const low = min >= 0 && min < size * 0.5 ? 0 : min - size * 0.08;
  return [low, max + size * 0.08];
}

/** One shared time axis of `columns` values, and for each line its last value in each column or null. */
function decimate(
  lines: readonly ChartLine[],
  fromMs: number,
  toMs: number,
  columns: number,
): uPlot.AlignedData {
  const step = Math.max(1, (toMs - fromMs) / columns);
  const x = Float64Array.from({ length: columns + 1 }, (_, i) => (fromMs + i * step) / 1000);
  const ys = lines.map(({ series, factor }) => {
    const y = new Array<number | null>(columns + 1).fill(null);
    // One value before the window, so that the line enters it at the edge.
    for (let i = Math.max(0, series.indexAt(fromMs) - 1); i < series.length; i++) {
      const column = Math.round(((series.times[i] as number) - fromMs) / step);
      if (column > columns) break;
      y[Math.max(0, column)] = (series.values[i] as number) * factor;
    }
    return y;
  });
  return [x, ...ys] as unknown as uPlot.AlignedData;
}
