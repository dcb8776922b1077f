import type { Damage } from '../mcap/recovery/salvage.ts';

/** What could be saved of a file. */
export interface RecoverReport {
  out: string;
  /** Messages, or rows. */
  recovered: number;
  damages: Damage[];
  /** Whether messages were lost, or may have been. */
  lost: boolean;
}
