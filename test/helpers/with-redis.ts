import { connect, type Redis } from '../../core/redis/connection.ts';
import { startRedis, type TestRedis } from './redis.ts';

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
