import { isProblem, sentence } from '../../core/problems/errors.ts';
import type { Logger } from '../../core/logging/log.ts';
import { services } from '../../core/redis/presence.ts';
import type { Redis } from '../../core/redis/connection.ts';
import type { Replay, ReplayRequest } from '../../schemas/types.ts';
import type { ReplayHost } from './host.ts';
import { ReplayStore } from './replay-store.ts';
import { isActive, isWaiting } from './unfinished.ts';

const LOOK_MS = 150;

/** A replay whose process is gone. */
interface Orphan {
  replay: Replay;
  request: ReplayRequest;
}

/**
 * Resumes replays whose process is gone, in their epoch and right after their last event. A process that is stopped gives
 * the lease of its channels up at once; the lease of one that was killed runs out within a second. The lease also decides
 * between several processes that try.
 */
export function takeOver(host: ReplayHost, redis: Redis, log: Logger): { close(): void } {
  const store = new ReplayStore(redis);
  let closed = false;
  let timer: NodeJS.Timeout;
  const look = async () => {
    try {
      for (const orphan of await orphans(store, redis, host)) {
        if (closed) return;
        await resume(host, store, orphan).catch((error: unknown) => warn(error, orphan.replay.id, log));
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

/** Active replays whose channels nobody holds, and other replays whose process no longer runs. */
async function orphans(store: ReplayStore, redis: Redis, host: ReplayHost): Promise<Orphan[]> {
  const requests = Object.entries(await store.requests()).filter(([id]) => !host.has(id));
  const documents = await store.documents(requests.map(([id]) => id));
  const found: Orphan[] = [];
  for (const [i, [, request]] of requests.entries()) {
    const replay = documents[i];
    if (!replay) continue;
    const isHeld = isActive(replay)
      ? await store.isHeld(replay.channels[0]!)
      : await isAlive(redis, replay.instance!);
    if (!isHeld) found.push({ replay, request });
  }
  return found;
}

async function resume(host: ReplayHost, store: ReplayStore, { replay, request }: Orphan): Promise<void> {
  if (isActive(replay)) return host.resume(request, replay);
  if (!isWaiting(replay)) return store.forget([replay.id]);
  // A waiting replay holds no channels yet: the process that removes its document may begin it anew.
  if (await store.claim(replay.id)) await host.create(request);
}

async function isAlive(redis: Redis, instance: string): Promise<boolean> {
  return (await services(redis)).some(
    (service) => service.instance === instance && service.state === 'running',
  );
}

function warn(error: unknown, replay: string, log: Logger): void {
  // Another process was faster.
  if (isProblem(error, 'channel_owned', 'replay_exists')) return;
  log.warn({ replay }, `A replay whose process is gone can't be resumed: ${sentence(error)}`);
}
