import assert from 'node:assert/strict';
import { connect } from 'node:net';
import express from 'express';
import { bodyPace } from '../../../backend/api/http/body-pace.ts';
import { Guesses } from '../../../backend/api/http/guesses.ts';
import { problemHandler } from '../../../backend/api/http/problems.ts';
import { TrustedProxies } from '../../../backend/api/http/access/proxies.ts';
import type { IncomingMessage } from 'node:http';
import { ApiWorld } from '../../helpers/api-world.ts';
import { eventually } from '../../helpers/wait.ts';

const RIGHT = 'the right key of sixteen';

describe('wrong keys', function () {
  this.timeout(30_000);
  let world: ApiWorld;
  before(async () => (world = await ApiWorld.start({ apiKey: RIGHT, trustProxy: 'loopback' })));
  after(() => world.stop());

  const at = (address: string, key: string) =>
    world.call('GET', '/api/v1/channels', { headers: { 'x-api-key': key, 'x-forwarded-for': address } });

  it('make their address wait, also for right keys that it has not used before; others go on', async () => {
    const [known, guesser, other] = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
    assert.equal((await at(known, RIGHT)).status, 200);
    for (const address of [known, guesser])
      for (let i = 0; i < 10; i++) assert.equal((await at(address, `guess ${i}`)).status, 401);
    for (const key of ['another guess', RIGHT]) {
      const { status, body, headers } = await at(guesser, key);
      assert.deepEqual([status, body.code], [429, 'guesses_too_many']);
      assert.ok(Number(headers.get('retry-after')) >= 1);
    }
    assert.equal((await at(known, RIGHT)).status, 200);
    assert.equal((await at(known, 'another guess')).status, 429);
    assert.equal((await at(other, RIGHT)).status, 200);
    // Requests without a key guess nothing.
    for (let i = 0; i < 20; i++) assert.equal((await world.get('/channels')).status, 401);
  });

  it('count for sockets and for other processes, too', async () => {
    for (let i = 0; i < 9; i++) await assert.rejects(world.client({ token: `guess ${i}` }), /key/i);
    const other = await world.anotherApi();
    const ask = (key: string) => fetch(`${other.url}/api/v1/channels`, { headers: { 'x-api-key': key } });
    for (let i = 0; i < 3; i++) assert.equal((await ask('the same guess')).status, 401);
    assert.equal((await ask('another guess')).status, 429);
    assert.equal((await ask('the same guess')).status, 401, 'which tells nothing new');
    await other.close();
  });

  it('are counted while Redis is away, wait longer each time up to five minutes, and are forgotten', async () => {
    let now = 0;
    const redis = { status: 'reconnecting' } as never;
    const guesses = new Guesses(redis, () => now);
    const waits: number[] = [];
    for (let i = 0; i < 22; i++) {
      await guesses.wrong('a', `guess ${i}`);
      let waited = 0;
      for (; ; waited += 1_000, now += 1_000) {
        try {
          guesses.right('a', `key ${i}`);
          break;
        } catch {
          // It has to wait.
        }
      }
      waits.push(waited / 1_000);
    }
    assert.deepEqual(waits.slice(0, 9), Array(9).fill(0));
    assert.deepEqual(waits.slice(9), [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]);
    now += 900_000;
    await guesses.wrong('a', 'guess');
    guesses.right('a', 'a new key');
  });
});

describe('connections', function () {
  this.timeout(30_000);
  let world: ApiWorld;
  before(async () => (world = await ApiWorld.start({ rateLimit: { connections: 3 } })));
  after(() => world.stop());

  it('that stay open are limited for each caller, and an ended one makes room', async () => {
    const stream = async () => {
      const abort = new AbortController();
      const { status } = await fetch(`${world.url}/api/v1/channels/gps/events`, { signal: abort.signal });
      return { status, abort };
    };
    const [first, second] = [await stream(), await stream()];
    const client = await world.client();
    assert.equal((await stream()).status, 429);
    await assert.rejects(
      world.client(),
      (error: Error & { data: { code: string } }) => error.data.code === 'connections_too_many',
    );
    assert.equal((await fetch(`${world.url}/api/v1/channels`)).status, 200);
    first.abort.abort();
    await eventually('room for a stream', async () => {
      const { status, abort } = await stream();
      abort.abort();
      return status === 200;
    });
    client.socket.disconnect();
    second.abort.abort();
    await eventually('room for a socket', () =>
      world.client().then(
        () => true,
        () => false,
      ),
    );
  });

  it('whose body does not come are ended, and slow ones that go on are not', async () => {
    const app = express();
    app.use(bodyPace({ windowMs: 200, leastBytes: 100 }));
    app.post('/', async (request, response) => {
      let bytes = 0;
      for await (const chunk of request) bytes += (chunk as Buffer).length;
      response.json(bytes);
    });
    app.use(problemHandler({ warn() {}, error() {} } as never));
    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const post = (pieces: number, bytes: number) =>
      new Promise<string>((resolve) => {
        let text = '';
        const socket = connect(port, '127.0.0.1', () => {
          socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n');
          let sent = 0;
          const timer = setInterval(() => {
            if (sent++ < pieces) socket.write('x'.repeat(bytes));
            else clearInterval(timer);
          }, 20);
          socket.on('close', () => clearInterval(timer));
        });
        socket.on('data', (part) => {
          text += String(part);
          if (text.includes('5000')) socket.destroy();
        });
        socket.on('error', () => {});
        socket.on('close', () => resolve(text));
      });
    const [never, drop, whole] = await Promise.all([post(0, 0), post(1_000, 1), post(50, 100)]);
    assert.match(never, /^HTTP\/1.1 408 [^]*request_slow/);
    assert.match(drop, /^HTTP\/1.1 408 [^]*request_slow/);
    assert.match(whole, /^HTTP\/1.1 200 [^]*5000$/);
    server.closeAllConnections();
    server.close();
  });
});

describe('proxies before the API', () => {
  const read = (setting: string | null, peer: string, headers: { [name: string]: string }) =>
    new TrustedProxies(setting).read({
      headers,
      socket: { remoteAddress: peer },
    } as unknown as IncomingMessage);

  it('count only if they are trusted, whatever clients write into the headers', () => {
    const spoofed = {
      'x-forwarded-for': '6.6.6.6, 9.9.9.9',
      'x-forwarded-host': 'evil, a.test',
      'x-forwarded-proto': 'https',
    };
    const nobody = { host: undefined, isSecure: false };
    assert.deepEqual(read(null, '10.0.0.1', spoofed), { address: '10.0.0.1', ...nobody });
    assert.deepEqual(read('10.0.0.0/8', '11.0.0.1', spoofed), { address: '11.0.0.1', ...nobody });
    const trusted = { address: '9.9.9.9', host: 'a.test', isSecure: true };
    for (const setting of ['1', '10.0.0.0/8', '10.0.0.1', 'private', 'loopback, 10.0.0.1'])
      assert.deepEqual(read(setting, '10.0.0.1', spoofed), trusted, setting);
    assert.equal(read('1', '::ffff:10.0.0.1', spoofed).address, '9.9.9.9');
    assert.equal(read('10.0.0.0/8', '::ffff:10.0.0.1', spoofed).address, '9.9.9.9');
    assert.equal(read('2', '10.0.0.1', spoofed).address, '6.6.6.6');
    const chain = { 'x-forwarded-for': '6.6.6.6, 7.7.7.7, 10.0.0.2:4711' };
    assert.equal(read('private', '127.0.0.1', chain).address, '7.7.7.7');
    assert.equal(read('5', '127.0.0.1', { 'x-forwarded-for': '7.7.7.7' }).address, '7.7.7.7');
    assert.equal(read('1', '127.0.0.1', { 'x-forwarded-for': 'rubbish' }).address, '127.0.0.1');
    assert.equal(read('1', '127.0.0.1', { 'x-forwarded-for': '[2001:db8::1]:80' }).address, '2001:db8::1');
    assert.equal(read('1', '127.0.0.1', { forwarded: 'for=6.6.6.6;host=evil' }).address, '127.0.0.1');
  });

  it('are configured by numbers, addresses and ranges', () => {
    for (const wrong of ['11', '-1', 'proxy', '10.0.0.0/33', '::1/129', '10.0.0.1/x', 'a,b', '10.0.0.300'])
      assert.throws(() => new TrustedProxies(wrong), /REPRISE_TRUST_PROXY/, wrong);
  });
});
