import type { TimeSeries } from '../live/subjects/time-series.ts';

/** A series as an SVG path, with its ranges. */
export interface Sparkline {
  readonly path: string;
  /** Event times, ms. */
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
  readonly last: number;
}

const MARGIN = 2;

/** The line of a series in a box, with one point for two pixels of width, so that a long series costs no more than a short one. */
export function sparklineOf(series: TimeSeries, width: number, height: number): Sparkline | undefined {
  const { times, values, length } = series;
  if (length < 2) return undefined;
  const [from, to] = [times[0] as number, times[length - 1] as number];
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < length; i++) {
    low = Math.min(low, values[i] as number);
    high = Math.max(high, values[i] as number);
  }
  const columns = Math.round(width / 2);
  const points: string[] = [];
  for (let column = 0; column <= columns; column++) {
    const ms = from + (column / columns) * (to - from);
    const value = values[Math.min(length - 1, series.indexAt(ms))] as number;
    const y = height - MARGIN - ((value - low) / (high - low || 1)) * (height - 2 * MARGIN);
    points.push(`${(column * 2).toFixed(0)} ${y.toFixed(1)}`);
  }
  return { path: `M${points.join('L')}`, from, to, low, high, last: values[length - 1] as number };
}
