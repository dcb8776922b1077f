import { comparePositions, parsePosition } from '../wire/event.ts';
import { keys } from '../wire/keys.ts';
import { headOf } from './channel-store.ts';
import type { Redis } from './connection.ts';
import type { LogBatch } from './log-batch.ts';
import type { ReadPositions } from './read-positions.ts';
import type { StreamEntry } from './stream-entry.ts';

/**
 * Finds channels that have been read to the end, and where a new epoch has begun without an event yet: the log does not show
 * it, but the head does. Returns an empty batch for each, and moves the position to the start of the epoch.
 */
export async function findNewEpochs(redis: Redis, positions: ReadPositions): Promise<LogBatch[]> {
  const channels = positions.all();
  const pipeline = redis.pipeline();
  // In this order: when the head names the new epoch, the log already has all events of the previous one.
  for (const [channel] of channels)
    pipeline.hmget(keys.head(channel), 'epoch', 'offset').xrevrange(keys.log(channel), '+', '-', 'COUNT', 1);
  const replies = await pipeline.exec().catch(() => null);
  return channels.flatMap(([channel, state], i): LogBatch[] => {
    const [head, last] = [replies?.[2 * i], replies?.[2 * i + 1]];
    // Redis is away or loading: the next check will do. Or the channel has moved meanwhile.
    if (!head || !last || head[0] || last[0] || positions.get(channel) !== state) return [];
    const { epoch, offset } = headOf(head[1] as (string | null)[]);
    const [entry] = last[1] as StreamEntry[];
    const isReadToEnd = !entry || comparePositions(parsePosition(entry[0]), state.position) <= 0;
    if (epoch <= state.position.epoch || offset > 0 || !isReadToEnd) return [];
    positions.set(channel, { epoch, offset: 0 });
    return [{ channel, epoch, from: 1, to: 0, events: [], lost: 0 }];
  });
}
