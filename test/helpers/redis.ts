import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keys } from '../../core/wire/keys.ts';
import { connect, type Redis } from '../../core/redis/connection.ts';
import { freePort } from '../../supervisor/ports.ts';
import { redisServer } from '../../supervisor/redis-server.mjs';
import { spawnRedis, type RedisProcess } from '../../supervisor/redis-process.ts';

/** A real Redis for one test. */
export interface TestRedis {
  url: string;
  port: number;
  /** Ends it and removes its data, unless the folder was given. */
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Suspends the process with its connections open, until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Ends it if it still runs, and starts it again with the same port and data. */
  restart(): Promise<void>;
}

const ATTEMPTS = 3;
const alive = new Set<RedisProcess>();

/** Starts a private Redis on a free port, configured as by `reprise up`, and returns when it answers. */
export async function startRedis(options: { port?: number; dir?: string } = {}): Promise<TestRedis> {
  const program = redisServer();
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'reprise-redis-'));
  const start = async (port: number) => {
    const redis = await spawnRedis({ program, port, dir });
    alive.add(redis);
    void redis.ended.then(() => alive.delete(redis));
    return redis;
  };
  let redis = await retry(async () => start(options.port ?? (await freePort())));
  const { port, url } = redis;
  return {
    port,
    url,
    async stop() {
      await redis.stop();
      if (!options.dir) rmSync(dir, { recursive: true, force: true });
    },
    kill: () => redis.kill(),
    freeze: () => process.kill(redis.pid, 'SIGSTOP'),
    thaw: () => process.kill(redis.pid, 'SIGCONT'),
    async restart() {
      await redis.stop();
      redis = await start(port);
    },
  };
}

/** What `withRedis` hands out: a server, a connection to it as the roles open one, and the server's URL. */
export interface ConnectedRedis {
  server: TestRedis;
  redis: Redis;
  url: string;
}

/**
 * Gives the tests of the `describe` block that calls it one private Redis: started before the block's own `before`
 * hooks, and stopped after its own `after` hooks. `use` keeps the parts that the tests need.
 */
export function withRedis(use: (connected: ConnectedRedis) => void): void {
  before('starts Redis', async function () {
    const server = await startRedis();
    const redis = await connect(server.url, 'test');
    // Mocha runs `after` hooks in the order of their registration. Registered here, this one is the last of the block.
    this.test!.parent!.afterAll('stops Redis', async () => {
      redis.disconnect();
      await server.stop();
    });
    use({ server, redis, url: server.url });
  });
}

/** Opens an epoch on a channel, so that a test knows the numbers of its positions. */
export async function openEpoch(redis: Redis, channel: string, epoch = 1): Promise<void> {
  await redis.hset(keys.head(channel), { epoch, offset: 0 });
}

/** Tries again, because another test may take the free port in the meantime. */
async function retry<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

// Leaves no server behind if the run breaks off.
process.on('exit', () => {
  for (const { pid } of alive) process.kill(pid, 'SIGKILL');
});
