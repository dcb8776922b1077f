/** What a detector found: the current values are not what the reference lets expect. */
export interface Evidence {
  /** How far the two are apart, in the detector's measure, and what that may be. */
  statistic: number;
  threshold: number;
  /** Chance of such a statistic at this one look if nothing had changed, where the detector's test knows it. */
  pValue?: number;
  /** Critical only where the measure has an established scale of how grave a change is. */
  severity: 'warning' | 'critical';
  reference: SampleSummary;
  current: SampleSummary;
  /** Event time that the current values begin at, epoch ms. */
  fromMs: number;
}

/** Values in short. */
export interface SampleSummary {
  events: number;
  /** Of numbers. */
  mean?: number;
  /** Of categories or bins: name -> share of the events; the largest first. */
  shares?: { [name: string]: number };
}

/**
 * Watches a stream of values for a change of their distribution. After it found one it starts over: what comes next is
 * the new normal. Given its state, it goes on where another one of the same settings was.
 */
export interface Detector<Value> {
  /** Survives JSON, and is bounded whatever the length of the stream. */
  readonly state: unknown;
  /** Takes the next value and its event time, epoch ms. Null: no change, or none that is certain yet. */
  update(value: Value, timeMs: number): Evidence | null;
}
