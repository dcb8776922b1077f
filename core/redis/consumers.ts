import { keys } from '../wire/keys.ts';
import type { Redis } from './connection.ts';

/** A service that reads the log of a channel, and the position of the last event that it has read. */
export interface Consumer {
  consumer: string;
  epoch: number;
  offset: number;
}

/** The services that are attached to each of these channels now, in the order of the channels. */
export async function attachedConsumers(redis: Redis, channels: string[]): Promise<Consumer[][]> {
  const nowMs = Date.now();
  const hashes = await Promise.all(channels.map((channel) => redis.hgetall(keys.consumers(channel))));
  return hashes.map((hash) =>
    Object.entries(hash).flatMap(([consumer, text]) => {
      const [, epoch, offset, deadline] = /^(\d+)-(\d+) (\d+)$/.exec(text) ?? [];
      return Number(deadline) > nowMs ? [{ consumer, epoch: Number(epoch), offset: Number(offset) }] : [];
    }),
  );
}
