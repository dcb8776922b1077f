import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:http';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { io } from 'socket.io-client';
import { ApiWorld, records } from '../helpers/api-world.ts';
import { BROWSER_ARGUMENTS, chromiumPath } from '../helpers/browser.ts';
import { eventually } from '../helpers/wait.ts';

const nginxPath = [
  '/usr/sbin/nginx',
  '/usr/bin/nginx',
  '/usr/local/bin/nginx',
  '/opt/homebrew/bin/nginx',
].find((path) => existsSync(path));

/** The configuration that docs/access.md recommends, on free ports; the second server strips the prefix. */
function configuration(folder: string, ports: { keeps: number; strips: number }, api: string): string {
  const location = (upstream: string) => `
    location /reprise/ {
      proxy_pass ${upstream};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_read_timeout 1h;
      proxy_request_buffering off;
      client_max_body_size 2g;
    }
    location = /reprise { return 308 /reprise/; }`;
  const server = (port: number, upstream: string) =>
    `server { listen 127.0.0.1:${port}; ${location(upstream)} }`;
  return `
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
worker_processes 1;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  ${server(ports.keeps, api)}
  ${server(ports.strips, `${api}/`)}
}`;
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('behind nginx, below a path', function () {
  this.timeout(120_000);
  let world: ApiWorld;
  let folder: string;
  let nginx: ChildProcess;
  let browser: Browser | undefined;
  let urls: { keeps: string; strips: string };

  before(async function () {
    // scripts/setup.mjs says so if it could not be installed.
    if (!nginxPath) return this.skip();
    folder = mkdtempSync(join(tmpdir(), 'reprise-nginx-'));
    world = await ApiWorld.start({
      basePath: '/reprise',
      trustProxy: '1',
      allowedHosts: ['reprise.example.org'],
      rateLimit: { requests: 1e6 },
    });
    const ports = { keeps: await freePort(), strips: await freePort() };
    urls = { keeps: `http://127.0.0.1:${ports.keeps}`, strips: `http://127.0.0.1:${ports.strips}` };
    for (const each of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) mkdirSync(join(folder, each));
    writeFileSync(join(folder, 'nginx.conf'), configuration(folder, ports, world.url));
    nginx = spawn(nginxPath, [
      '-p',
      folder,
      '-c',
      join(folder, 'nginx.conf'),
      '-e',
      join(folder, 'error.log'),
    ]);
    for (const url of Object.values(urls))
      await eventually('nginx answers', () =>
        fetch(`${url}/reprise/healthz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      );
  });
  after(async () => {
    await browser?.close();
    nginx?.kill();
    await world?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  it('links, documents and problems have the path, whether the proxy strips it or not', async () => {
    for (const url of Object.values(urls)) {
      const api = `${url}/reprise/api/v1`;
      const put = await fetch(`${api}/services/linked`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', origin: url },
        body: JSON.stringify({ use: 'copy', input: 'a', output: 'b' }),
      });
      assert.ok(put.ok);
      if (put.status === 201) assert.equal(put.headers.get('location'), '/reprise/api/v1/services/linked');
      const foreign = await fetch(`${api}/services/linked`, {
        method: 'DELETE',
        headers: { origin: 'http://evil.test' },
      });
      assert.equal(foreign.status, 403);
      const problem = (await (await fetch(`${api}/channels/none`)).json()) as {
        type: string;
        instance: string;
      };
      assert.deepEqual(
        [problem.type, problem.instance],
        ['/reprise/docs/problems#channel_unknown', '/reprise/api/v1/channels/none'],
      );
      const { servers } = (await (await fetch(`${api}/openapi.json`)).json()) as { servers: object };
      assert.deepEqual(servers, [{ url: '/reprise' }]);
      const docs = await (await fetch(`${url}/reprise/docs`)).text();
      for (const [, link] of docs.matchAll(/(?:src|href)="([^"]+)"/g)) {
        assert.ok(link!.startsWith('/reprise/'), link);
        assert.ok((await fetch(url + link!)).ok, link);
      }
      const { items } = (await (await fetch(`${api}/channels`)).json()) as {
        items: { schema: string | null }[];
      };
      const schema = items.find((each) => each.schema)!.schema!;
      assert.ok((await fetch(url + schema)).ok, schema);
    }
  });

  it('streams are not buffered, sockets are WebSockets, and 50 MB are uploaded', async () => {
    for (const url of Object.values(urls)) {
      const abort = new AbortController();
      const stream = await fetch(`${url}/reprise/api/v1/channels/gps/events`, { signal: abort.signal });
      const reader = stream.body!.getReader();
      let text = '';
      const reading = (async () => {
        for (;;) {
          const { value, done } = await reader.read();
          if (done) return;
          text += Buffer.from(value).toString();
        }
      })().catch(() => {});
      const socket = io(`${url}/live`, {
        path: '/reprise/socket.io',
        transports: ['websocket'],
        forceNew: true,
      });
      let batches = 0;
      socket.on('batch', () => batches++);
      await new Promise((resolve, reject) =>
        socket.once('connect', () => resolve(0)).once('connect_error', reject),
      );
      await socket.emitWithAck('subscribe', { channel: 'gps' });
      await world.writer('gps').emit(records(1, ['bus'], () => ({ latitude: 1, longitude: 2 })));
      await eventually('an event by a stream', () => /^data: \{.*bus/m.test(text));
      await eventually('an event by the socket', () => batches > 0);
      socket.disconnect();
      abort.abort();
      await reading;
      const row = `${JSON.stringify({ time: '2024-01-01T00:00:00Z', text: 'x'.repeat(1_000) })}\n`;
      const body = row.repeat(Math.ceil(50e6 / row.length));
      const name = url === urls.keeps ? 'kept.ndjson' : 'stripped.ndjson';
      const sent = await fetch(`${url}/reprise/api/v1/recordings?name=${name}`, { method: 'POST', body });
      assert.equal(sent.status, 201, await sent.text());
      assert.equal(sent.headers.get('location'), `/reprise/api/v1/recordings/${name}`);
    }
  });

  it('the page works in a browser: its parts load, its socket is a WebSocket, and its pages have the path', async function () {
    if (!chromiumPath) return this.skip();
    browser = await chromium.launch({ executablePath: chromiumPath, args: BROWSER_ARGUMENTS });
    for (const url of Object.values(urls)) {
      const page = await browser.newPage();
      const failed: string[] = [];
      const sockets: string[] = [];
      page.on(
        'response',
        (response) => response.status() >= 400 && failed.push(`${response.status()} ${response.url()}`),
      );
      page.on('pageerror', (error) => failed.push(error.message));
      page.on('websocket', (socket) => sockets.push(socket.url()));
      await page.goto(`${url}/reprise/`);
      await eventually('the page is connected', () => sockets.length > 0);
      assert.ok(sockets[0]!.includes('/reprise/socket.io/'), sockets[0]);
      await page.locator('a[href="/reprise/recordings"]').first().click();
      await page.waitForURL(`${url}/reprise/recordings`);
      await page.reload();
      await page.getByText('kept.ndjson').first().waitFor();
      assert.deepEqual(failed, []);
      await page.close();
    }
  });
});

/** Tries everything that a page can do to the API; says of each way whether it was done. */
const ATTEMPTS = `async ({ to, path, json }) => {
  const ask = (method, at, type) =>
    fetch(to + at, { method, ...(type && { body: json, headers: { 'content-type': type } }) }).then(
      (answer) => (answer.ok ? 'done' : 'refused'),
      () => 'refused',
    );
  const outcomes = {
    put: await ask('PUT', path, 'application/json'),
    post: await ask('POST', '/api/v1/tasks', 'application/json'),
    text: await ask('POST', '/api/v1/channels/gps/events', 'text/plain'),
    task: await ask('GET', '/compute_avg_speed?time_window_seconds=0.1'),
    read: await ask('GET', '/api/v1/channels'),
    polling: await ask('GET', '/socket.io/?EIO=4&transport=polling'),
    stream: await new Promise((resolve) => {
      const source = new EventSource(to + '/api/v1/channels/gps/events');
      source.onopen = () => resolve('done');
      source.onerror = () => resolve('refused');
    }),
    socket: await new Promise((resolve) => {
      const socket = new WebSocket(to.replace('http', 'ws') + '/socket.io/?EIO=4&transport=websocket');
      socket.onmessage = ({ data }) => {
        if (data.startsWith('0')) socket.send('40/live,{}');
        else resolve(data.startsWith('44') ? 'refused' : 'done');
      };
      socket.onclose = socket.onerror = () => resolve('refused');
    }),
  };
  // What a page can cause without reading an answer.
  const start = to + '/request_to_compute_avg_speed?time_window_seconds=0.1';
  const wait = to + '/compute_avg_speed?time_window_seconds=0.1';
  for (const src of [start, wait]) Object.assign(new Image(), { src });
  await fetch(start, { method: 'POST', mode: 'no-cors', body: json }).catch(() => {});
  await fetch(wait, { mode: 'no-cors' }).catch(() => {});
  navigator.sendBeacon(start);
  const frame = document.body.appendChild(Object.assign(document.createElement('iframe'), { name: 'frame' }));
  const form = document.body.appendChild(document.createElement('form'));
  Object.assign(form, { method: 'post', action: start, enctype: 'text/plain', target: 'frame' });
  const loaded = new Promise((resolve) => (frame.onload = resolve));
  form.submit();
  await Promise.race([loaded, new Promise((resolve) => setTimeout(resolve, 2000))]);
  return outcomes;
}`;

describe('a page of another origin, and a name that leads here, in a browser', function () {
  this.timeout(90_000);
  let world: ApiWorld;
  let browser: Browser;
  let evil: ReturnType<typeof createServer>;
  const service = '/api/v1/services/evil';
  const body = JSON.stringify({ use: 'copy', input: 'a', output: 'b' });

  before(async function () {
    if (!chromiumPath) return this.skip();
    world = await ApiWorld.start();
    browser = await chromium.launch({
      executablePath: chromiumPath,
      args: [...BROWSER_ARGUMENTS, '--host-resolver-rules=MAP evil.test 127.0.0.1'],
    });
    evil = createServer((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>evil</title><body></body>'),
    ).listen(0, '127.0.0.1');
    await new Promise((resolve) => evil.once('listening', resolve));
  });
  after(async () => {
    await browser?.close();
    evil?.close();
    await world?.stop();
  });

  it('get nothing done, by any way that a browser has', async () => {
    const { port: evilPort } = evil.address() as { port: number };
    const port = new URL(world.url).port;
    // A page of another origin, and one whose own name was let lead to this server.
    for (const [opened, target] of [
      [`http://evil.test:${evilPort}/`, `http://127.0.0.1:${port}`],
      [`http://localhost:${evilPort}/`, `http://127.0.0.1:${port}`],
      [`http://localhost:${evilPort}/`, `http://localhost:${port}`],
      [`http://evil.test:${port}/`, `http://evil.test:${port}`],
    ] as const) {
      const page = await browser.newPage();
      const response = await page.goto(opened);
      if (opened.includes(`:${port}/`)) assert.equal(response!.status(), 421);
      const given = { to: target, path: service, json: body };
      const outcome = await page.evaluate<{ [way: string]: string }>(
        `(${ATTEMPTS})(${JSON.stringify(given)})`,
      );
      assert.ok(
        Object.values(outcome).every((each) => each === 'refused'),
        `${opened}: ${JSON.stringify(outcome)}`,
      );
      await page.close();
    }
    assert.equal((await world.call('GET', service)).status, 404);
    assert.deepEqual((await world.get('/tasks')).body.items, []);
    assert.equal((await world.get('/channels/gps')).body.offset, 0);
    // The same from a page of the server itself works.
    const page = await browser.newPage();
    await page.goto(`${world.url}/docs`);
    const own = await page.evaluate(
      ({ path, json }) =>
        fetch(path, { method: 'PUT', body: json, headers: { 'content-type': 'application/json' } }).then(
          ({ status }) => status,
        ),
      { path: service, json: body },
    );
    assert.equal(own, 201);
  });
});
