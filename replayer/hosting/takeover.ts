import { isProblem, sentence } from '../../core/problems/errors.ts';
import { keys } from '../../core/wire/keys.ts';
import type { Logger } from '../../core/logging/log.ts';
import { services } from '../../core/redis/presence.ts';
import type { Redis } from '../../core/redis/connection.ts';
import type { Replay, ReplayRequest } from '../../schemas/types.ts';
import { forget, type ReplayHost } from './host.ts';
import { isActive, isWaiting } from './unfinished.ts';

const LOOK_MS = 150;

/**
 * Resumes replays whose process is gone, in their epoch and right after their last event. A process that is stopped gives
 * the lease of its channels up at once; the lease of one that was killed runs out within a second. The lease also decides
 * between several processes that try.
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

/** Unfinished replays whose channels nobody holds, and others whose process no longer runs. */
async function orphans(redis: Redis, host: ReplayHost): Promise<Orphan[]> {
  const requests = await redis.hgetall(keys.replayRequests);
  const ids = Object.keys(requests).filter((id) => !host.has(id));
  if (ids.length === 0) return [];
  const documents = await redis.hmget(keys.replays, ...ids);
  const found: Orphan[] = [];
  for (const [i, id] of ids.entries()) {
    if (!documents[i]) continue;
    const replay = JSON.parse(documents[i]) as Replay;
    const left = isActive(replay)
      ? !(await redis.exists(keys.owner(replay.channels[0]!)))
      : !(await isAlive(redis, replay.instance!));
    if (left) found.push({ replay, request: JSON.parse(requests[id]!) as ReplayRequest });
  }
  return found;
}

async function goOn(host: ReplayHost, redis: Redis, { replay, request }: Orphan): Promise<void> {
  if (isActive(replay)) return host.adopt(request, replay);
  if (!isWaiting(replay)) return forget(redis, [replay.id]);
  // A waiting replay holds no channels yet: the process that removes its document may begin it anew.
  if ((await redis.hdel(keys.replays, replay.id)) === 1) await host.create(request);
}

async function isAlive(redis: Redis, instance: string): Promise<boolean> {
  return (await services(redis)).some(
    (service) => service.instance === instance && service.state === 'running',
  );
}

function tell(error: unknown, replay: string, log: Logger): void {
  // Another process was faster.
  if (isProblem(error, 'channel_owned', 'replay_exists')) return;
  log.warn({ replay }, `can't go on with a replay whose process is gone: ${sentence(error)}`);
}
