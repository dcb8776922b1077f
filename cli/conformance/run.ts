import { sentence } from '../../core/problems/errors.ts';
import type { Redis } from '../../core/redis/connection.ts';
import type { SetupStore } from '../../core/setup/setup.ts';
import type { Check } from './harness/check.ts';
import envelope from './checks/envelope.ts';
import heartbeat from './checks/heartbeat.ts';
import kill from './checks/kill.ts';
import once from './checks/once.ts';
import parameters from './checks/parameters.ts';
import retry from './checks/retry.ts';
import stop from './checks/stop.ts';
import trace from './checks/trace.ts';
import { branch, forward } from './checks/route.ts';
import { Fault, Harness, type HarnessOptions } from './harness/harness.ts';
import type { ServiceProcess } from './harness/service-process.ts';
import { findTarget } from './harness/target.ts';

/** In this order: where the first fails, nothing comes out, and the others would say the same. */
const CHECKS: Check[] = [envelope, heartbeat, forward, branch, trace, parameters, retry, once, stop, kill];

export interface Finding {
  check: string;
  state: 'ok' | 'failed' | 'skipped';
  what: string;
  /** What to do about it. */
  hint?: string;
  /** The reason that the service itself gave when it last failed one of these events. */
  reason?: string;
  /** The last lines that the program wrote to its standard output and error, where a command started it. */
  said?: string[];
}

/** Examines a service that speaks the protocol, or a step that the analysis host runs. Yields one finding per check. */
export async function* examine(
  redis: Redis,
  store: SetupStore,
  service: string,
  { program, ...options }: HarnessOptions & { program: ServiceProcess | null },
): AsyncGenerator<Finding> {
  const target = await findTarget(redis, store, service);
  await target.begin();
  program?.start();
  const harness = new Harness(redis, target, program, options);
  try {
    for (const check of CHECKS) {
      const finding = await findingOf(check, harness);
      if (finding.state === 'failed') Object.assign(finding, await ownWords(harness));
      yield finding;
      if (check === envelope && finding.state === 'failed') return;
    }
  } finally {
    await program?.stop();
    await target.restore();
    await harness.close();
  }
}

async function findingOf({ name: check, run }: Check, harness: Harness): Promise<Finding> {
  try {
    const seen = await run(harness);
    return 'ok' in seen
      ? { check, state: 'ok', what: seen.ok }
      : { check, state: 'skipped', what: seen.skipped };
  } catch (error) {
    if (error instanceof Fault) return { check, state: 'failed', what: error.message, hint: error.hint };
    return { check, state: 'failed', what: sentence(error), hint: 'See what Redis says.' };
  }
}

/** What the service itself says about a failure. */
async function ownWords(harness: Harness): Promise<Pick<Finding, 'reason' | 'said'>> {
  const reason = await harness.lastReason().catch(() => null);
  const said = harness.program?.said ?? [];
  return { ...(reason !== null && { reason }), ...(said.length > 0 && { said }) };
}
