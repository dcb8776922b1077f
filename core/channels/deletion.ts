import { FUNCTIONS } from '../lua/functions.ts';
import { refusal } from '../problems/errors.ts';
import { callFunction, type Redis } from '../redis/connection.ts';
import type { ChannelSpec } from '../wire/channels.ts';
import { keys } from '../wire/keys.ts';

/**
 * Deletes a channel with its log, its state, and what services have read of it, in one step. Its next event begins a newer
 * epoch than any before.
 * @returns whether there was such a channel
 * @throws refusal `channel_in_use` if a replay has it
 */
export async function deleteChannel(redis: Redis, { name, latestKey }: ChannelSpec): Promise<boolean> {
  const own = [keys.head, keys.log, keys.state, keys.consumers, keys.ends, keys.owner];
  const reply = (await callFunction(
    redis,
    'forget',
    own.map((keyOf) => keyOf(name)),
    FUNCTIONS.forget.encode({ channel: name, latest: keys.latest(latestKey) }),
  )) as [number, number | string];
  if (reply[0] === 1) return reply[1] === 1;
  throw inUse(name, [`the replay ${String(reply[1]).split(' ')[0]}`]);
}

/** The refusal to delete a channel that these use, each in words. */
export function inUse(channel: string, users: string[]): Error {
  const shown = users.slice(0, 5).join(', ') + (users.length > 5 ? ` and ${users.length - 5} more` : '');
  return refusal('channel_in_use', `Channel "${channel}" is used by ${shown}.`, {
    hint: 'Stop them first.',
  });
}
