/** A system under test: three steps that run in a process of their own. */
export interface Contender {
  name: string;
  /** Process id of the steps. */
  pid: number;
  /** Sends events to the first step. */
  send(count: number): Promise<void>;
  /** Number of results so far. */
  count(): Promise<number>;
  /** The time of each hop of all results but the first `from`: from when one step sent an event to when the next one did. */
  hopsMs(from: number): Promise<number[]>;
  close(): Promise<void>;
}
