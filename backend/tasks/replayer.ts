import { randomUUID } from 'node:crypto';
import { failure } from '../../core/problems/errors.ts';
import { services } from '../../core/redis/presence.ts';
import type { Redis } from '../../core/redis/connection.ts';
import { Requester } from '../../core/redis/requests.ts';
import type { TaskContext } from './kind.ts';

const LOOK_MS = 500;
const LONGEST_MS = 24 * 3_600_000;
const SHORT_MS = 2_000;

/**
 * Has a replayer do what takes long: files are its own. When the signal is aborted it is told to stop.
 * @throws what it refuses; failure `no_answer` where none runs, or the one that was asked is gone
 */
export async function askReplayer<T>(
  verb: string,
  body: object,
  { redis, signal, progress }: Pick<TaskContext<unknown>, 'redis' | 'signal' | 'progress'>,
): Promise<T> {
  const replayer = (await alive(redis))[0];
  signal.throwIfAborted();
  if (replayer === undefined) {
    throw failure('no_answer', 'No replayer is running.', {
      hint: 'Start one with `reprise serve replayer` (or everything with `npm start`).',
    });
  }
  const requester = new Requester(redis);
  const job = randomUUID();
  const target = `replayer:${replayer}`;
  const abandon = () => void requester.ask(target, 'abandon', { job }, SHORT_MS).catch(() => {});
  const look = async () => {
    if (redis.status !== 'ready') return;
    if (!(await alive(redis)).includes(replayer)) return requester.close();
    const share = await requester.ask<number | null>(target, 'progress', { job }, SHORT_MS);
    if (share !== null) progress(share);
  };
  const looking = setInterval(() => void look().catch(() => {}), LOOK_MS);
  signal.addEventListener('abort', abandon);
  try {
    return await requester.ask<T>(target, verb, { ...body, job }, LONGEST_MS);
  } finally {
    clearInterval(looking);
    signal.removeEventListener('abort', abandon);
    requester.close();
  }
}

async function alive(redis: Redis): Promise<string[]> {
  return (await services(redis))
    .filter(({ role, state }) => role === 'replayer' && state === 'running')
    .map(({ instance }) => instance);
}
