import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type Redis } from '../../core/redis/connection.ts';
import type { TestRedis } from './redis.ts';

const PASSWORD = 'changed-meanwhile';

/** Makes a Redis refuse for a while, and serve again. Both take the connection of an administrator. */
export interface RefusalKind {
  begin(redis: Redis): Promise<unknown>;
  end(redis: Redis): Promise<unknown>;
}

const folderOf = async (redis: Redis) => (await redis.config('GET', 'dir'))[1]!;
/** A folder in the place of the snapshot: Redis can't put a snapshot there. */
const obstacle = async (redis: Redis) => join(await folderOf(redis), 'dump.rdb');

async function dropConnections(redis: Redis): Promise<void> {
  for (const type of ['normal', 'pubsub']) await redis.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
}

/** Everything that passes and can be caused from outside, by name. */
export const refusals = {
  'has no memory left': {
    begin: (redis) => redis.config('SET', 'maxmemory', '1'),
    end: (redis) => redis.config('SET', 'maxmemory', '0'),
  },
  'is a replica': {
    begin: (redis) => redis.replicaof('127.0.0.1', 1),
    end: (redis) => redis.replicaof('NO', 'ONE'),
  },
  'is paused': {
    begin: (redis) => redis.call('CLIENT', 'PAUSE', 60_000, 'WRITE'),
    end: (redis) => redis.call('CLIENT', 'UNPAUSE'),
  },
  'cannot save to disk': {
    async begin(redis) {
      await mkdir(await obstacle(redis), { recursive: true });
      await writeFile(join(await obstacle(redis), 'file'), '');
      await redis.config('SET', 'save', '3600 1000000');
      await redis.bgsave();
      await until(redis, 'persistence', /rdb_last_bgsave_status:err/);
    },
    async end(redis) {
      await rm(await obstacle(redis), { recursive: true, force: true });
      await redis.config('SET', 'save', '');
    },
  },
  'is busy with a script': {
    async begin(redis) {
      await redis.config('SET', 'busy-reply-threshold', 20);
      const looping = redis.duplicate();
      looping.on('error', () => {});
      looping
        .eval('while true do end', 0)
        .catch(() => {})
        .finally(() => looping.disconnect());
      for (;;) {
        const reply = await redis.get('any').catch((error: Error) => error.message);
        if (reply?.startsWith('BUSY')) return;
        await delay(5);
      }
    },
    end: (redis) => redis.call('SCRIPT', 'KILL'),
  },
  'lets nobody write': {
    begin: (redis) => redis.call('ACL', 'SETUSER', 'default', '-@write'),
    end: (redis) => redis.call('ACL', 'SETUSER', 'default', '+@write'),
  },
  'has another password': {
    async begin(redis) {
      await redis.config('SET', 'requirepass', PASSWORD);
      await dropConnections(redis);
    },
    end: (redis) => redis.config('SET', 'requirepass', ''),
  },
  'drops all connections': {
    begin: dropConnections,
    end: dropConnections,
  },
} satisfies { [name: string]: RefusalKind };

export type RefusalName = keyof typeof refusals;
export const refusalNames = Object.keys(refusals) as RefusalName[];

/** Lets Redis refuse for this long. */
export async function refuse(server: TestRedis, name: RefusalName, ms: number): Promise<void> {
  const kind: RefusalKind = refusals[name];
  const redis = await connect(server.url, 'administrator');
  try {
    await kind.begin(redis);
    await delay(ms);
    await kind.end(redis);
  } finally {
    redis.disconnect();
  }
}

async function until(redis: Redis, section: string, pattern: RegExp): Promise<void> {
  while (!pattern.test(await redis.info(section))) await delay(10);
}
