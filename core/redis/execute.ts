import type { ChainableCommander, Redis } from 'ioredis';
import { passingReasonOf } from '../problems/passing.ts';

/**
 * Sends a pipeline. Redis may refuse some of its commands.
 * @returns the replies
 * @throws the first error among them
 */
export async function execute(pipeline: ChainableCommander): Promise<unknown[]> {
  const replies = (await pipeline.exec()) ?? [];
  for (const [error] of replies) if (error) throw error;
  return replies.map(([, reply]) => reply);
}

/**
 * Reads several keys at one moment. A full Redis refuses transactions, even those that only read; but then nobody writes
 * in between either.
 * @returns the replies, as `exec` does
 */
export async function readTogether(
  redis: Redis,
  read: (commands: ChainableCommander) => ChainableCommander,
): Promise<[error: Error | null, result: unknown][]> {
  try {
    return (await read(redis.multi()).exec())!;
  } catch (error) {
    if (passingReasonOf(error)?.code !== 'redis_full') throw error;
    return (await execute(read(redis.pipeline()))).map((reply) => [null, reply]);
  }
}
