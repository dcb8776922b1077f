import type { TimeSeries } from '../live/time-series.ts';

/** A series as an SVG path, and what it spans. */
export interface Sparkline {
  readonly path: string;
  /** Event times, ms. */
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
  readonly last: number;
}

const AIR = 2;

/** The line of a series in a box: one point to two pixels of its width, so that it costs the same however long it is. */
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
    const y = height - AIR - ((value - low) / (high - low || 1)) * (height - 2 * AIR);
    points.push(`${(column * 2).toFixed(0)} ${y.toFixed(1)}`);
  }
  return { path: `M${points.join('L')}`, from, to, low, high, last: values[length - 1] as number };
}
