import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { Block } from '../../core/wire/block.ts';
import { channelSpec } from '../../core/wire/channels.ts';
import { Framer, type Position } from '../../core/wire/event.ts';
import { keys } from '../../core/wire/keys.ts';
import { command } from '../../core/wire/resp.ts';
import { duplicate, type Redis } from '../../core/redis/connection.ts';
import { CommandBuffer } from '../../core/writing/command-buffer.ts';
import { TransactionWriter } from '../../core/writing/transaction.ts';
import { withRedis, type TestRedis } from '../helpers/redis.ts';

const CHANNEL = 'guarded';
const EVENTS = 3;
const TOKEN = 'the end';
const FRAME = {
  opening: command('CLIENT', 'REPLY', 'OFF'),
  closing: command('CLIENT', 'REPLY', 'ON') + command('ECHO', TOKEN),
};
/** Shows in the list of clients that Redis has gone through everything before. */
const MARK = command('CLIENT', 'SETNAME', 'done');

/** A transaction, as the texts of its commands. */
const commandsOf = (bytes: Buffer) => bytes.toString('latin1').split(/(?=^\*\d+\r\n)/m);
const nameOf = (text: string) => text.split('\r\n')[2]!;

/** What Redis refuses while it is full, read-only (or can't save), or busy with a script. */
const CLASSES = {
  full: (name: string) => /^(FCALL|XADD|HSET|HINCRBY|SADD|SET|EXEC)$/.test(name),
  readOnly: (name: string) => /^(FCALL|XDEL|XADD|XTRIM|DEL|HSET|HINCRBY|SADD|SET|EXEC)$/.test(name),
  busy: (name: string) => !/^(WATCH|MULTI|DISCARD)$/.test(name),
};

describe('a transaction of which Redis refuses commands', function () {
  this.timeout(60_000);
  let server: TestRedis;
  let redis: Redis;
  withRedis((connected) => ({ server, redis } = connected));
  let heard = 0;
  let subscriber: Redis;
  before(async () => {
    subscriber = duplicate(redis);
    subscriber.on('message', () => heard++);
    await subscriber.subscribe(CHANNEL);
  });
  after(() => subscriber.disconnect());

  const spec = channelSpec(CHANNEL);
  const records = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ timeMs: 1.7e12 + n, subject: `s${n}`, data: `{"n":${n}}` }));

  /** The transaction of a writer that believes the channel at this position. */
  function transaction(head: Position): string[] {
    const framer = new Framer({ channel: CHANNEL, source: '/x' });
    const writer = new TransactionWriter({ spec, framer, token: '', lifeMs: 0, waits: false, writer: 'w' });
    const placing = { head, from: head, follows: false, sent: '2026-01-01T00:00:00.000Z', extra: '' };
    return commandsOf(writer.write(new CommandBuffer(), Block.of(records(EVENTS)), placing, FRAME));
  }

  /** Everything that the transaction could have changed. */
  async function content() {
    await subscriber.ping();
    return {
      heard,
      log: await redis.xrange(keys.log(CHANNEL), '-', '+'),
      state: await redis.hgetall(keys.state(CHANNEL)),
      head: await redis.hgetall(keys.head(CHANNEL)),
      receipt: await redis.get(keys.receipt(CHANNEL, 'w')),
    };
  }

  /** Puts the channel where the other tests of it begin: with two events of somebody else. */
  async function begin(): Promise<void> {
    const gone = [
      keys.log(CHANNEL),
      keys.state(CHANNEL),
      keys.receipt(CHANNEL, 'w'),
      keys.answers(CHANNEL, 'w'),
    ];
    await redis.del(...gone, keys.refusal(CHANNEL, 'w'));
    await redis.xadd(keys.log(CHANNEL), '1-1', 'e', '{}');
    await redis.xadd(keys.log(CHANNEL), '1-2', 'e', '{}');
    await redis.hset(keys.head(CHANNEL), { epoch: 1, offset: 2, time: 0, by: 'other' });
    heard = 0;
  }

  async function socketOf(): Promise<{ socket: Socket; id: string }> {
    const socket = connectSocket(server.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(command('CLIENT', 'ID'));
    const [reply] = (await once(socket, 'data')) as [Buffer];
    socket.resume();
    return { socket, id: /\d+/.exec(reply.toString())![0] };
  }

  /** Waits until Redis has gone through commands that end with this one, or until one of them blocks. */
  async function gone(id: string, last: string): Promise<void> {
    for (const untilMs = performance.now() + 15_000; performance.now() < untilMs;) {
      const line = (await redis.call('CLIENT', 'LIST', 'ID', id)) as string;
      if (line === '' || /flags=\w*b/.test(line)) return;
      if (/ qbuf=0 /.test(line) && line.includes(`cmd=${last.toLowerCase()}`)) return;
    }
    throw new Error(`Redis does not come to ${last}`);
  }

  /** Sends commands over a connection of their own, and does something before some of them. */
  async function send(commands: string[], steps = new Map<number, () => Promise<unknown>>()): Promise<void> {
    const { socket, id } = await socketOf();
    let from = 0;
    for (const [to, step] of steps) {
      socket.write(commands.slice(from, to).join(''), 'latin1');
      await gone(id, nameOf(commands[to - 1]!));
      await step();
      from = to;
    }
    socket.write(commands.slice(from).join('') + MARK, 'latin1');
    await gone(id, 'client|setname');
    socket.destroy();
  }

  const refused = (commands: string[], isRefused: (name: string, i: number) => boolean) =>
    commands.map((text, i) => (isRefused(nameOf(text), i) ? command('REFUSED') : text));

  /** What is left of a batch that may be written: everything or nothing, and a receipt that says which. */
  async function isWhole(of: string): Promise<boolean> {
    const { heard: published, log, state, head, receipt } = await content();
    const isWritten = receipt !== null;
    assert.deepEqual(
      { published, log: log.length, state: Object.keys(state).length, offset: head['offset'], receipt },
      isWritten
        ? {
            published: EVENTS,
            log: 2 + EVENTS,
            state: EVENTS,
            offset: String(2 + EVENTS),
            receipt: `1-${2 + EVENTS}`,
          }
        : { published: 0, log: 2, state: 0, offset: '2', receipt: null },
      of,
    );
    return isWritten;
  }

  const FRESH = { epoch: 1, offset: 2 };
  // As if a batch before it had arrived: the log itself would take these entries.
  const STALE = { epoch: 1, offset: 9 };

  it('writes a batch that is checked, and none that is not', async () => {
    await begin();
    await send(transaction(FRESH));
    assert.equal(await isWhole('the whole transaction'), true);
    await begin();
    await send(transaction(STALE));
    assert.equal(await isWhole('a stale batch'), false);
  });

  it('writes all or nothing, and never a stale batch, whichever command is refused', async () => {
    const { length } = transaction(FRESH);
    for (let i = 0; i < length; i++) {
      for (const head of [FRESH, STALE]) {
        await begin();
        await send(refused(transaction(head), (_, at) => at === i));
        const isWritten = await isWhole(`${nameOf(transaction(head)[i]!)} (${i}) of ${JSON.stringify(head)}`);
        if (head === STALE) assert.equal(isWritten, false, `stale, without ${nameOf(transaction(head)[i]!)}`);
      }
    }
  });

  for (const [name, isRefusedThen] of Object.entries(CLASSES))
    it(`writes all or nothing, and never a stale batch, if Redis is ${name} for some of the commands`, async () => {
      const { length } = transaction(FRESH);
      const gate = transaction(FRESH).findIndex((text) => nameOf(text) === 'XREAD');
      for (let from = 0; from < length; from++) {
        for (let to = from + 1; to <= length; to++) {
          // Redis does not become free between two commands that it reads at once.
          if (name === 'busy' && (to === gate + 1 || to === gate + 2)) continue;
          await begin();
          await send(refused(transaction(STALE), (each, i) => i >= from && i < to && isRefusedThen(each)));
          assert.equal(
            await isWhole(`${name} from ${from} to ${to}`),
            false,
            `stale, ${name} from ${from} to ${to}`,
          );
        }
      }
    });

  it('writes nothing stale if the memory is full between any two of its commands', async () => {
    const full = () => redis.config('SET', 'maxmemory', '1');
    const roomy = () => redis.config('SET', 'maxmemory', '0');
    const upTo = transaction(FRESH).findIndex((text) => nameOf(text) === 'PUBLISH');
    for (let from = 1; from < upTo; from++) {
      for (let to = from + 1; to <= upTo; to++) {
        for (const head of [FRESH, STALE]) {
          await begin();
          await send(
            transaction(head),
            new Map([
              [from, full],
              [to, roomy],
            ]),
          );
          await roomy();
          const isWritten = await isWhole(`full from ${from} to ${to}`);
          if (head === STALE) assert.equal(isWritten, false, `full from ${from} to ${to}`);
        }
      }
    }
  });
});
