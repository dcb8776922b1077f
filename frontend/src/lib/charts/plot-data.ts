import type uPlot from 'uplot';
import type { TimeSeries } from '../live/subjects/time-series.ts';

/** A line of a chart: the numbers of a subject in its colour. */
export interface ChartLine {
  key: string;
  name: string;
  colour: number;
  /** Whether it is highlighted: the selected subject's. */
  strong: boolean;
  series: TimeSeries;
  /** The numbers are multiplied by this, to convert their unit. */
  factor: number;
}

/** Whether there is exactly one value. */
export function isSingle(values: ArrayLike<number | null | undefined> | undefined): boolean {
  let count = 0;
  for (let i = 0; values && i < values.length && count < 2; i++) if (typeof values[i] === 'number') count++;
  return count === 1;
}

/** The last value at or before a column: lines cross columns without a value. */
export function lastAt(values: ArrayLike<number | null | undefined>, at: number): number | null | undefined {
  for (let i = at; i >= 0 && i > at - 40; i--)
    if (values[i] !== null && values[i] !== undefined) return values[i];
  return undefined;
}

/** The range of a value axis: some space above and below, never empty, and with zero when zero is near. */
export function valueRange(min: number | null, max: number | null): [number, number] {
  if (min === null || max === null || !Number.isFinite(min) || !Number.isFinite(max)) return [0, 1];
  const size = max - min || Math.abs(max) * 0.1 || 1;
  const low = min >= 0 && min < size * 0.5 ? 0 : min - size * 0.08;
  return [low, max + size * 0.08];
}

/** uPlot's data: a shared time axis of `columns` values in seconds, and for each line its last value in each column, or null. */
export function columnsOf(
  lines: readonly ChartLine[],
  fromMs: number,
  toMs: number,
  columns: number,
): uPlot.AlignedData {
  const step = Math.max(1, (toMs - fromMs) / columns);
  const x = Float64Array.from({ length: columns + 1 }, (_, i) => (fromMs + i * step) / 1000);
  const ys = lines.map(({ series, factor }) => {
    const y = new Array<number | null>(columns + 1).fill(null);
    // Start with one value before the window, so that the line enters at the edge.
    for (let i = Math.max(0, series.indexAt(fromMs) - 1); i < series.length; i++) {
      const column = Math.round(((series.times[i] as number) - fromMs) / step);
      if (column > columns) break;
      y[Math.max(0, column)] = (series.values[i] as number) * factor;
    }
    return y;
  });
  return [x, ...ys] as unknown as uPlot.AlignedData;
}
