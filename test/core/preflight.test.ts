import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { Redis } from 'ioredis';
import { isProblem, sentence } from '../../core/problems/errors.ts';
import { connect } from '../../core/redis/connection.ts';
import { addressOf, shownUrl } from '../../core/redis/server/place.ts';
import { factsOf } from '../../core/redis/server/facts.ts';
import { sayHello } from '../../core/redis/server/hello.ts';
import { memoryFindings, startWarnings } from '../../core/redis/server/preflight.ts';
import { freePort } from '../../supervisor/ports.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { eventually } from '../helpers/wait.ts';

const SECRET = 'p:@/é 7';

/** What a role says about a Redis that it can't use. */
async function said(url: string): Promise<string> {
  try {
    (await connect(url, 'test')).disconnect();
  } catch (error) {
    assert.ok((error as Error).name === 'RepriseError', String(error));
    const text = sentence(error);
    assert.ok(!text.includes(SECRET) && !text.includes(encodeURIComponent(SECRET)), text);
    return text;
  }
  return 'nothing';
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('a Redis that can not be used', function () {
  this.timeout(60_000);
  let server: TestRedis;
  let admin: Redis;
  /** The URL of a user. */
  const as = (user: string, password = SECRET) =>
    server.url.replace('//', `//${user}:${encodeURIComponent(password)}@`);

  before(async () => {
    server = await startRedis();
    admin = new Redis(server.url);
  });
  after(async () => {
    admin.disconnect();
    await server.stop();
  });

  it('is not there: no host of this name, nothing that listens, a web server, silence', async () => {
    const port = await freePort();
    const web = createHttp((_request, response) => response.end());
    const silent = createServer();
    const [webPort, silentPort] = [await listening(web), await listening(silent)];
    assert.match(
      await said('redis://no-such-host.invalid'),
      /the name of the host is unknown|could not be looked up/,
    );
    assert.match(await said(`redis://127.0.0.1:${port}`), /: nothing listens there\. Start that Redis/);
    assert.match(await said(`redis://127.0.0.1:${webPort}`), /answers a web server, not a Redis\./);
    assert.match(
      await said(`redis://127.0.0.1:${silentPort}`),
      /something listens there, and does not answer\./,
    );
    web.close();
    silent.close();
  });

  it('speaks TLS where none is expected, or the other way round, or with a certificate that is not trusted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reprise-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=redis.test', '-days', '1', '-keyout', key, '-out', cert];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject], {
      stdio: 'ignore',
    });
    const secret = createTls({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => {
      socket.on('error', () => {});
      socket.on('data', () => socket.write('+PONG\r\n'));
    });
    secret.on('tlsClientError', () => {});
    const port = await listening(secret);
    assert.match(
      await said(`rediss://127.0.0.1:${port}`),
      /has a certificate that is signed by itself\. .*NODE_EXTRA_CA_CERTS/,
    );
    assert.match(await said(`redis://127.0.0.1:${port}`), /speaks TLS only\. Write REDIS_URL with rediss:/);
    assert.match(
      await said(server.url.replace('redis:', 'rediss:')),
      /does not speak TLS\. Write REDIS_URL with redis:/,
    );
    secret.close();
    rmSync(folder, { recursive: true });
  });

  it('refuses the password, the user, or everybody without one', async () => {
    assert.match(await said(as('nobody')), /refuses the user "nobody"\. Either there is no such user/);
    await admin.config('SET', 'requirepass', 'other');
    assert.match(await said(as('')), /refuses the password\./);
    assert.match(await said(server.url), /needs a password, and REDIS_URL has none\./);
    await admin.config('SET', 'requirepass', '');
  });

  const needed = ['info', 'fcall', 'publish', 'subscribe', 'set', 'get', 'del', 'exists', 'sadd', 'smembers'];
  needed.push('hset', 'hget', 'hmget', 'hgetall', 'hvals', 'hkeys', 'hlen', 'hdel', 'hincrby');
  needed.push('xadd', 'xtrim', 'xlen', 'xrange', 'xrevrange', 'xread', 'pubsub', 'time', 'sismember');
  it('lets the user not run a command: each is named', async () => {
    (await connect(server.url, 'test')).disconnect();
    for (const command of needed) {
      await admin.call(
        'ACL',
        'SETUSER',
        'kim',
        'reset',
        'on',
        `>${SECRET}`,
        '~*',
        '&*',
        '+@all',
        `-${command}`,
      );
      const text = await said(as('kim'));
      assert.match(
        text,
        new RegExp(`^The user "kim" .* may not do what is needed here: ${command}\\b[^,]*\\. Grant`, 'i'),
      );
    }
    await admin.call('ACL', 'SETUSER', 'kim', '+@all');
    assert.equal(await said(as('kim')), 'nothing');
  });

  it('lets the user not use our keys or channels', async () => {
    await admin.call('ACL', 'SETUSER', 'kim', 'reset', 'on', `>${SECRET}`, '+@all', '~*', '&reprise:*');
    assert.match(await said(as('kim')), /may not do what is needed here: the channel sample\./);
    await admin.call('ACL', 'SETUSER', 'kim', 'allchannels', 'resetkeys', '~reprise:state:*', '%R~reprise:*');
    assert.match(
      await said(as('kim')),
      /SET on the key reprise:owner:sample, .*XADD on the key reprise:log:sample/,
    );
  });

  it('does not let functions be loaded; where they are there, nothing is wrong', async () => {
    await admin.call(
      'ACL',
      'SETUSER',
      'kim',
      'reset',
      'on',
      `>${SECRET}`,
      '~*',
      '&*',
      '+@all',
      '-function|load',
    );
    assert.equal(await said(as('kim')), 'nothing');
    await admin.call('FUNCTION', 'FLUSH');
    assert.match(await said(as('kim')), /lets nobody here load functions\. Grant the user \+function\|load/);
    assert.equal(await said(server.url), 'nothing');
  });

  it('has no such database: nothing goes into another one', async () => {
    assert.match(await said(`${server.url}/99`), /has no database 99\./);
    for (const wrong of ['/abc', '/-1', '/1.5', '?db=x'])
      assert.match(await said(`${server.url}${wrong}`), /names no database number\./);
    assert.equal(await said(`${server.url}/3`), 'nothing');
    const redis = await connect(`${server.url}/3`, 'test');
    await admin.config('SET', 'requirepass', '');
    redis.options.db = 99;
    const copy = redis.duplicate({ retryStrategy: () => null });
    await assert.rejects(copy.set('lost', 'yes'));
    redis.disconnect();
    assert.equal(await admin.exists('lost'), 0);
  });

  it('is a replica, whose primary is named, or a cluster', async () => {
    const other = await startRedis();
    const replica = new Redis(other.url);
    await replica.replicaof('127.0.0.1', server.port);
    await eventually('the copy', async () => /master_link_status:up/.test(await replica.info('replication')));
    assert.match(
      await said(other.url),
      new RegExp(`is a read-only replica of 127\\.0\\.0\\.1:${server.port}\\.`),
    );
    replica.disconnect();
    await other.stop();
    const info = 'redis_version:7.2.4\r\nredis_mode:cluster\r\nloading:0\r\n';
    const cluster = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (bytes) =>
        socket.write(`$${info.length}\r\n${info}\r\n`.repeat(bytes.toString().match(/^\*\d/gm)?.length ?? 0)),
      );
    });
    assert.match(
      await said(`redis://127.0.0.1:${await listening(cluster)}`),
      /is a cluster, which Reprise can't use yet\./,
    );
    cluster.close();
  });

  it('throws keys away, has little memory, or keeps nothing on disk: each is told', async () => {
    assert.deepEqual(await startWarnings(admin), []);
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await admin.config('SET', 'maxmemory', '50mb');
    const found = memoryFindings(await factsOf(admin)).map(({ check, state }) => `${check} ${state}`);
    assert.deepEqual(found, ['eviction warning', 'memory warning', 'persistence ok']);
    assert.match((await startWarnings(admin)).join('\n'), /allkeys-lru, it throws away .* noeviction/);
    await admin.config('SET', 'maxmemory', '0');
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
  });

  it('serves another Reprise of the same names in another database', async () => {
    const theirs = await connect(`${server.url}/5`, 'test');
    const hello = sayHello(theirs, 'replayer-there-1');
    await eventually('its ears', async () => (await startWarnings(admin)).length > 0);
    assert.match(
      (await startWarnings(admin))[0]!,
      /\(replayer-there-1\) uses database 5 .* REPRISE_NAMESPACE/,
    );
    assert.deepEqual(await startWarnings(theirs), [], 'its own processes are not another Reprise');
    hello.close();
    theirs.disconnect();
  });
});

describe('the URL of a Redis', () => {
  it('is shown without its password, however that is written', () => {
    for (const password of ['x', 'a%40b', 'a@b', 'a/b@c', 'a:b', '%F0%9F%94%91'])
      assert.equal(shownUrl(`redis://kim:${password}@host:1/2`), 'redis://kim:***@host:1/2');
    assert.equal(shownUrl('redis://host?password=x&db=1'), 'redis://host?password=***&db=1');
  });

  it('is refused where it can not be read', () => {
    for (const url of ['host:6379', 'http://host', 'redis://', 'redis://:a#b@host', 'redis://:50%off@host'])
      assert.throws(
        () => addressOf(url),
        (error) => isProblem(error, 'redis_url'),
        url,
      );
  });
});
