/** A system under test: three steps that run in a process of their own. */
export interface Contender {
  name: string;
  /** Process id of the steps. */
  pid: number;
  /** Sends events to the first step. */
  send(count: number): Promise<void>;
  /** Number of results so far. */
  count(): Promise<number>;
  /** Hop times of all results after the first `from`: from one step's sending to the next step's. */
  hopsMs(from: number): Promise<number[]>;
  close(): Promise<void>;
}
