import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { freePort } from '../../supervisor/ports.ts';
import { processesWith, startUp, temporaryFolder } from '../helpers/up.ts';

/** Runs `up` where it can't start. Returns the one line that it writes. */
async function refusal(args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const up = startUp(args, { env });
  assert.equal(await up.ended, 1);
  assert.deepEqual(processesWith(up.data), []);
  const lines = up.output().trimEnd().split('\n');
  assert.equal(lines.length, 1, up.output());
  return lines[0]!;
}

/** Listens on loopback, answering each command of the Redis protocol with `reply`. */
async function listen(reply = ''): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    // Several commands may arrive in one piece.
    socket.on('data', (bytes) => socket.write(reply.repeat(bytes.toString().match(/^\*\d/gm)?.length ?? 0)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

describe('reprise up says in one sentence what is in the way', function () {
  this.timeout(60_000);

  it('a port that is taken', async () => {
    const { server, port } = await listen();
    const line = await refusal(['--port', `${port}`]);
    server.close();
    assert.equal(
      line,
      `Port ${port} of 127.0.0.1 is taken by another program. Stop that one, or choose another port with --port (or REPRISE_PORT).`,
    );
  });

  it('a REDIS_URL where nothing answers, or that is not an address', async () => {
    const port = await freePort();
    const absent = await refusal(['--port', '0'], { REDIS_URL: `redis://127.0.0.1:${port}` });
    assert.match(
      absent,
      new RegExp(
        `^No Redis answers at redis://127\\.0\\.0\\.1:${port}: nothing listens there\\. .*REDIS_URL`,
      ),
    );
    const { server, port: silentPort } = await listen();
    const silent = await refusal(['--port', '0'], { REDIS_URL: `redis://127.0.0.1:${silentPort}` });
    server.close();
    assert.match(
      silent,
      new RegExp(
        `^No Redis answers at redis://127\\.0\\.0\\.1:${silentPort}: something listens there, and does not answer\\. `,
      ),
    );
    const wrong = await refusal(['--port', '0'], { REDIS_URL: 'localhost:6379' });
    assert.match(
      wrong,
      /^"localhost:6379" is not a Redis URL\. Write REDIS_URL as redis:\/\/user:password@host:6379\/0, or rediss:\/\/ for TLS\.$/,
    );
  });

  it('a Redis that is too old', async () => {
    const info = 'redis_version:6.2.14\r\nloading:0\r\n';
    const { server, port } = await listen(`$${info.length}\r\n${info}\r\n`);
    const line = await refusal(['--port', '0'], { REDIS_URL: `redis://127.0.0.1:${port}` });
    server.close();
    assert.match(line, /is version 6\.2\.14\. Reprise needs Redis 7 or newer/);
  });

  it('no Redis, and none that could be installed', async () => {
    const line = await refusal(['--port', '0'], { PATH: temporaryFolder(), REDIS_SERVER: '' });
    assert.match(line, /^No Redis was found\. It can be installed with `.*redis.*`\. Or set REDIS_URL/);
  });

  it('a REDIS_SERVER that is not a Redis server', async () => {
    const line = await refusal(['--port', '0'], { REDIS_SERVER: process.execPath });
    assert.match(line, /^REDIS_SERVER names .*node, which is not a Redis server\./);
  });

  it('an address open to other machines, without a key', async () => {
    const line = await refusal(['--port', '0', '--host', '0.0.0.0']);
    assert.match(
      line,
      /^Listening on 0\.0\.0\.0 lets other machines in.* Set REPRISE_API_KEY or REPRISE_API_KEYS, or /,
    );
  });

  it('another one on the same folder', async () => {
    const first = startUp(['--no-demo', '--only', 'replayer']);
    await first.says(/Reprise is up\.\n[^]*Ctrl-C/);
    const second = startUp(['--no-demo', '--only', 'replayer'], { data: first.data });
    assert.equal(await second.ended, 1);
    assert.match(second.output(), /^Reprise is up already \(process \d+\)\. Stop that one first, or .*\.\n$/);
    assert.equal(await first.interrupt(), 0);
  });

  it('a wrong option, with exit code 2', async () => {
    const up = startUp(['--only', 'replayer,cook']);
    assert.equal(await up.ended, 2);
    assert.match(up.output(), /There is no role "cook"; there are replayer, analysis, tasks, api\./);
  });
});
