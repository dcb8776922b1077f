/**
 * How sure a decision about a file is. `certain`: it was given, the file says so, or nothing else fits the sample.
 * `likely`: something else would fit, but the evidence speaks against it. `guess`: something else fits as well, so a user
 * has to be told.
 */
export type Certainty = 'certain' | 'likely' | 'guess';

/** What was decided about a file, how surely, and why, in words that users see. */
export interface Decision<T> {
  value: T;
  certainty: Certainty;
  because: string;
  /** The runner-up, where there is one. */
  instead?: { value: T; because: string };
}

/** A decision that the user took. */
export function given<T>(value: T): Decision<T> {
  return { value, certainty: 'certain', because: 'given' };
}

/** A decision for which no other reading fits. */
export function certain<T>(value: T, because: string): Decision<T> {
  return { value, certainty: 'certain', because };
}

/** A decision that the evidence speaks for, with the runner-up where there is one. */
export function likely<T>(value: T, because: string, instead?: Decision<T>['instead']): Decision<T> {
  return { value, certainty: 'likely', because, ...(instead && { instead }) };
}

/** A decision that could as well be another, with the runner-up where it is known. */
export function guess<T>(value: T, because: string, instead?: Decision<T>['instead']): Decision<T> {
  return { value, certainty: 'guess', because, ...(instead && { instead }) };
}
