import type { Detector, Evidence } from './detector.ts';

/** What a comparison of windows keeps. */
export interface WindowComparisonState<Value> {
  /** The first values, in order. */
  reference: Value[];
  /** The latest values, and their times, epoch ms. */
  current: Value[];
  timesMs: number[];
  seen: number;
}

/** Which windows are compared, and when. */
export interface WindowComparisonSettings {
  /** Number of values of the reference. */
  referenceEvents: number;
  /** Number of values of the sliding window. */
  windowEvents: number;
  /** Compares the two after this many values. */
  checkEvery: number;
  /** The chance of a false alarm at one look. Windows of successive looks overlap, so it is higher for several looks. */
  alpha: number;
}

/** Compares the first values, which stay the reference, with a window that slides over the values after them. */
export abstract class WindowComparison<Value> implements Detector<Value> {
  state: WindowComparisonState<Value>;
  readonly #settings: WindowComparisonSettings;

  constructor(settings: WindowComparisonSettings, state: WindowComparisonState<Value> = begin()) {
    this.#settings = settings;
    this.state = state;
  }

  /** Null if the two may come from one distribution. */
  protected abstract compare(reference: Value[], current: Value[]): Omit<Evidence, 'fromMs'> | null;

  update(value: Value, timeMs: number): Evidence | null {
    const { reference, current, timesMs } = this.state;
    const { referenceEvents, windowEvents, checkEvery } = this.#settings;
    this.state.seen++;
    if (reference.length < referenceEvents) {
      reference.push(value);
      return null;
    }
    current.push(value);
    timesMs.push(timeMs);
    if (current.length > windowEvents) {
      current.shift();
      timesMs.shift();
    }
    if (current.length < windowEvents || this.state.seen % checkEvery !== 0) return null;
    const found = this.compare(reference, current);
    if (found === null) return null;
    this.state = begin();
    return { ...found, fromMs: timesMs[0]! };
  }
}

function begin<Value>(): WindowComparisonState<Value> {
  return { reference: [], current: [], timesMs: [], seen: 0 };
}
