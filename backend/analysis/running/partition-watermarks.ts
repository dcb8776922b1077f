import { parsePosition, positionText, type Position } from '../../../core/wire/event.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { SourcePartition } from '../engine/watermark.ts';
import { partitionName } from './partition.ts';

/** What a partition keeps of how far it is on its output: `<channel> <epoch> <event time, ms>`. */
export const WATERMARK_ENTRY = '#mark';
const SOURCE = '/services/';

/** '' where it is not known. */
export function watermarkText(
  { channel, epoch }: { channel: string; epoch: number },
  timeMs: number | '',
): string {
  return timeMs === '' ? '' : `${channel} ${epoch} ${timeMs}`;
}

/** How far the processes are that write a channel together, true once the channel has been read up to `head`. */
export interface PartitionWatermarks {
  head: Position;
  parts: { part: SourcePartition; timeMs: number }[];
}

/** Looks how far they are: one that has nothing to say must not hold up those who read what the others say. */
export async function readPartitionWatermarks(
  redis: Redis,
  channel: string,
  parts: SourcePartition[],
): Promise<PartitionWatermarks> {
  const reading = redis.multi().hmget(keys.head(channel), 'epoch', 'offset');
  for (const { source, ...partition } of parts)
    reading.hget(keys.checkpoint(partitionName(source.slice(SOURCE.length), partition)), WATERMARK_ENTRY);
  const [standing, ...marks] = (await reading.exec())!.map(([, reply]) => reply);
  const [epoch, offset] = standing as (string | null)[];
  const head = parsePosition(positionText({ epoch: Number(epoch ?? 0), offset: Number(offset ?? 0) }));
  return {
    head,
    parts: parts.flatMap((part, i) => {
      const [of, ofEpoch, timeMs] = ((marks[i] as string | null) ?? '').split(' ');
      return of === channel && Number(ofEpoch) === head.epoch ? [{ part, timeMs: Number(timeMs) }] : [];
    }),
  };
}
