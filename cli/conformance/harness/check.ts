import type { Harness } from './harness.ts';

/** Something that a service has to do. */
export interface Check {
  name: string;
  /** Says what it saw, or why it could not look. @throws Fault where the service does otherwise */
  run(harness: Harness): Promise<CheckResult>;
}

export type CheckResult = { ok: string } | { skipped: string };
