import { RepriseError, sentence } from '../core/errors.ts';
import { keys } from '../core/keys.ts';
import type { Logger } from '../core/log.ts';
import { services } from '../core/presence.ts';
import type { Redis } from '../core/redis.ts';
import type { Replay, ReplayRequest } from '../schemas/types.ts';
import type { ReplayHost } from './host.ts';

const LOOK_MS = 1_000;

/**
 * Goes on with replays whose process is gone: from the position it last told, in a new epoch, so nothing is doubled. The
 * channels' lease decides between several processes that try.
 */
export function takeOver(host: ReplayHost, redis: Redis, log: Logger): { close(): void } {
  let closed = false;
  let timer: NodeJS.Timeout;
  const look = async () => {
    try {
      for (const orphan of await orphans(redis, host)) {
        if (closed) return;
        await goOn(host, redis, orphan).catch((error: unknown) => tell(error, orphan.replay.id, log));
      }
    } catch {
      // Redis is away: look again when it is back.
    }
    if (!closed) timer = setTimeout(() => void look(), LOOK_MS);
  };
  void look();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

interface Orphan {
  replay: Replay;
  request: ReplayRequest;
}

async function orphans(redis: Redis, host: ReplayHost): Promise<Orphan[]> {
  const requests = await redis.hgetall(keys.replayRequests);
  const ids = Object.keys(requests).filter((id) => !host.has(id));
  if (ids.length === 0) return [];
  const alive = new Set(
    (await services(redis)).filter(({ state }) => state === 'running').map(({ instance }) => instance),
  );
  const documents = await redis.hmget(keys.replays, ...ids);
  return ids.flatMap((id, i) => {
    const replay = documents[i] ? (JSON.parse(documents[i]) as Replay) : null;
    if (!replay || alive.has(replay.instance!)) return [];
    return [{ replay, request: JSON.parse(requests[id]!) as ReplayRequest }];
  });
}

async function goOn(host: ReplayHost, redis: Redis, { replay, request }: Orphan): Promise<void> {
  const { id, state, position, rate, loop } = replay;
  if (state !== 'playing' && state !== 'paused') {
    await redis.multi().hdel(keys.replays, id).hdel(keys.replayRequests, id).exec();
    return;
  }
  await host.create({ ...request, rate, loop, paused: true });
  await host.verbs.patch({ id, patch: { position, state } });
}

function tell(error: unknown, replay: string, log: Logger): void {
  // The lease of the process that is gone has not run out yet, or another process was faster.
  if (error instanceof RepriseError && error.code === 'channel_owned') return;
  log.warn({ replay }, `can't go on with a replay whose process is gone: ${sentence(error)}`);
}
