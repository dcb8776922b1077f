import type { Hop } from '../../schemas/types.ts';
import { FUNCTIONS } from '../lua/functions.ts';
import { callFunction, type Redis } from './connection.ts';

const HOPS_PER_CALL = 1_000;

/** Records hops of sampled traces. Hops of a service's own work are recorded by its commit instead. */
export async function recordHops(redis: Redis, hops: Hop[]): Promise<void> {
  for (let at = 0; at < hops.length; at += HOPS_PER_CALL) {
    const some = hops.slice(at, at + HOPS_PER_CALL);
    const args = FUNCTIONS.note.encode({ hops: some.flatMap((hop) => [hop.trace, JSON.stringify(hop)]) });
    await callFunction(redis, 'note', [], args);
  }
}
