import type { Detector, Evidence } from './detector.ts';

export interface WindowComparisonState<Value> {
  /** The first values, as they came. */
  reference: Value[];
  /** The latest, and their times, epoch ms. */
  current: Value[];
  timesMs: number[];
  seen: number;
}

export interface WindowComparisonSettings {
  /** Values that the reference has. */
  referenceEvents: number;
  /** Values that the sliding window has. */
  windowEvents: number;
  /** Compares the two after every so many values. */
  checkEvery: number;
  /** The chance of a false alarm at a look; looks overlap, so at a run of them it is higher. */
  alpha: number;
}

/** Compares the first values, which stay the reference, with a window that slides over those after them. */
export abstract class WindowComparison<Value> implements Detector<Value> {
  state: WindowComparisonState<Value>;
  readonly #settings: WindowComparisonSettings;

  constructor(settings: WindowComparisonSettings, state: WindowComparisonState<Value> = begin()) {
    this.#settings = settings;
    this.state = state;
  }

  /** Null where the two may well be of one distribution. */
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
