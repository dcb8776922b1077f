import assert from 'node:assert/strict';
import { Client } from '../../../backend/gateway/streams/client.ts';
import { Hub } from '../../../backend/gateway/log/hub.ts';
import type { Outlet } from '../../../backend/gateway/delivery/outlet.ts';
import type { Packet } from '../../../backend/gateway/delivery/packet.ts';
import { Streams } from '../../../backend/gateway/streams/streams.ts';
import { channelSpec } from '../../../core/wire/channels.ts';
import { createLog } from '../../../core/logging/log.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { ChannelWriter } from '../../../core/writing/writer.ts';
import type { JoinAnswer } from '../../../backend/gateway/delivery/event-lines.ts';
import type { Batch } from '../../../schemas/types.ts';
import { eventually } from '../../helpers/wait.ts';
import { withRedis } from '../../helpers/redis.ts';

const CHANNEL = 'crowd';
/** More clients than are served in two turns. */
const FOLLOWERS = 1_100;
const BATCHES = 60;

/** A client of the channel that keeps the batches it is sent. */
class Follower implements Outlet {
  readonly isCredited = false;
  readonly waitingBytes = 0;
  readonly isCongested = false;
  readonly client = new Client(crypto.randomUUID(), 'socket', this);
  readonly batches: Batch[] = [];
  start: JoinAnswer | undefined;

  send({ text }: Packet): void {
    const [kind, batch] = JSON.parse(text.slice(text.indexOf(',') + 1)) as [string, Batch];
    assert.equal(kind, 'batch');
    this.batches.push(batch);
  }

  drop(): void {
    assert.fail('no client is disconnected');
  }

  /** Asserts that everything from its start on arrived once and in order. */
  assertExact(until: number): void {
    let at = this.start!.offset;
    for (const { from, to, events } of this.batches) {
      assert.equal(from, at + 1, 'batches lie end to end');
      assert.deepEqual(
        events.map(({ offset }) => offset),
        Array.from({ length: to - from + 1 }, (_, i) => from + i),
      );
      at = to;
    }
    assert.equal(at, until);
  }
}

describe('gateway, with more clients than are served at once', function () {
  this.timeout(60_000);
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

  async function follow(): Promise<Follower> {
    const follower = new Follower();
    streams.clients.add(follower.client);
    const options = { mode: 'stream' as const };
    const joined = (answer: JoinAnswer): void => void (follower.start = answer);
    await streams.follow(follower.client, channelSpec(CHANNEL), { options, joined });
    return follower;
  }

  it('sends each client everything once and in order while others come and go', async () => {
    const writer = new ChannelWriter(redis, channelSpec(CHANNEL), { source: '/test' });
    const emit = (count: number) =>
      writer.emit(
        Array.from({ length: count }, (_, n) => ({ timeMs: n, subject: `s-${n % 9}`, data: '{}' })),
      );
    await emit(1);
    const followers = await Promise.all(Array.from({ length: FOLLOWERS }, follow));
    const left: Follower[] = [];
    for (let n = 0; n < BATCHES; n++) {
      await emit(1 + (n % 7));
      // Clients that come and go change the turns of the others.
      followers.push(...(await Promise.all(Array.from({ length: 20 }, follow))));
      for (const gone of followers.splice((n * 37) % 500, 12)) {
        streams.forget(gone.client);
        left.push(gone);
      }
    }
    const { offset } = await emit(1);
    await eventually('all to have the last event', () =>
      followers.every(({ batches }) => batches.at(-1)?.to === offset),
    );
    for (const follower of followers) follower.assertExact(offset);
    for (const follower of left) follower.assertExact(follower.batches.at(-1)?.to ?? follower.start!.offset);
    const { published, delivered, conflated, filtered, dropped, inFlight } = streams.figures;
    assert.deepEqual([conflated, filtered, dropped, inFlight], [0, 0, 0, 0]);
    assert.equal(published, delivered);
    const sent = [...followers, ...left].flatMap(({ batches }) => batches.map(({ events }) => events.length));
    assert.equal(
      delivered,
      sent.reduce((sum, each) => sum + each, 0),
    );
  });
});
