import assert from 'node:assert/strict';
import type { Outlet } from '../../../backend/gateway/delivery/outlet.ts';
import type { Packet } from '../../../backend/gateway/delivery/packet.ts';
import { Hub } from '../../../backend/gateway/log/hub.ts';
import { Client } from '../../../backend/gateway/streams/client.ts';
import { Streams } from '../../../backend/gateway/streams/streams.ts';
import { channelSpec } from '../../../core/wire/channels.ts';
import { createLog } from '../../../core/logging/log.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { ChannelWriter } from '../../../core/writing/writer.ts';
import { eventually } from '../../helpers/wait.ts';
import { withRedis } from '../../helpers/redis.ts';

const CHANNEL = 'frozen';
/** The size of the tail that is kept for clients that do not read. */
const TAIL_MAX_BYTES = 600_000;

/** A client that stops reading after its first packet. */
class FrozenClient implements Outlet {
  readonly isCredited = false;
  readonly waitingBytes = 0;
  isCongested = false;
  packets = 0;

  send(_packet: Packet): void {
    this.packets++;
    this.isCongested = true;
  }

  drop(): void {
    assert.fail('a client that does not read stays connected');
  }
}

describe('gateway, with clients that do not read', () => {
  let redis: Redis;
  withRedis((connected) => ({ redis } = connected));
  let hub: Hub;
  let streams: Streams;

  before(async () => {
    hub = new Hub(redis, createLog('test', 'silent'));
    streams = new Streams(redis, hub);
  });
  after(async () => {
    streams?.close();
    hub?.close();
  });

  for (const [what, options] of [
    ['its snapshot', { joined: () => {} }],
    ['all of the log', {}],
  ] as const)
    it(`keeps a bounded part of the log for a client that wants ${what}, and counts the rest`, async () => {
      const writer = new ChannelWriter(redis, channelSpec(CHANNEL), { source: '/test' });
      const data = JSON.stringify({ text: 'x'.repeat(2_000) });
      const emit = (count: number) =>
        writer.emit(Array.from({ length: count }, (_, n) => ({ timeMs: n, subject: `s-${n % 9}`, data })));
      const { offset: start } = await emit(1);
      const outlet = new FrozenClient();
      const client = new Client(what, 'socket', outlet);
      streams.clients.add(client);
      void streams.follow(client, channelSpec(CHANNEL), { options: { mode: 'stream' }, ...options });
      await eventually('its subscription', () => client.status.subscriptions[0]?.state === 'live');
      const { tail } = client.followed.get(CHANNEL)!.stream;
      for (let n = 0; n < 40; n++) await emit(500);
      const total = start + 40 * 500;
      await eventually('the end', () => tail.head.offset === total);
      await eventually('it to lose its place in the tail', () => {
        const state = client.status.subscriptions[0]!.state;
        return state === 'behind' || state === 'lapsed';
      });
      await eventually('the tail to be cut', () => tail.bytes <= TAIL_MAX_BYTES);
      assert.equal(outlet.packets, 1);
      streams.forget(client);
    });
});
