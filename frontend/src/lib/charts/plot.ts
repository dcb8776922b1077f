import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { css, palette, token } from '../ui/colours.ts';
import { axisLabel } from '../ui/time-axis.ts';
import { columnsOf, isSingle, lastAt, valueRange, type ChartLine } from './plot-data.ts';
import type { TimeZone } from '../ui/time-zone.ts';

/** More than one value per column of pixels can't be seen. */
const PIXELS_PER_POINT = 1.5;
const MOST_PLACES = 3;
const GREY = [128, 128, 128] as const;

/** Labels of the time axis in a time zone, as fine as the ticks need. */
const timeLabels =
  (zone: TimeZone): uPlot.Axis.DynamicValues =>
  (_plot, splits, _axis, _space, step) =>
    splits.map((s) => axisLabel(s * 1000 + zone.offsetMs(s * 1000), step * 1000));

/** Labels of a value axis, with as many decimal places as its step needs to keep them different. */
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

  /** `last`: shows the labels of the time axis, which the charts above share. */
  constructor(host: HTMLElement, last: boolean, zone: TimeZone) {
    this.#host = host;
    this.#last = last;
    this.#zone = zone;
  }

  /** The time zone of the labels; takes effect at the next draw. */
  set zone(zone: TimeZone) {
    this.#zone = zone;
    this.#shape = '?';
  }

  /** Whether it shows the labels of the time axis; takes effect at the next draw. */
  set last(last: boolean) {
    if (last !== this.#last) this.#shape = '?';
    this.#last = last;
  }

  /** Draws the lines between two event times, ms. */
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
    plot.setData(columnsOf(lines, fromMs, toMs, Math.max(16, Math.round(width / PIXELS_PER_POINT))), false);
    plot.batch(() => {
      plot.setScale('x', { min: fromMs / 1000, max: Math.max(toMs, fromMs + 1000) / 1000 });
    });
  }

  /** Takes the colours of the current theme at the next draw. */
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
      scales: { x: { time: true, auto: false }, y: { range: (_u, min, max) => valueRange(min, max) } },
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
          // A single value makes no line: draw it as a point.
          points: {
            show: (plot, i) => isSingle(plot.data[i]),
            size: 6,
            fill: css(colours[line.colour] ?? GREY),
          },
        })),
      ],
    };
    this.#plot = drawnByCpu(() => new uPlot(options, [[]], this.#host));
  }

  /** Puts the cursor at a time, ms, or removes it. */
  point(timeMs: number | undefined): void {
    const plot = this.#plot;
    if (!plot) return;
    const left = timeMs === undefined ? -10 : plot.valToPos(timeMs / 1000, 'x');
    plot.setCursor({ left: left > plot.over.clientWidth ? -10 : left, top: 0 }, false);
  }

  /** The time and values under the cursor; undefined when it is not on the chart. */
  under(): { time: number; values: (number | null | undefined)[] } | undefined {
    const plot = this.#plot;
    const i = plot?.cursor.idx;
    if (!plot || i === null || i === undefined || (plot.cursor.left ?? -1) < 0) return undefined;
    return {
      time: (plot.data[0][i] ?? 0) * 1000,
      values: plot.data.slice(1).map((values) => lastAt(values, i)),
    };
  }
}

/**
 * Canvases created inside are drawn by the processor. For short lines that change all the time this is faster than the GPU,
 * and ten times faster where there is no GPU. uPlot has no option for it.
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
