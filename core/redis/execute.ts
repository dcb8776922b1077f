import type { ChainableCommander } from 'ioredis';

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
