import type { Lab } from './lab.ts';

/** Something that a service has to do. */
export interface Check {
  name: string;
  /** Answers what it saw, or that it could not look; @throws Fault where the service does otherwise */
  run(lab: Lab): Promise<Seen>;
}

export type Seen = { ok: string } | { skipped: string };
