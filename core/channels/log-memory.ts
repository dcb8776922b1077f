import type { Redis } from '../redis/connection.ts';
import { keys } from '../wire/keys.ts';

/** How many channels are asked for in one message. */
const AT_ONCE = 500;

/** How much memory of Redis the logs of channels take, bytes, estimated by Redis from samples. */
export async function logBytes(redis: Redis, channels: readonly string[]): Promise<number> {
  let bytes = 0;
  for (let at = 0; at < channels.length; at += AT_ONCE) {
    const asked = redis.pipeline();
    for (const channel of channels.slice(at, at + AT_ONCE)) asked.memory('USAGE', keys.log(channel));
    for (const [error, usage] of (await asked.exec()) ?? []) {
      if (error) throw error;
      bytes += Number(usage ?? 0);
    }
  }
  return bytes;
}
