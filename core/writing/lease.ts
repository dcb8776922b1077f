import { failure, refusal, type RepriseError } from '../problems/errors.ts';
import { keys } from '../wire/keys.ts';
import { callFunction, type Redis } from '../redis/connection.ts';
import { FUNCTIONS } from '../lua/functions.ts';

/** A replay's claim on its channels; the token is its alone, so that who lost it can't write any more. */
export interface Lease {
  token: string;
  lifeMs: number;
}

/** What is kept about the start of an epoch, for whoever has to go on with the replay. */
export interface EpochStart {
  replay: string;
  /** Recording time, epoch ms. */
  fromMs: number;
  loopsDone: number;
}

/** Takes the channels for a replay and opens one new epoch on all of them, later than `lastEpoch`. @throws refusal `channel_owned` */
export async function beginEpoch(
  redis: Redis,
  channels: string[],
  lease: Lease,
  lastEpoch = 0,
  start: EpochStart = { replay: replayOf(lease.token), fromMs: 0, loopsDone: 0 },
): Promise<number> {
  const names = channels.flatMap((channel) => [keys.owner(channel), keys.head(channel), keys.state(channel)]);
  const reply = (await callFunction(
    redis,
    'begin',
    [keys.replayStarts, ...names],
    FUNCTIONS.begin.encode({
      token: lease.token,
      leaseMs: lease.lifeMs,
      lastEpoch,
      replay: start.replay,
      about: `${start.fromMs} ${start.loopsDone}`,
      channels,
    }),
  )) as (number | string)[];
  if (reply[0] === 1) return Number(reply[1]);
  throw owned(String(reply[1]), String(reply[2]));
}

/** Where a replay was left. */
export interface ResumedEpoch extends EpochStart {
  epoch: number;
  /** Per channel: its offset, and how many events of it are the replay's own. */
  channels: { offset: number; own: number }[];
}

/**
 * Takes the channels for a replay whose process is gone, in its epoch. null where that is not known, or over.
 * @throws refusal `channel_owned`
 */
export async function resumeEpoch(
  redis: Redis,
  channels: string[],
  lease: Lease,
  replay: string,
): Promise<ResumedEpoch | null> {
  const kept = await redis.hget(keys.replayStarts, replay);
  if (kept === null) return null;
  const [epoch, fromMs, loopsDone] = kept.split(' ').map(Number) as [number, number, number];
  const names = channels.flatMap((channel) => [keys.owner(channel), keys.head(channel)]);
  const args = FUNCTIONS.resume.encode({ token: lease.token, leaseMs: lease.lifeMs, epoch });
  const reply = (await callFunction(redis, 'resume', names, args)) as (number | string)[];
  if (reply[0] === 0) return null;
  if (reply[0] === -1) throw owned(channels.join(', '), String(reply[1]));
  const stands = channels.map((_, i) => ({
    offset: Number(reply[1 + i * 2]),
    own: Number(reply[2 + i * 2]),
  }));
  return { replay, epoch, fromMs, loopsDone, channels: stands };
}

function owned(channel: string, token: string): Error {
  const holder = replayOf(token);
  return refusal('channel_owned', `Channel "${channel}" is being played on by replay "${holder}".`, {
    hint: `Stop it first (DELETE /api/v1/replays/${holder}), or play on another channel (--channel).`,
  });
}

/** Keeps the lease; answers why the channels are no longer ours, where another has taken one. */
export async function renewLease(
  redis: Redis,
  channels: string[],
  lease: Lease,
): Promise<RepriseError | null> {
  const [done, at, holder] = await renew(redis, channels, lease.token, lease.lifeMs);
  return done === 1 ? null : leaseLost(channels[Number(at) - 1]!, lease.token, String(holder));
}

/** How far a replay is within an epoch. */
export interface EpochProgress {
  epoch: number;
  /** Nothing before this will come in it, epoch ms. */
  timeMs: number;
  /** Nothing at all will come in it. */
  over: boolean;
}

/** Notes on the channels of a replay how far it is; on none that it has lost. All before it must have been written. */
export async function markChannels(
  redis: Redis,
  channels: string[],
  lease: Lease,
  { epoch, timeMs, over: isOver }: EpochProgress,
): Promise<void> {
  const names = channels.flatMap((channel) => [keys.head(channel), keys.ends(channel)]);
  const args = FUNCTIONS.mark.encode({ token: lease.token, epoch, timeMs, isOver });
  await callFunction(redis, 'mark', names, args);
}

/** Gives the channels back. */
export async function releaseLease(redis: Redis, channels: string[], lease: Lease): Promise<void> {
  await renew(redis, channels, lease.token, 0);
}

function renew(redis: Redis, channels: string[], token: string, lifeMs: number) {
  const names = channels.flatMap((channel) => [keys.owner(channel), keys.head(channel)]);
  const args = FUNCTIONS.renew.encode({ token, leaseMs: lifeMs });
  return callFunction(redis, 'renew', names, args) as Promise<(number | string)[]>;
}

/** The replay that a lease is of. */
function replayOf(token: string): string {
  return token.split(' ')[0]!;
}

/** What ends a replay whose channels another process has taken, for this replay or for another. */
export function leaseLost(channel: string, mine: string, holder: string): RepriseError {
  const [replay, other] = [replayOf(mine), replayOf(holder)];
  if (replay === other)
    return failure('replay_taken', `Replay "${replay}" is played on by another process.`, {
      hint: 'This one was silent for longer than its lease; nothing is lost.',
    });
  return failure(
    'lease_lost',
    `This replay no longer owns channel "${channel}": replay "${other}" plays on it.`,
    {
      hint: 'It stops here; what it published stands.',
    },
  );
}
