import type { Hop } from '../../schemas/types.ts';
import { FUNCTIONS } from '../lua/functions.ts';
import { callFunction, type Redis } from './connection.ts';

const HOPS_PER_CALL = 1_000;

/** Stores hops of sampled traces. A service stores its own hops with its commit instead. */
export async function recordHops(redis: Redis, hops: Hop[]): Promise<void> {
  for (let at = 0; at < hops.length; at += HOPS_PER_CALL) {
    const some = hops.slice(at, at + HOPS_PER_CALL);
    const args = FUNCTIONS.note.encode({ hops: some.flatMap((hop) => [hop.trace, JSON.stringify(hop)]) });
    await callFunction(redis, 'note', [], args);
  }
}
