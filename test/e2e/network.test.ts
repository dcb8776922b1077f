import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { simulate } from '../../cli/simulate/simulate.ts';
import type { Channel } from '../../schemas/types.ts';
import { freePort } from '../../supervisor/ports.ts';
import { chromiumPath, screenshot, startBrowser } from '../helpers/browser.ts';
import { startLine, type Line } from '../helpers/line.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { killRole, startRole } from '../helpers/role.ts';
import { eventually } from '../helpers/wait.ts';

const API = 'backend/api/main.ts';
const SERVICES = ['replayer/main.ts', 'backend/analysis/main.ts'];
const VEHICLES = 6;
/** REPRISE_LONG=1 also runs the tests that wait for a minute. */
const LONG = process.env['REPRISE_LONG'] === '1';
const SLOW_MS = 30_000;

/** In the page: turns off WebGL, because drawing a map takes seconds per page. The tests read the state of the map instead. */
const NO_WEBGL = `
  const { getContext } = HTMLCanvasElement.prototype;
  HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
    return kind.startsWith('webgl') ? null : getContext.call(this, kind, ...more);
  };
`;

/** In the page: everything that it shows, except how many events it received. */
const SHOWN = `(() => {
  const { app } = window.reprise;
  const texts = (selector) => [...document.querySelectorAll(selector)].map((e) => e.innerText);
  const byName = (entries) => Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    position: document.querySelector('[data-testid=position]')?.dataset.time,
    state: app.connection.state,
    channels: byName([...app.channels.all].map(([name, { epoch, offset, lost }]) => [name, { epoch, offset, lost }])),
    latest: byName([...app.channels.all].map(([name, { latest }]) =>
      [name, byName([...latest].map(([subject, { id }]) => [subject, id]))])),
    movers: byName(app.movers.all.map(({ subject, at, timeMs, heading, stopped, restored }) =>
      [subject.key, { at, timeMs, heading, stopped, restored }])),
    numbers: byName(app.subjects.present().map(({ key, series }) => [key, byName([...series].map(([name, { series }]) =>
      [name, [series.times[series.length - 1], series.values[series.length - 1]]]))])),
    events: texts('[data-testid=events] tbody tr'),
    posts: texts('[data-testid=feed] li'),
    lanes: texts('[data-testid=timeline] [data-lane=stop] .n, [data-testid=timeline] [data-lane=fence] .n'),
  };
})()`;

interface Shown {
  state: string;
  channels: { [name: string]: { epoch: number; offset: number; lost: number } };
  events: string[];
  posts: string[];
}

describe('a page whose network fails', function () {
  this.timeout(LONG ? 180_000 : 60_000);
  let server: TestRedis;
  let browser: Browser;
  let page: Page;
  let line: Line;
  let folder: string;
  let url: string;
  let env: NodeJS.ProcessEnv;
  let api: ChildProcess;
  let services: ChildProcess[] = [];

  before(async () => {
    assert.ok(chromiumPath, 'Chromium is missing: install it, or set CHROMIUM_PATH');
    folder = await mkdtemp(join(tmpdir(), 'reprise-network-'));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const files = [
      simulate('fleet', { out: join(folder, 'fleet.ndjson'), vehicles: VEHICLES, durationSeconds: 3000 }),
      simulate('posts', { out: join(folder, 'posts.ndjson'), durationSeconds: 3000 }),
    ];
    [server, browser, line] = await Promise.all([startRedis(), startBrowser(), startLine(port), ...files]);
    env = {
      REDIS_URL: server.url,
      REPRISE_PORT: String(port),
      REPRISE_RECORDINGS: folder,
      REPRISE_DATA: folder,
    };
    [api, services] = await Promise.all([
      startRole(API, env),
      Promise.all(SERVICES.map((main) => startRole(main, env))),
    ]);
    await send('POST', '/replays', { id: 'demo', recordings: ['fleet.ndjson', 'posts.ndjson'], rate: 10 });
    page = await open(line.url);
  });
  after(async () => {
    await browser?.close();
    await line?.close();
    await Promise.all([api, ...services].map((role) => role && killRole(role)));
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function send<T>(method: string, path: string, body?: object): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as T;
    assert.ok(response.ok, JSON.stringify(answer));
    return answer;
  }
  async function open(at: string): Promise<Page> {
    const opened = await browser.newPage({
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
    });
    await opened.addInitScript(NO_WEBGL);
    await opened.goto(at);
    await opened.waitForSelector(`[data-testid=subjects-count][data-count="${VEHICLES}"]`, {
      state: 'attached',
      timeout: SLOW_MS,
    });
    return opened;
  }
  const shown = (on: Page) => on.evaluate<Shown>(SHOWN);
  const connection = (state: string) =>
    page.waitForSelector(`[data-testid=connection][data-state=${state}]`, {
      state: 'attached',
      timeout: SLOW_MS,
    });

  /** Waits until all events are processed, and the page has received all of them. */
  async function caughtUp(on: Page): Promise<void> {
    let behind: string[] = [];
    await eventually(
      'the page to be where the channels are',
      async () => {
        const { items } = await send<{ items: Channel[] }>('GET', '/channels');
        const { channels } = await shown(on);
        behind = items.flatMap(({ name, epoch, offset, consumers }) => {
          const at = channels[name];
          const read = consumers.every(({ lag }) => lag === 0);
          if (read && (!at || (at.epoch === epoch && at.offset === offset))) return [];
          return [`${name} ${epoch}/${offset}${read ? '' : ' is read'}, here ${at?.epoch}/${at?.offset}`];
        });
        return behind.length === 0;
      },
      SLOW_MS,
    ).catch(() => assert.deepEqual(behind, []));
  }

  /** Pauses the replay, and compares the page with a newly loaded one. */
  async function equalsAFreshLoad(): Promise<void> {
    await send('PATCH', '/replays/demo', { state: 'paused' });
    await caughtUp(page);
    const fresh = await open(url);
    await caughtUp(fresh);
    let [here, there] = await Promise.all([shown(page), shown(fresh)]);
    await eventually('both to show the same', async () => {
      [here, there] = await Promise.all([shown(page), shown(fresh)]);
      return isDeepStrictEqual(here, there);
    }).catch(() => assert.deepEqual(here, there));
    assert.equal(here.state, 'connected');
    assert.ok(here.events.length > 5 && here.posts.length > 3);
    await fresh.close();
    await send('PATCH', '/replays/demo', { state: 'playing' });
  }

  const failures = [
    { what: 'is silent for a second', fail: () => line.silence(), seconds: 1, noticed: false },
    { what: 'drops for a second', fail: () => line.cut(), seconds: 1, noticed: true },
    { what: 'drops for ten seconds', fail: () => line.cut(), seconds: 10, noticed: true },
    { what: 'drops for a minute', fail: () => line.cut(), seconds: 60, noticed: true },
    { what: 'is silent for a minute', fail: () => line.silence(), seconds: 60, noticed: true },
  ];
  for (const { what, fail, seconds, noticed } of failures.filter((each) => LONG || each.seconds < 60)) {
    it(`shows the same as a newly loaded page after the network ${what}`, async () => {
      fail();
      await delay(seconds * 1000);
      if (noticed) await connection('disconnected');
      if (seconds === 10) await screenshot(page, 'network-dropped');
      line.mend();
      await connection('connected');
      await equalsAFreshLoad();
    });
  }

  it('shows the same as a newly loaded page after the API was killed and restarted', async () => {
    await killRole(api);
    await connection('disconnected');
    api = await startRole(API, env);
    await connection('connected');
    await equalsAFreshLoad();
  });

  it('shows the same as a newly loaded page after a seek while it was offline', async () => {
    line.cut();
    await connection('disconnected');
    await send('PATCH', '/replays/demo', { position: '600s' });
    line.mend();
    await connection('connected');
    await equalsAFreshLoad();
  });
});
