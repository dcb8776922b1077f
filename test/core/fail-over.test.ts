import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectSocket, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { channelSpec } from '../../core/wire/channels.ts';
import { keys } from '../../core/wire/keys.ts';
import { connect, duplicate } from '../../core/redis/connection.ts';
import { ChannelWriter } from '../../core/writing/writer.ts';
import { startRedis } from '../helpers/redis.ts';
import { eventually } from '../helpers/wait.ts';

/** A name that stands for one server after the other: new connections go to the server that it stands for now. */
async function nameFor(
  port: number,
): Promise<{ url: string; server: Server; standsFor(port: number): void }> {
  let target = port;
  const sockets = new Set<Socket>();
  const server = createServer((from) => {
    const to = connectSocket(target, '127.0.0.1');
    for (const [socket, other] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => other.destroy());
      socket.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.on('close', () => sockets.forEach((socket) => socket.destroy()));
  const { port: own } = server.address() as AddressInfo;
  return { url: `redis://127.0.0.1:${own}`, server, standsFor: (next) => (target = next) };
}

describe('a fail-over behind a name', function () {
  this.timeout(60_000);

  it('is followed: what was refused goes to the new primary, once, and subscriptions move with it', async () => {
    const [first, second] = await Promise.all([startRedis(), startRedis()]);
    const name = await nameFor(first.port);
    const [old, next] = await Promise.all([connect(first.url, 'test'), connect(second.url, 'test')]);
    const redis = await connect(name.url, 'test');
    const subscriber = duplicate(redis);
    try {
      await next.replicaof('127.0.0.1', first.port);
      const heard: string[] = [];
      subscriber.on('message', (_channel, text) => heard.push(text));
      await subscriber.subscribe('moved');
      const writer = new ChannelWriter(redis, channelSpec('moved'), { source: '/x' });
      const emit = (n: number) => writer.emit([{ timeMs: 1.7e12 + n, subject: 's', data: `{"n":${n}}` }]);
      await emit(0);
      await eventually('the replica to follow', async () => (await next.xlen(keys.log('moved'))) === 1);
      // The promotion, as a supervisor of Redis does it: the old connections stay open.
      await next.replicaof('NO', 'ONE');
      name.standsFor(second.port);
      await old.replicaof('127.0.0.1', second.port);
      await Promise.all([emit(1), emit(2)]);
      const entries = await next.xrange(keys.log('moved'), '-', '+');
      assert.deepEqual(
        entries.map(([, fields]) => (JSON.parse(fields[1]!) as { data: { n: number } }).data.n),
        [0, 1, 2],
      );
      await eventually('the subscription to have moved', async () => {
        const [, count] = (await next.pubsub('NUMSUB', 'moved')) as [string, number];
        return count === 1;
      });
      await emit(3);
      await eventually('the message', () => heard.some((text) => text.includes('"n":3')));
    } finally {
      for (const connection of [old, next, redis, subscriber]) connection.disconnect();
      name.server.close();
      await Promise.all([first.stop(), second.stop()]);
    }
  });
});
