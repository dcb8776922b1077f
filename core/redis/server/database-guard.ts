import type { Redis } from 'ioredis';

const ERRORS_KEPT = 3;

/** Connections to a Redis that does not have their database. */
const without = new WeakSet<Redis>();

/** The errors of a connection since it was made: an answer to the password comes before the loss that follows from it. */
const errors = new WeakMap<Redis, string[]>();

/** The last few errors of a connection, as one text. */
export function errorsOf(redis: Redis): string {
  return (errors.get(redis) ?? []).join(' ');
}

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
    errors.set(redis, [...(errors.get(redis) ?? []).slice(-ERRORS_KEPT), error.message]);
    if (error.command?.name !== 'select' || /NOPERM/.test(error.message)) return;
    without.add(redis);
    redis.disconnect(true);
  });
  redis.on('connect', () => without.delete(redis));
  const duplicate = redis.duplicate.bind(redis);
  redis.duplicate = (override) => guarded(duplicate(override));
  return redis;
}
