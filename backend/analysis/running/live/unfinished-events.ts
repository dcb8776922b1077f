import { readLog } from '../../../../core/redis/channel-store.ts';
import type { Redis } from '../../../../core/redis/connection.ts';
import { addDeadLetters } from '../../../../core/redis/dead-letters.ts';
import { parsePosition, positionText } from '../../../../core/wire/event.ts';
import { keys } from '../../../../core/wire/keys.ts';
import { readCheckpoint } from '../checkpoint.ts';
import type { EventGuard } from '../event-guard.ts';
import { Suspicions } from '../suspicions.ts';

/**
 * Makes dead letters of the events that broke the time budget of a live service: what was published once is not heard again,
 * so they can't be tried once more. The content of a letter comes from the log, if the event is still there.
 */
export async function buryUnfinished(
  redis: Redis,
  service: string,
  channel: string,
  guard: EventGuard,
): Promise<void> {
  const { suspicions: fields } = await readCheckpoint(redis, service);
  if (fields.size === 0) return;
  const suspicions = new Suspicions();
  suspicions.load(fields, { epoch: 0, offset: 0 });
  const letters = suspicions.ids.map(async (id) => {
    const event = await eventOf(redis, channel, id);
    const what = event === null ? `a timer (${id})` : `the event ${channel}/${id.replace('-', '/')}`;
    return { channel, source: `/services/${service}`, ...guard.refusal(what, 1), content: event ?? id };
  });
  await addDeadLetters(redis, await Promise.all(letters));
  await redis.hdel(keys.checkpoint(service), ...fields.keys());
}

/** The line of an event; its position if it has left the log; null if the id is not of an event. */
async function eventOf(redis: Redis, channel: string, id: string): Promise<string | null> {
  if (!id.includes('-')) return null;
  const { epoch, offset } = parsePosition(id);
  const [entry] = await readLog(redis, channel, { epoch, offset: offset - 1 }, 1);
  return entry && positionText(entry.position) === id ? entry.event : id;
}
