import { randomUUID } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { refusal } from '../../core/problems/errors.ts';
import type { Redis } from '../../core/redis/connection.ts';
import type { Rate, ReplayRequest } from '../../schemas/types.ts';
import type { LatePolicy } from '../../replayer/playing/pacing.ts';
import type { ReplaySource } from '../../replayer/playing/recordings.ts';
import { unfollowed } from '../../replayer/reading/source/followable.ts';
import { isFile } from '../../replayer/reading/source/open-source.ts';
import { openOptionsOf, type ReadingFlags } from './reading-options.ts';
import type { RedisOptions } from './redis-options.ts';

/** The options of `reprise play`. */
export interface PlayOptions extends ReadingFlags, RedisOptions {
  rate: Rate;
  start?: string;
  end?: string;
  duration?: string;
  loop?: boolean | number;
  ab?: string;
  skipIdle?: string;
  offset: string[];
  late?: LatePolicy;
  lockstep?: boolean;
  restamp?: 'now';
  trace?: string;
  waitForSubscribers?: number;
  paused?: boolean;
  follow?: boolean;
  dryRun?: boolean;
  name?: string;
  json?: boolean;
}

/** One of the files as a recording to play. `i`: its place among them. `ended` ends the following of a file. */
export function sourceOf(
  file: string,
  options: PlayOptions,
  redis: Redis | null,
  i = 0,
  ended?: AbortSignal,
): ReplaySource {
  return {
    ...openOptionsOf(options),
    id: nameOf(file),
    path: isFile(file) ? resolve(file) : file,
    offset: options.offset[i] ?? options.offset[0],
    ...(redis && { redis }),
    ...(options.follow && ended && { follow: { signal: ended, told } }),
  };
}

const told = (sentence: string) => void process.stderr.write(`${sentence}\n`);

const nameOf = (file: string) => (isFile(file) ? basename(file) : file === '-' ? 'stdin' : file);

/** @throws refusal for what a pipe or a file that is followed can't do: its records come once, and when they come */
export function checkPipes(files: string[], { loop, ab, follow }: PlayOptions): void {
  if (follow && files.length > 1)
    throw unfollowed(`${files.length} files`, 'only a single file can be', 'Start a replay for each file.');
  const pipes = files.filter((file) => file === '-').length;
  if (pipes > 1 || (pipes === 1 && (loop !== undefined || ab !== undefined))) {
    throw refusal('recording_passed', 'Standard input can be read only once: no loop, no range again.', {
      hint: 'Write it to a file first and play that.',
    });
  }
}

/** What REST would be asked for. */
export function requestOf(files: string[], options: PlayOptions): ReplayRequest {
  return {
    // Named here, so that rows refused while the file is opened carry the name.
    id: options.name ?? `replay-${randomUUID().slice(0, 8)}`,
    recordings: files.map(nameOf),
    rate: options.rate,
    paused: options.paused ?? false,
    ...(options.loop !== undefined && { loop: options.loop }),
    ab: options.ab,
    skipIdle: options.skipIdle,
    late: options.late,
    lockstep: options.lockstep,
    restamp: options.restamp,
    trace: options.trace,
    waitForSubscribers: options.waitForSubscribers,
    ...(options.start && { start: options.start }),
    ...(options.end && { end: options.end }),
    ...(options.duration && { duration: options.duration }),
  };
}
