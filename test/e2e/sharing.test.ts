import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { root } from '../../core/runtime/root.mjs';
import { describe as describeRecording } from '../../replayer/files/describe.ts';
import { simulate } from '../../cli/simulate/simulate.ts';
import type { CloudEvent, Replay } from '../../schemas/types.ts';
import { freePort } from '../../supervisor/ports.ts';
import { chromiumPath, screenshot, startBrowser } from '../helpers/browser.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { killRole, startRole } from '../helpers/role.ts';
import { eventually } from '../helpers/wait.ts';

const run = promisify(execFile);
const MAINS = ['replayer/main.ts', 'backend/analysis/main.ts', 'backend/api/main.ts'];
const VEHICLES = 5;
const SLOW_MS = 30_000;
const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

describe('sharing what the live page shows', function () {
  this.timeout(60_000);
  let server: TestRedis;
  let browser: Browser;
  let page: Page;
  let folder: string;
  let url: string;
  let roles: ChildProcess[] = [];

  before(async function () {
    assert.ok(chromiumPath, 'Chromium is missing: install it, or set CHROMIUM_PATH');
    folder = await mkdtemp(join(tmpdir(), 'reprise-sharing-'));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    [server, browser] = await Promise.all([
      startRedis(),
      startBrowser(),
      simulate('fleet', { out: join(folder, 'fleet.ndjson'), vehicles: VEHICLES, durationSeconds: 300 }),
      simulate('posts', { out: join(folder, 'posts.ndjson'), durationSeconds: 300 }),
    ]);
    const env = {
      REDIS_URL: server.url,
      REPRISE_PORT: String(port),
      REPRISE_RECORDINGS: folder,
      REPRISE_DATA: folder,
    };
    roles = await Promise.all(MAINS.map((main) => startRole(main, env)));
    await fetch(`${url}/api/v1/replays`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'demo', recordings: ['fleet.ndjson', 'posts.ndjson'], rate: 'max' }),
    });
    await eventually('the end', async () => (await get<Replay>('/replays/demo')).state === 'ended', SLOW_MS);
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
    await page.goto(url);
    await page.waitForSelector(`[data-testid=subjects-count][data-count="${VEHICLES}"]`, {
      state: 'attached',
      timeout: SLOW_MS,
    });
    await page.locator('[data-testid=charts] canvas').first().waitFor();
  });
  after(async () => {
    await browser?.close();
    await Promise.all(roles.map(killRole));
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const get = async <T>(path: string): Promise<T> =>
    (await (await fetch(`${url}/api/v1${path}`)).json()) as T;
  const box = () => page.locator('[data-testid=share]');
  async function close(): Promise<void> {
    if ((await box().count()) > 0) await page.keyboard.press('Escape');
    await box().waitFor({ state: 'detached' });
  }
  async function open(panel: string): Promise<void> {
    await close();
    await page.click(`[data-testid=share-${panel}]`);
    await box().waitFor();
  }
  /** The file that a button downloads. */
  async function kept(button: string): Promise<string> {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      box().locator(`button:has-text("${button}")`).click(),
    ]);
    const path = join(folder, `kept-${download.suggestedFilename()}`);
    await download.saveAs(path);
    return path;
  }
  const line = (kind: string) => box().locator(`pre[data-kind=${kind}]`).innerText();

  it('works with the curl line of a panel', async () => {
    await open('map');
    await eventually('the port of Redis', async () => (await line('redis')).includes('-p '));
    const { stdout } = await run('sh', ['-c', `${await line('curl')} -s`]);
    const { items } = JSON.parse(stdout) as { items: CloudEvent[] };
    assert.equal(items.length, VEHICLES);
    await screenshot(page, 'page-share');
  });

  it('works with the redis-cli line', async () => {
    const { stdout } = await run('sh', ['-c', await line('redis')]);
    const subjects = stdout.split('\n').flatMap((text) => /"subject":"([^"]+)"/.exec(text)?.[1] ?? []);
    assert.equal(new Set(subjects).size, VEHICLES);
  });

  it('works with the Socket.IO lines', async () => {
    const script = `${await line('socket')}\nsetTimeout(() => process.exit(), 1000);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: root });
    assert.match(stdout, /snapshot: \[/);
  });

  it('saves CSV, GeoJSON, GPX and MCAP files, which can be read as recordings', async () => {
    const { items } = await get<{ items: CloudEvent[] }>('/channels/gps/history?limit=10000');
    for (const format of ['CSV', 'GeoJSON', 'GPX', 'MCAP']) {
      const { records, subjectCount, start } = await describeRecording(await kept(format));
      assert.deepEqual(
        { records, subjectCount, start: Date.parse(start!) },
        { records: items.length, subjectCount: VEHICLES, start: Date.parse(items.at(-1)!.time) },
        format,
      );
    }
  });

  it('saves only the selected subject and the visible part of the timeline', async () => {
    await close();
    await page.keyboard.press('s');
    const { start } = await get<Replay>('/replays/demo');
    const [from, to] = [Date.parse(start) + 60_000, Date.parse(start) + 120_000];
    await page.evaluate(`window.reprise.app.timeline.part = { from: ${from}, to: ${to} }`);
    await open('map');
    const { records, subjects, ...described } = await describeRecording(await kept('CSV'));
    assert.deepEqual(subjects, ['bus-1']);
    assert.ok(records > 40 && Date.parse(described.start!) >= from && Date.parse(described.end!) <= to);
    await page.evaluate('window.reprise.app.timeline.part = undefined');
    await close();
    await page.keyboard.press('Escape');
  });

  it('saves pictures of the map and of the charts', async () => {
    for (const panel of ['map', 'charts']) {
      await open(panel);
      const picture = await readFile(await kept('Picture'));
      assert.deepEqual(picture.subarray(0, 8), PNG);
      assert.ok(picture.length > 5_000, `${panel}: ${picture.length} bytes`);
    }
    await close();
  });

  it('adds a chart of any number of any channel with its past, remembers it, and removes it', async () => {
    await page.selectOption('[data-testid=add-chart]', 'gps.windows\navg_speed');
    const chart = page.locator('[data-chart="gps.windows avg_speed"]');
    await chart.locator('canvas').waitFor();
    await page.selectOption('[data-testid=add-chart]', 'gps\nsatellites');
    const { items } = await get<{ items: CloudEvent[] }>(
      '/channels/gps.windows/history?limit=1000&subject=bus-1',
    );
    const values = await page.evaluate<number[]>(
      `(({ values, length }) => [...values.subarray(0, length)])(window.reprise.app.subjects.all.get('gps\\nbus-1').series.get('gps.windows avg_speed').series)`,
    );
    assert.deepEqual(
      values,
      items.toReversed().map(({ data }) => data['avg_speed']),
    );
    await screenshot(page, 'page-charts');
    await chart.locator('button').click();
    await chart.waitFor({ state: 'detached' });
    assert.equal(await page.evaluate('JSON.parse(localStorage.reprise).charts.join()'), 'gps,satellites');
  });

  it('scrolls the charts back into the log, beyond what the page has in memory, and forward again', async () => {
    const charts = page.locator('[data-testid=charts]');
    const until = charts.locator('[data-testid=charts-until]');
    const elevation = charts.locator('[data-chart=elevation] figcaption .hint');
    await page.evaluate('window.reprise.app.selection.select("gps\\nbus-1")');
    await charts.getByRole('button', { name: '1 min' }).click();
    await charts.locator('.charts').focus();
    const { start } = await get<Replay>('/replays/demo');
    const wantedMs = Date.parse(start) + 50_000;
    const remembered = await page.evaluate<number>(
      `window.reprise.app.subjects.all.get('gps\\nbus-1').series.get('elevation').series.times[0]`,
    );
    assert.ok(remembered > wantedMs, 'the page does not remember it');
    const untilMs = await eventually('the first minute', async () => {
      await page.keyboard.press('<');
      const shown = await until.innerText();
      const [, time] = /until (\S+)/.exec(shown) ?? [];
      const ms = time ? Date.parse(`${start.slice(0, 10)}T${time}Z`) : Infinity;
      return ms < wantedMs + 30_000 ? ms : null;
    });
    await eventually('all that was read', async () => (await until.getAttribute('aria-busy')) === 'false');
    await screenshot(page, 'page-charts-past');
    const range = `since=${new Date(untilMs - 5_000).toISOString()}&until=${new Date(untilMs + 999).toISOString()}`;
    const { items } = await get<{ items: CloudEvent[] }>(`/channels/gps/history?subject=bus-1&${range}`);
    const [latest] = items.toSorted((a, b) => (a.time < b.time ? 1 : -1));
    const expected = Number(latest!.data['elevation']);
    const told = await elevation.innerText();
    assert.ok(Math.abs(parseFloat(told) - expected) <= 0.5, `${told} beside ${expected}`);
    await charts.getByRole('button', { name: 'Later' }).click();
    await eventually('later', async () => !(await until.innerText()).includes('Reading'));
    await charts.getByRole('button', { name: 'Latest' }).click();
    await until.waitFor({ state: 'detached' });
    await charts.getByRole('button', { name: 'All' }).click();
  });

  it('finds posts by word and by language, and reads older posts', async () => {
    const feed = page.locator('[data-testid=feed]');
    const texts = async () => (await feed.locator('li').allInnerTexts()).map((text) => text.toLowerCase());
    await feed.locator('input').fill('harbour');
    await eventually('those with the word', async () => {
      const found = await texts();
      return found.length > 0
        ? found.every((text) => text.includes('harbour'))
        : feed.locator('.center').count();
    });
    await feed.locator('input').fill('');
    await feed.locator('select').selectOption('es');
    await eventually('those in Spanish', async () => {
      const found = await texts();
      return found.length > 0 && found.every((text) => text.includes('· es'));
    });
    await feed.locator('select').selectOption('');
    await eventually('all', async () => (await texts()).length > 2);
    await feed.locator('> .scroll').evaluate((list) => list.scrollTo(0, 1e6));
    const button = feed.locator('.older button');
    await button.waitFor();
    await screenshot(page, 'page-feed');
    await button.click();
    await feed.locator('.older >> text=no further').waitFor();
  });
});
