import { setTimeout as delay } from 'node:timers/promises';
import { isPassing, sentence } from '../../../core/problems/errors.ts';
import type { Logger } from '../../../core/logging/log.ts';
import type { ServiceLease } from './service-lease.ts';

/** How often a running service renews its lease. */
export const LEASE_RENEWAL_MS = 500;
/** How often a process without the lease tries to get it. */
const STANDBY_POLL_MS = 250;
/** Pause after a problem with Redis that may pass. */
const RETRY_MS = 1_000;

export interface LeaseLoop {
  /** Name of the service, for the log. */
  name: string;
  lease: ServiceLease;
  log: Logger;
  isClosed: () => boolean;
  /** Gets the lease and whatever else the service needs to run. */
  acquire: () => Promise<boolean>;
  /** Runs the service until it is closed, fails, or loses the lease. */
  runOnce: () => Promise<void>;
  /** Where the service starts over after a problem, for the log. */
  startingOver: string;
}

/**
 * Runs a service while this process has its lease, and stands by while another has it, until it is closed.
 * @throws errors of the service, and problems with Redis that will not pass
 */
export async function runWithLease(loop: LeaseLoop): Promise<void> {
  const { name, lease, log, isClosed, acquire, runOnce, startingOver } = loop;
  try {
    while (!isClosed()) {
      try {
        if (await acquire()) await runOnce();
        else await delay(STANDBY_POLL_MS);
      } catch (error) {
        if (!isPassing(error)) throw error;
        log.warn({ service: name }, `${startingOver}: ${sentence(error)}`);
        await delay(RETRY_MS);
      }
    }
  } finally {
    await lease.release().catch(() => {});
  }
}
