import type { Redis } from 'ioredis';

/** Connections to a Redis that does not have their database. */
const without = new WeakSet<Redis>();

/** Whether the last attempt to connect failed because Redis does not have the database. */
export function isWithoutDatabase(redis: Redis): boolean {
  return without.has(redis);
}

/**
 * Closes a connection whose database Redis does not have, before it sends a command. ioredis alone would tell nobody and go on
 * in database 0. The same holds for all copies of the connection, also for those that BullMQ makes.
 */
export function guarded(redis: Redis): Redis {
  // A lost connection shows in its status and its commands. An error event without a listener would end the process.
  redis.on('error', (error: Error & { command?: { name?: string } }) => {
    if (error.command?.name !== 'select') return;
    without.add(redis);
    redis.disconnect(true);
  });
  redis.on('connect', () => without.delete(redis));
  const duplicate = redis.duplicate.bind(redis);
  redis.duplicate = (override) => guarded(duplicate(override));
  return redis;
}
