import { comparePositions, parsePosition, positionText, type Position } from '../wire/event.ts';
import { keys } from '../wire/keys.ts';
import { headOf } from './channel-store.ts';
import { readTogether } from './execute.ts';
import type { Redis } from './connection.ts';
import type { ReadState } from './read-positions.ts';
import type { StreamEntry } from './stream-entry.ts';

/**
 * Finds out whether Redis went back behind what was read from a channel: it was flushed, or restarted without its last
 * seconds. Returns the head of the channel if so, else null.
 * @param isInDoubt whether the connection was lost. Only then Redis may have lost events and written others in their place;
 * they are found by comparing the last line.
 */
export async function rewoundHead(
  redis: Redis,
  channel: string,
  { position, lastLine }: ReadState,
  isInDoubt: boolean,
): Promise<Position | null> {
  const replies = await readTogether(redis, (commands) =>
    commands
      .hmget(keys.head(channel), 'epoch', 'offset')
      .xrange(keys.log(channel), positionText(position), '+', 'COUNT', 1)
      .xrange(keys.log(channel), '-', '+', 'COUNT', 1),
  );
  const [headReply, fromPosition, fromStart] = replies.map(([, value]) => value);
  const head = headOf(headReply as (string | null)[]);
  if (comparePositions(head, position) < 0) return head;
  const [entry] = fromPosition as StreamEntry[];
  const [oldest] = fromStart as StreamEntry[];
  if (!isInDoubt || lastLine === undefined || oldest === undefined) return null;
  const isStillInLog = comparePositions(parsePosition(oldest[0]), position) <= 0;
  return isStillInLog && entry?.[1][1] !== lastLine ? head : null;
}
