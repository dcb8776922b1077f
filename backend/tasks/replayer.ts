import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { failure, RepriseError } from '../../core/problems/errors.ts';
import { services } from '../../core/redis/presence.ts';
import type { Redis } from '../../core/redis/connection.ts';
import { Requester } from '../../core/redis/requests.ts';
import type { TaskContext } from './kind.ts';

const LOOK_MS = 500;
const LONGEST_MS = 24 * 3_600_000;
const SHORT_MS = 2_000;

/** A replayer that was stopped or killed at it: the next one begins anew, for nothing half-written is left. */
const GONE = new Set(['conversion_abandoned', 'no_answer']);
/** Work that ends each replayer that takes it is given up. */
const ATTEMPTS = 3;
const RESTART_MS = 10_000;

type Context = Pick<TaskContext<unknown>, 'redis' | 'signal' | 'progress'>;

/**
 * Has a replayer do a long job on files; if it is stopped meanwhile, another one. If the signal is aborted, the replayer is told
 * to stop.
 * @throws refusal of the replayer; failure `no_answer` if none is running
 */
export async function askReplayer<T>(verb: string, body: object, context: Context): Promise<T> {
  let replayer = await findReplayer(context, 0);
  for (let attempt = 1; ; attempt++) {
    try {
      return await askOne<T>(replayer, verb, body, context);
    } catch (error) {
      const isGone = error instanceof RepriseError && GONE.has(error.code);
      if (!isGone || context.signal.aborted || attempt === ATTEMPTS) throw error;
    }
    replayer = await findReplayer(context, RESTART_MS, replayer);
  }
}

/** A replayer that runs, other than `gone`; waits for one. */
async function findReplayer({ redis, signal }: Context, waitMs: number, gone?: string): Promise<string> {
  for (const untilMs = performance.now() + waitMs; ;) {
    const replayer = (await alive(redis)).find((instance) => instance !== gone);
    signal.throwIfAborted();
    if (replayer !== undefined) return replayer;
    if (performance.now() >= untilMs)
      throw failure('no_answer', 'No replayer is running.', {
        hint: 'Start one with `reprise serve replayer` (or everything with `npm start`).',
      });
    await sleep(LOOK_MS);
  }
}

async function askOne<T>(replayer: string, verb: string, body: object, context: Context): Promise<T> {
  const { redis, signal, progress } = context;
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
