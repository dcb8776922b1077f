import type { Damage } from '../mcap/recovery/salvage.ts';

/** What was saved of a damaged file. */
export interface RecoverReport {
  out: string;
  /** Number of messages or lines saved. */
  recovered: number;
  /** Number of attachments and of metadata records saved; for MCAP only. */
  attachments?: number;
  metadata?: number;
  damages: Damage[];
  /** Whether messages were lost, or may have been. */
  lost: boolean;
}
