import { readTogether } from '../../../core/redis/execute.ts';
import { positionText, type Position } from '../../../core/wire/event.ts';
import { keys } from '../../../core/wire/keys.ts';
import { callFunction, type Redis } from '../../../core/redis/connection.ts';
import { FUNCTIONS } from '../../../core/lua/functions.ts';

/** How far a channel has come beyond its last event. */
export interface ChannelProgress {
  head: Position;
  /** No event of the epoch before this time will come, epoch ms; null if no replay says so. */
  watermarkMs: number | null;
  /** Offset of the last event of the epoch, if the epoch was played to its end; else null. */
  endOffset: number | null;
}

/** Reads how far a channel has come in an epoch. */
export async function readProgress(redis: Redis, channel: string, epoch: number): Promise<ChannelProgress> {
  const replies = await readTogether(redis, (commands) =>
    commands
      .hmget(keys.head(channel), 'epoch', 'offset', 'watermark', 'watermark_epoch')
      .hget(keys.ends(channel), String(epoch)),
  );
  const [headEpoch, offset, watermark, watermarkEpoch] = replies[0]![1] as (string | null)[];
  const end = replies[1]![1] as string | null;
  const head = { epoch: Number(headEpoch ?? 0), offset: Number(offset ?? 0) };
  return {
    head,
    watermarkMs: watermark && Number(watermarkEpoch) === epoch ? Number(watermark) : null,
    endOffset: end === null ? null : Number(end),
  };
}

/** Tells readers of a channel that its epoch has ended. All events of the epoch must have been written. */
export async function markEnded(redis: Redis, channel: string, epoch: number): Promise<void> {
  const args = FUNCTIONS.mark.encode({ token: '', epoch, timeMs: '', isOver: true });
  await callFunction(redis, 'mark', [keys.head(channel), keys.ends(channel)], args);
}

/**
 * Tells replays that a service is still attached, while it has nothing to commit.
 * @param untilMs replays wait for the service until then, epoch ms
 */
export async function renewAttachment(
  redis: Redis,
  service: string,
  channel: string,
  at: Position,
  untilMs: number,
): Promise<void> {
  await redis.hset(keys.consumers(channel), service, `${positionText(at)} ${untilMs}`);
}
