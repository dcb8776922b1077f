/** Why an event or a timer is left out. */
export interface Refusal {
  /** A problem code, if there is one. */
  code?: string;
  reason: string;
}

/** Knows the timers that must not be called again, and is told about each one that is called. */
export interface TimerGuard {
  /** A timer is about to be called; `timeMs`: the event time that it was set for. Not null: it must be left out. */
  beginTimer(key: string, name: string, timeMs: number): Refusal | null;
  /** The timer has been called. */
  endTimer(): void;
}
