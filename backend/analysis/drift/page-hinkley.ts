import type { Detector, Evidence } from './detector.ts';

/** The factor by which a sum fades at each value: alpha in River and MOA. */
const FADING = 0.9999;

/** A sum of deviations in one direction, and the values since it was last at 0. */
interface CumulativeSum {
  sum: number;
  events: number;
  total: number;
  fromMs: number;
}

/** What the Page-Hinkley test keeps. */
export interface PageHinkleyState {
  events: number;
  mean: number;
  /** Sum of squared distances from the mean (Welford 1962). */
  squares: number;
  up: CumulativeSum;
  down: CumulativeSum;
}

/** How sensitive the Page-Hinkley test is. */
export interface PageHinkleySettings {
  /** Distance from the mean that does not add up. */
  allowed: number;
  /** The sum at which a change is reported. */
  threshold: number;
  /** Number of first values that only find the mean. */
  warmUp: number;
  /** Whether `allowed` and `threshold` are in standard deviations of the values so far, instead of their unit. */
  standardized: boolean;
}

/**
 * The Page-Hinkley test (Page, Biometrika 1954) for a rise or fall of the mean. It adds up by how much values are further
 * from the mean so far than is allowed. A sum never falls below 0; the change began where it last rose from there.
 */
export class PageHinkley implements Detector<number> {
  state: PageHinkleyState;
  readonly #settings: PageHinkleySettings;

  constructor(settings: PageHinkleySettings, state: PageHinkleyState = begin()) {
    this.#settings = settings;
    this.state = state;
  }

  update(value: number, timeMs: number): Evidence | null {
    const { state } = this;
    const { allowed, threshold, warmUp, standardized } = this.#settings;
    const off = value - state.mean;
    state.mean += off / ++state.events;
    state.squares += off * (value - state.mean);
    if (state.events <= warmUp) return null;
    const unit = standardized ? Math.sqrt(state.squares / state.events) : 1;
    // All values so far are the same.
    if (unit === 0) return null;
    const deviation = (value - state.mean) / unit;
    for (const [side, sign] of [[state.up, 1] as const, [state.down, -1] as const]) {
      add(side, sign * deviation - allowed, value, timeMs);
      if (side.sum < threshold) continue;
      const before = state.events - side.events;
      const found: Evidence = {
        statistic: side.sum,
        threshold,
        severity: 'warning',
        reference: {
          events: before,
          ...(before > 0 && { mean: (state.mean * state.events - side.total) / before }),
        },
        current: { events: side.events, mean: side.total / side.events },
        fromMs: side.fromMs,
      };
      this.state = begin();
      return found;
    }
    return null;
  }
}

function begin(): PageHinkleyState {
  const side = () => ({ sum: 0, events: 0, total: 0, fromMs: 0 });
  return { events: 0, mean: 0, squares: 0, up: side(), down: side() };
}

function add(side: CumulativeSum, amount: number, value: number, timeMs: number): void {
  if (side.sum === 0) Object.assign(side, { events: 0, total: 0, fromMs: timeMs });
  side.sum = Math.max(0, FADING * side.sum + amount);
  side.events++;
  side.total += value;
}
