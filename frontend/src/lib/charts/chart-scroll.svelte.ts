import { problemOf } from '../live/api.ts';
import type { Channels } from '../live/channels.ts';
import type { Announcer } from '../ui/announcer.svelte.ts';
import type { Settings } from '../ui/settings.svelte.ts';
import type { TimeRange } from '../ui/time-range.ts';
import type { Units } from '../ui/units.svelte.ts';
import { LivelyChoice } from '../live/subjects/liveliness.ts';
import { chartsOf, MOST_LINES, windowOf, type Chart, type ChartSources } from './chart-lines.ts';
import { LogHistory } from './log-history.ts';
import { texts } from './texts.ts';

/** How much time the charts show: seconds before the latest value, or all. */
export const WINDOWS = ['60', '600', '3600', 'all'] as const;
/** One of `WINDOWS`. */
export type ChartWindow = (typeof WINDOWS)[number];

/** A trackpad or a wheel with Shift scrolls one step in this time at most, ms. */
const WHEEL_MS = 150;

/** The parts of the page that scrolling needs. */
export interface ScrollParts extends ChartSources {
  readonly channels: Channels;
  readonly settings: Settings;
  readonly announcer: Announcer;
  readonly units: Units;
}

/** The range of time that the charts show: up to the latest value, or a range of the past read from the log. */
export class ChartScroll {
  /** The end of a range of the past, event time in ms; undefined: the latest value. */
  untilMs = $state<number>();
  /** While the log is being read. */
  reading = $state(false);
  /** Why the past can't be shown. */
  trouble = $state('');
  /** How much time the charts show, ms. */
  #lengthMs = 0;
  #wheeledAt = -Infinity;
  readonly #history: LogHistory;
  readonly #parts: ScrollParts;
  /** What the charts of the latest values are made of. */
  readonly #live: ChartSources;
  readonly #changed: () => void;

  /** `changed` is called when the charts must be drawn again. */
  constructor(parts: ScrollParts, changed: () => void) {
    this.#parts = parts;
    const { subjects, metrics, selection, units, topology, watched } = parts;
    const choice = new LivelyChoice(MOST_LINES);
    this.#live = { subjects, metrics, selection, units, topology, watched, choice };
    this.#history = new LogHistory(parts);
    this.#changed = changed;
  }

  /** What the charts are made of now. */
  get sources(): ChartSources {
    return this.untilMs === undefined ? this.#live : this.#history.sources;
  }

  /** Whether the past that is shown was of an earlier epoch. */
  get isVoid(): boolean {
    return this.untilMs !== undefined && this.#history.isVoid;
  }

  /** The range to draw for these charts; undefined without any value. */
  rangeOf(charts: readonly Chart[]): TimeRange | undefined {
    if (this.untilMs !== undefined) return { from: this.untilMs - this.#lengthMs, to: this.untilMs };
    const latest = windowOf(charts, this.#windowS);
    this.#lengthMs = latest ? latest.to - latest.from : 0;
    return latest;
  }

  choose(window: ChartWindow): void {
    this.#parts.settings.set('chartWindow', window);
    if (window === 'all') this.toLatest();
    else void this.scroll(0);
  }

  toLatest = (): void => {
    this.#history.clear();
    this.untilMs = undefined;
    this.reading = false;
    this.#changed();
  };

  /** Scrolls by half of what is shown: back into the log (-1), or towards the latest values (1). 0 only reads what is missing. */
  async scroll(direction: -1 | 0 | 1): Promise<void> {
    const { announcer, units } = this.#parts;
    const latest = windowOf(chartsOf(this.#live).charts, this.#windowS);
    if (!latest || (this.untilMs === undefined && direction !== -1)) return;
    if (this.#windowS !== undefined) this.#lengthMs = this.#windowS * 1000;
    const to = (this.untilMs ?? latest.to) + (direction * this.#lengthMs) / 2;
    if (to >= latest.to) return this.toLatest();
    const firstMs = this.#history.beginningMs;
    if (direction === -1 && firstMs !== undefined && (this.untilMs ?? Infinity) - this.#lengthMs <= firstMs)
      return announcer.say(texts.beginning);
    this.untilMs = to;
    this.reading = true;
    this.trouble = '';
    try {
      if (!(await this.#history.show(to - this.#lengthMs, to))) return;
      announcer.say(texts.past(units.stamp(to)));
    } catch (error) {
      this.trouble = texts.noPast(problemOf(error).title);
      announcer.say(this.trouble);
    }
    this.reading = false;
    this.#changed();
  }

  /** Scrolls when the wheel turns sideways, as on a trackpad or with Shift. */
  wheel = (event: WheelEvent): void => {
    if (Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return;
    event.preventDefault();
    if (this.reading || event.timeStamp - this.#wheeledAt < WHEEL_MS) return;
    this.#wheeledAt = event.timeStamp;
    void this.scroll(event.deltaX < 0 ? -1 : 1);
  };

  get #windowS(): number | undefined {
    const { chartWindow } = this.#parts.settings.kept;
    return chartWindow === 'all' ? undefined : Number(chartWindow);
  }
}
