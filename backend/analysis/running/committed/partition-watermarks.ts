import { comparePositions, parsePosition, positionText, type Position } from '../../../../core/wire/event.ts';
import { keys } from '../../../../core/wire/keys.ts';
import type { Redis } from '../../../../core/redis/connection.ts';
import type { SourcePartition } from '../../engine/watermark.ts';
import type { Engine } from '../../engine/engine.ts';
import { partitionName } from '../partition.ts';
import { IDLE_POLL_MS } from '../runner-parts.ts';

/** Checkpoint entry: the watermark of a partition on its output, as `<channel> <epoch> <event time, epoch ms>`. */
export const WATERMARK_ENTRY = '#mark';
const SOURCE = '/services/';

/** The text of the entry; '' if the watermark is not known. */
export function watermarkText(
  { channel, epoch }: { channel: string; epoch: number },
  timeMs: number | '',
): string {
  return timeMs === '' ? '' : `${channel} ${epoch} ${timeMs}`;
}

/** Watermarks of the partitions that write a channel together. They are valid once the channel has been read up to `head`. */
interface PartitionWatermarks {
  head: Position;
  partitions: { partition: SourcePartition; timeMs: number }[];
}

/** Reads the watermarks of partitions from their checkpoints. */
async function readPartitionWatermarks(
  redis: Redis,
  channel: string,
  partitions: SourcePartition[],
): Promise<PartitionWatermarks> {
  const reading = redis.multi().hmget(keys.head(channel), 'epoch', 'offset');
  for (const { source, ...partition } of partitions)
    reading.hget(keys.checkpoint(partitionName(source.slice(SOURCE.length), partition)), WATERMARK_ENTRY);
  const [headReply, ...watermarks] = (await reading.exec())!.map(([, reply]) => reply);
  const [epoch, offset] = headReply as (string | null)[];
  const head = parsePosition(positionText({ epoch: Number(epoch ?? 0), offset: Number(offset ?? 0) }));
  return {
    head,
    partitions: partitions.flatMap((partition, i) => {
      const [of, ofEpoch, timeMs] = ((watermarks[i] as string | null) ?? '').split(' ');
      return of === channel && Number(ofEpoch) === head.epoch ? [{ partition, timeMs: Number(timeMs) }] : [];
    }),
  };
}

/**
 * Follows the watermarks of the partitions that write the input of a service together: a partition without events must not
 * hold up the readers of the others.
 */
export class PartitionWatermarkFollower {
  readonly #redis: Redis;
  readonly #channel: string;
  /** Read from the checkpoints, but not valid yet; null if there are none. */
  #pending: PartitionWatermarks | null = null;
  #nextReadMs = 0;

  constructor(redis: Redis, channel: string) {
    this.#redis = redis;
    this.#channel = channel;
  }

  /** Advances an engine that has read the channel up to a position. */
  async advance(engine: Engine, position: Position): Promise<void> {
    const { sourcePartitions } = engine;
    if (sourcePartitions.length === 0) return;
    if (!this.#pending && performance.now() > this.#nextReadMs) {
      this.#nextReadMs = performance.now() + IDLE_POLL_MS;
      this.#pending = await readPartitionWatermarks(this.#redis, this.#channel, sourcePartitions);
    }
    if (!this.#pending || comparePositions(position, this.#pending.head) < 0) return;
    const { head, partitions } = this.#pending;
    this.#pending = null;
    if (head.epoch !== position.epoch) return;
    for (const { partition, timeMs } of partitions) engine.advancePartition(partition, timeMs);
  }
}
