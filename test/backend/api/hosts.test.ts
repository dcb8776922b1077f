import assert from 'node:assert/strict';
import { hostname, networkInterfaces } from 'node:os';
import * as fc from 'fast-check';
import { io } from 'socket.io-client';
import { checkAllowedHosts, KnownHosts, parseAuthority } from '../../../backend/api/http/access/hosts.ts';
import { basePathOf } from '../../../core/settings/exposure.ts';
import { loadSettings } from '../../../core/settings/settings.ts';
import { ApiWorld } from '../../helpers/api-world.ts';
import { rawRequest, rawStatus, UPGRADE } from '../../helpers/raw-http.ts';

const KNOWN = [
  'localhost',
  'LOCALHOST',
  'localhost.',
  'a.localhost',
  '127.0.0.1',
  '127.1.2.3',
  '127.1',
  '2130706433',
  '0x7f.0.0.1',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  'reprise.example.org',
  'Reprise.Example.ORG.',
  'a.lab.test',
  'a.b.lab.test',
  'lab.test',
];
const STRANGE = [
  'evil.test',
  'localhost.evil.test',
  'evil-localhost',
  'notlocalhost',
  '127.0.0.1.evil.test',
  'example.org',
  'evil.reprise.example.org',
  'reprise.example.org.evil.test',
  'evillab.test',
  '128.0.0.1',
  '10.0.0.1',
  '0.0.0.0',
  '[::2]',
  '[::ffff:10.0.0.1]',
  '[fe80::1]',
  'localhost@evil.test',
  'evil.test@localhost',
  'user:secret@localhost',
  'localhost/evil.test',
  'localhost\\evil.test',
  'evil.test#localhost',
  'evil.test?localhost',
  'localhost,evil.test',
  'localhost..',
  '[::1',
  '::1',
  'lo calhost',
  '%00localhost',
];
const ports = fc.constantFrom('', ':80', ':3000', ':65535');
/** The name as it is, or with some of its letters in the other case. */
const spelt = (names: string[]) =>
  fc
    .tuple(fc.constantFrom(...names), fc.infiniteStream(fc.boolean()))
    .map(([name, upper]) =>
      [...name].map((each) => (upper.next().value ? each.toUpperCase() : each)).join(''),
    );

describe('known hosts', () => {
  const hosts = new KnownHosts('127.0.0.1', ['reprise.example.org', '.lab.test']);
  const isKnown = (text: string) => {
    const read = parseAuthority(text);
    return read !== null && hosts.has(read);
  };

  it('are recognized in every spelling, and no other name is', () => {
    fc.assert(fc.property(spelt(KNOWN), ports, (name, port) => isKnown(name + port)));
    fc.assert(fc.property(spelt(STRANGE), ports, (name, port) => !isKnown(name + port)));
    fc.assert(fc.property(fc.domain(), (name) => isKnown(name) === /(^|\.)lab\.test$/.test(name)));
    for (const broken of ['', ':80', 'localhost:99999', 'localhost:x', 'localhost:1:2', 'localhost:-1'])
      assert.equal(isKnown(broken), false, broken);
  });

  it('include this machine only if the API listens on all of its addresses', () => {
    const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    const outer = own.filter(({ internal, scopeid }) => !internal && !scopeid);
    const names = [
      hostname(),
      ...outer.map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address)),
    ];
    for (const bound of ['0.0.0.0', '::'])
      for (const name of names) assert.ok(new KnownHosts(bound, []).has(parseAuthority(name)!), name);
    for (const name of names.filter((each) => each !== 'localhost'))
      assert.equal(hosts.has(parseAuthority(name)!), false, name);
    assert.ok(new KnownHosts('192.0.2.7', []).has(parseAuthority('192.0.2.7:3000')!));
    assert.ok(new KnownHosts('2001:db8::7', []).has(parseAuthority('[2001:DB8:0::7]')!));
    assert.ok(new KnownHosts('127.0.0.1', ['*']).has(parseAuthority('evil.test')!));
  });

  it('are configured by names alone, as the settings say', () => {
    for (const wrong of ['https://a.test', 'a.test:80', 'a.test/x', 'u@a.test', '', 'a b', '*.a.test:1'])
      assert.throws(() => checkAllowedHosts([wrong]), /REPRISE_ALLOWED_HOSTS/, wrong);
    checkAllowedHosts(['a.test', '.b.test', '*.b.test', '::1', '[::1]', '10.0.0.1', '*']);
    const { allowedHosts } = loadSettings({}, { REPRISE_ALLOWED_HOSTS: 'a.test, .b.test,' });
    assert.deepEqual(allowedHosts, ['a.test', '.b.test']);
  });

  it('base paths and weak keys are checked when the settings are read', () => {
    for (const [given, expected] of [
      ['/', ''],
      ['/reprise/', '/reprise'],
      ['/a/b.c', '/a/b.c'],
    ] as const)
      assert.equal(basePathOf(given), expected);
    for (const wrong of ['reprise', '//x', '/a b', '/api', '/docs/x', '/..', '/a/../b', '/a?b', '/%2e'])
      assert.throws(() => basePathOf(wrong), /REPRISE_BASE_PATH/, wrong);
    for (const weak of ['secret', '123456789012345', 'aaaaaaaaaaaaaaaaaaaaaaaa', 'abababababababababab'])
      assert.throws(() => loadSettings({}, { REPRISE_API_KEY: weak }), /REPRISE_API_KEY .*guessed/, weak);
    assert.equal(loadSettings({}, { REPRISE_API_KEY: '0123456789abcdef' }).apiKey, '0123456789abcdef');
  });
});

describe('requests that name strange hosts or come from foreign pages', function () {
  this.timeout(60_000);
  let world: ApiWorld;
  let port: string;
  before(async () => {
    world = await ApiWorld.start({
      allowedHosts: ['reprise.example.org'],
      origins: ['https://friend.example'],
    });
    port = new URL(world.url).port;
  });
  after(() => world.stop());

  const service = '/api/v1/services/rebound';
  const targets: [string, string, string[]][] = [
    ['GET', '/', []],
    ['GET', '/docs', []],
    ['GET', '/api/v1/channels', []],
    ['GET', '/api/v1/channels/gps/events', []],
    ['GET', '/compute_avg_speed?time_window_seconds=1', []],
    ['GET', '/gps_state', []],
    ['DELETE', service, []],
    ['GET', '/metrics', []],
    ['GET', '/nothing', []],
    ['GET', '/socket.io/?EIO=4&transport=polling', []],
    ['GET', '/socket.io/?EIO=4&transport=websocket', [...UPGRADE]],
  ];
  const send = (method: string, target: string, headers: string[]) =>
    rawStatus(
      world.url,
      rawRequest(
        method,
        target,
        headers.some((each) => each.startsWith('Upgrade')) ? [...headers, 'Connection: Upgrade'] : headers,
      ).replace(/(Connection: Upgrade\r\n)Connection: close\r\n/, '$1'),
    );

  it('get 421 at every door, whichever way they name it, and the probes answer', async () => {
    const ways: [string, (target: string) => string, string[]][] = [
      ['Host', (target) => target, [`Host: evil.test:${port}`]],
      ['absolute target', (target) => `http://evil.test:${port}${target}`, [`Host: localhost:${port}`]],
      ['user before it', (target) => target, [`Host: localhost@evil.test:${port}`]],
      ['no readable name', (target) => target, ['Host: a b']],
      [
        'a forwarded name does not count',
        (target) => target,
        ['Host: evil.test', 'X-Forwarded-Host: localhost'],
      ],
    ];
    for (const [what, targetOf, headers] of ways)
      for (const [method, target, more] of targets)
        assert.equal(
          await send(method, targetOf(target), [...headers, ...more]),
          421,
          `${what}: ${method} ${target}`,
        );
    for (const [method, target, more] of targets)
      assert.equal(
        await send(method, target, [`Host: localhost:${port}`, 'Host: evil.test', ...more]),
        421,
        target,
      );
    for (const probe of ['/healthz', '/readyz'])
      assert.equal(await send('GET', probe, ['Host: 10.1.2.3:3000']), 200, probe);
    for (const host of [`localhost:${port}`, `LocalHost.:${port}`, `[::1]:${port}`, 'reprise.example.org'])
      assert.equal(await send('GET', '/api/v1/channels', [`Host: ${host}`]), 200, host);
    assert.equal(
      await send('GET', `http://localhost:${port}/api/v1/channels`, [`Host: localhost:${port}`]),
      200,
    );
  });

  it('of another origin change nothing and open nothing, by whatever browsers send about them', async () => {
    const host = `Host: 127.0.0.1:${port}`;
    const foreign = [
      [`Origin: http://evil.test:${port}`],
      ['Origin: null'],
      [`Origin: http://127.0.0.1:1`],
      [`Origin: http://localhost:${port}`],
      [`Origin: https://127.0.0.1:${Number(port) - 1}`],
      [`Origin: ftp://127.0.0.1:${port}`],
      [`Origin: http://x@127.0.0.1:${port}`],
      ['Sec-Fetch-Site: cross-site'],
      ['Sec-Fetch-Site: same-site'],
      ['Referer: http://evil.test/page'],
      [`Referer: http://evil.test/http://127.0.0.1:${port}/`],
    ];
    const effects: [string, string][] = [
      ['DELETE', service],
      ['POST', '/api/v1/channels/gps/events'],
      ['POST', '/request_to_compute_avg_speed?time_window_seconds=5'],
      ['GET', '/compute_avg_speed?time_window_seconds=1'],
      ['GET', '/api/v1/channels/gps/events'],
    ];
    for (const headers of foreign)
      for (const [method, target] of effects)
        assert.equal(
          await send(method, target, [host, ...headers]),
          403,
          `${headers.join()}: ${method} ${target}`,
        );
    for (const headers of foreign.slice(0, 7))
      assert.equal(
        await send('GET', '/socket.io/?EIO=4&transport=polling', [host, ...headers]),
        403,
        headers.join(),
      );
    // What a page can't read does no harm.
    assert.equal(await send('GET', '/api/v1/channels', [host, ...foreign[0]!]), 200);
    for (const headers of [
      [],
      [`Origin: http://127.0.0.1:${port}`],
      ['Sec-Fetch-Site: same-origin'],
      ['Sec-Fetch-Site: none'],
      [`Referer: http://127.0.0.1:${port}/recordings`],
      ['Origin: https://friend.example', 'Sec-Fetch-Site: cross-site'],
    ]) {
      assert.equal(await send('DELETE', service, [host, ...headers]), 404, headers.join());
      assert.equal(
        await send('GET', '/api/v1/channels/alerts/events', [host, ...headers]),
        200,
        headers.join(),
      );
    }
  });

  it('do not get a socket, and the root namespace is closed to everybody', async () => {
    const refusedBy = async (path: string, headers: { [name: string]: string }) => {
      const socket = io(`${world.url}${path}`, {
        transports: ['websocket'],
        extraHeaders: headers,
        forceNew: true,
      });
      const error = await new Promise<Error & { data?: { code: string } }>((resolve, reject) => {
        socket.once('connect_error', resolve);
        socket.once('connect', () => reject(new Error('it was let in')));
      });
      socket.disconnect();
      return error.data?.code ?? error.message;
    };
    assert.equal(await refusedBy('/live', { origin: 'http://evil.test' }), 'origin_refused');
    assert.equal(
      await refusedBy('/live', { host: 'evil.test', origin: 'http://evil.test' }),
      'websocket error',
    );
    assert.equal(await refusedBy('/', {}), 'unauthorized');
    assert.ok((await world.client()).socket.connected);
  });
});
