/** What a detector found: the current values differ from the reference. */
export interface Evidence {
  /** The distance between the two in the measure of the detector, and the largest distance that raises no alert. */
  statistic: number;
  threshold: number;
  /** Chance of such a statistic at one look if nothing has changed, for detectors that know it. */
  pValue?: number;
  /** Critical only for measures with an established scale of severity. */
  severity: 'warning' | 'critical';
  reference: SampleSummary;
  current: SampleSummary;
  /** Event time of the first current value, epoch ms. */
  fromMs: number;
}

/** A sample in short. */
export interface SampleSummary {
  events: number;
  /** Mean of numbers. */
  mean?: number;
  /** Categories or bins: name -> share of the events; the largest first. */
  shares?: { [name: string]: number };
}

/**
 * Watches a stream of values for a change of their distribution. After a change it starts over: the values that follow
 * are the new reference. A detector that is created with the state of another, and the same settings, continues from it.
 */
export interface Detector<Value> {
  /** Can be stored as JSON; its size is bounded, however long the stream. */
  readonly state: unknown;
  /** Takes the next value and its event time, epoch ms. Null if there is no change, or none that is certain yet. */
  update(value: Value, timeMs: number): Evidence | null;
}
