import { failure, refusal, type RepriseError } from '../problems/errors.ts';
import { keys } from '../wire/keys.ts';
import { callFunction, type Redis } from '../redis/connection.ts';
import { FUNCTIONS } from '../lua/functions.ts';

/** The claim of a replay on its channels. Without it, a replay can no longer write. */
export interface Lease {
  /** `<replay> <random>`, different for each process that runs the replay. */
  token: string;
  /** How long it lasts unless it is renewed. */
  lifeMs: number;
}

/** How an epoch began. It is saved so that a replayer that takes over can resume. */
export interface EpochStart {
  replay: string;
  /** Recording time, epoch ms. */
  fromMs: number;
  loopsDone: number;
}

/**
 * Takes the channels for a replay, and opens the same new epoch on all of them.
 * @param lastEpoch the last epoch that the replay knows; the new one is later, even if Redis has lost its data
 * @returns the epoch
 * @throws refusal `channel_owned` if another replay has one of them; then none is taken
 */
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

/** An epoch that another process began, and how far it got. */
export interface ResumedEpoch extends EpochStart {
  epoch: number;
  /** For each channel: its offset, and how many events of the epoch came from this replay. */
  channels: { offset: number; own: number }[];
}

/**
 * Takes over the channels of a replay whose process is gone, in the same epoch.
 * @returns null if the epoch is not known, or a newer one has begun
 * @throws refusal `channel_owned` if another replay has one of the channels; then none is taken
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
  const progress = channels.map((_, i) => ({
    offset: Number(reply[1 + i * 2]),
    own: Number(reply[2 + i * 2]),
  }));
  return { replay, epoch, fromMs, loopsDone, channels: progress };
}

function owned(channel: string, token: string): Error {
  const holder = replayOf(token);
  return refusal('channel_owned', `Channel "${channel}" is being played on by replay "${holder}".`, {
    hint: `Stop it first (DELETE /api/v1/replays/${holder}), or play on another channel (--channel).`,
  });
}

/** Renews the lease. Returns null, or the error that ends the replay if another process has taken one of the channels. */
export async function renewLease(
  redis: Redis,
  channels: string[],
  lease: Lease,
): Promise<RepriseError | null> {
  const [done, at, holder] = await renew(redis, channels, lease.token, lease.lifeMs);
  return done === 1 ? null : leaseLost(channels[Number(at) - 1]!, lease.token, String(holder));
}

/** How far a replay has come within an epoch. */
export interface EpochProgress {
  epoch: number;
  /** Event time, epoch ms: no event before this will come in the epoch. */
  timeMs: number;
  /** No event at all will come in the epoch. */
  over: boolean;
}

/**
 * Tells the readers of the channels how far the replay has come, so that they need not wait for an event. Call it once all
 * events before have been written. Channels that the replay has lost are left alone.
 */
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

/** Gives up the lease, so that another replay can take the channels. */
export async function releaseLease(redis: Redis, channels: string[], lease: Lease): Promise<void> {
  await renew(redis, channels, lease.token, 0);
}

function renew(redis: Redis, channels: string[], token: string, lifeMs: number) {
  const names = channels.flatMap((channel) => [keys.owner(channel), keys.head(channel)]);
  const args = FUNCTIONS.renew.encode({ token, leaseMs: lifeMs });
  return callFunction(redis, 'renew', names, args) as Promise<(number | string)[]>;
}

/** The id of the replay that has this lease. */
function replayOf(token: string): string {
  return token.split(' ')[0]!;
}

/**
 * The error that ends a replay when another process has taken one of its channels: failure `replay_taken` if that process runs
 * the same replay, else `lease_lost`.
 */
export function leaseLost(channel: string, mine: string, holder: string): RepriseError {
  const [replay, other] = [replayOf(mine), replayOf(holder)];
  if (replay === other)
    return failure('replay_taken', `Another process has taken over replay "${replay}".`, {
      hint: 'This process was silent for longer than its lease. Nothing is lost.',
    });
  return failure(
    'lease_lost',
    `This replay no longer owns channel "${channel}": replay "${other}" plays on it.`,
    { hint: 'It stops here. What it has published stays.' },
  );
}
