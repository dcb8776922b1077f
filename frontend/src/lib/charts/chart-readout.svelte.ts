import { exact } from '../ui/format.ts';
import type { SharedCursor } from '../ui/shared-cursor.svelte.ts';
import type { Chart } from './chart-lines.ts';
import type { Plot } from './plot.ts';
import type { ChartLine } from './plot-data.ts';

/** The value of one line under the cursor. */
export interface LineValue {
  key: string;
  name: string;
  colour: number;
  value: number;
  text: string;
}

/** The values under the cursor. */
export interface Readout {
  timeMs: number;
  /** By chart: the value of its selected line, or of its only one. */
  values: ReadonlyMap<string, string>;
  /** All values of the chart that the pointer is on, largest first. */
  all: readonly LineValue[];
}

/** Reads the values under the pointer, or under the cursor of another panel. */
export class ChartReadout {
  current = $state.raw<Readout>();
  /** Whether the pointer is in the right half: the box with the values then stands on the left. */
  onRight = $state(false);
  #pointedChart: string | undefined;
  readonly #cursor: SharedCursor;
  readonly #charts: () => readonly Chart[];
  readonly #plots: ReadonlyMap<string, Plot>;

  constructor(cursor: SharedCursor, charts: () => readonly Chart[], plots: ReadonlyMap<string, Plot>) {
    this.#cursor = cursor;
    this.#charts = charts;
    this.#plots = plots;
  }

  /** The pointer has moved over the charts. */
  move = (event: MouseEvent): void => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    this.#pointedChart = (event.target as Element).closest('figure')?.dataset.chart;
    this.onRight = event.clientX > box.left + box.width / 2;
    this.#read();
    if (this.current) this.#cursor.point('charts', this.current.timeMs);
  };

  leave = (): void => {
    this.current = undefined;
    this.#cursor.leave('charts');
  };

  /** The cursor of another panel has moved. */
  follow(): void {
    if (this.#cursor.by === 'charts') return;
    const { timeMs } = this.#cursor;
    for (const plot of this.#plots.values()) plot.point(timeMs);
    if (timeMs === undefined) this.current = undefined;
    else this.refresh();
  }

  /** Reads again, because the charts or the cursor have changed. */
  refresh(): void {
    if (this.#cursor.by !== 'charts') this.#pointedChart = undefined;
    this.#read();
  }

  #read(): void {
    const values = new Map<string, string>();
    let all: LineValue[] = [];
    let timeMs = NaN;
    for (const { id, unit, lines } of this.#charts()) {
      const under = this.#plots.get(id)?.under();
      if (!under) continue;
      timeMs = under.time;
      const read = lines.flatMap(({ key, name, colour }, i): LineValue[] => {
        const value = under.values[i];
        return typeof value === 'number'
          ? [{ key, name, colour, value, text: `${exact(value)} ${unit}` }]
          : [];
      });
      const main = read.find(({ key }) => key === mainLine(lines)?.key);
      if (main) values.set(id, main.text);
      if (id === this.#pointedChart) all = read.sort((a, b) => b.value - a.value);
    }
    this.current = Number.isNaN(timeMs) ? undefined : { timeMs, values, all };
  }
}

/** The only line, or the selected one. */
export const mainLine = (lines: readonly ChartLine[]): ChartLine | undefined =>
  lines.length === 1 ? lines[0] : lines.find(({ strong }) => strong);
