import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { CloudEvent } from '../../core/wire/event.ts';
import { simulate } from '../../cli/simulate/simulate.ts';
import type { Channel, Recording, Replay, ServiceConfig } from '../../schemas/types.ts';
import { freePort } from '../../supervisor/ports.ts';
import { chromiumPath, screenshot, startBrowser } from '../helpers/browser.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { killRole, startRole } from '../helpers/role.ts';
import { eventually } from '../helpers/wait.ts';

const MAINS = ['replayer/main.ts', 'backend/analysis/main.ts', 'backend/api/main.ts'];
const VEHICLES = 14;
const SECONDS = 600;
/** One fix of this vehicle, about five minutes in, lies half a degree away. */
const ASTRAY = { vehicle: 'van-2', afterSeconds: 300 };
const SLOW_MS = 30_000;

/** In the page: elements that stick out of the window. */
const BEYOND = `[...document.querySelectorAll('button, select, canvas, h2')]
  .filter((e) => e.checkVisibility() && !e.closest('.scroll, .maplibregl-map'))
  .map((e) => [e, e.getBoundingClientRect()])
  .filter(([, { left, right }]) => left < -1 || right > innerWidth + 1)
  .map(([e]) => e.outerHTML.slice(0, 90))`;

describe('the live page', function () {
  this.timeout(60_000);
  let server: TestRedis;
  let browser: Browser;
  let page: Page;
  let folder: string;
  let url: string;
  let roles: ChildProcess[] = [];

  before(async function () {
    this.timeout(120_000);
    assert.ok(chromiumPath, 'Chromium is missing: install it, or set CHROMIUM_PATH');
    folder = await mkdtemp(join(tmpdir(), 'reprise-page-'));
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    [server] = await Promise.all([startRedis(), record(folder)]);
    const env = {
      REDIS_URL: server.url,
      REPRISE_PORT: String(port),
      REPRISE_RECORDINGS: folder,
      REPRISE_DATA: folder,
    };
    browser = await startBrowser();
    roles = await Promise.all(MAINS.map((main) => startRole(main, env)));
    // Play all of it once, so that its moments are known.
    await send('POST', '/replays', { id: 'demo', recordings: ['fleet.ndjson', 'posts.ndjson'], rate: 'max' });
    await eventually('the end of the recording', async () => (await replay()).state === 'ended', SLOW_MS);
    await eventually('the services to have read all of it', () => isRead('gps'), SLOW_MS);
    await seek(5);
    // With reduced motion nothing glides: movers are drawn where they are.
    page = await browser.newPage({
      viewport: { width: 1280, height: 800 },
      timezoneId: 'Asia/Kolkata',
      reducedMotion: 'reduce',
    });
    await page.goto(url);
    await subjects(VEHICLES);
  });
  after(async () => {
    await browser?.close();
    await Promise.all(roles.map(killRole));
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      await screenshot(page, `failed-${this.currentTest.title}`.slice(0, 60));
  });

  async function send<T>(method: string, path: string, body?: object): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    const request = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch(`${url}/api/v1${path}`, request);
    const answer = (await response.json()) as T;
    assert.ok(response.ok, JSON.stringify(answer));
    return answer;
  }
  const replay = () => send<Replay>('GET', '/replays/demo');
  const history = async (channel: string) =>
    (await send<{ items: CloudEvent[] }>('GET', `/channels/${channel}/history?limit=1000&epochs=all`)).items;
  async function isRead(channel: string): Promise<boolean> {
    const { consumers } = await send<Channel>('GET', `/channels/${channel}`);
    return consumers.length > 0 && consumers.every(({ lag }) => lag === 0);
  }
  /** Pauses the replay at a number of seconds after its start. */
  const seek = (seconds: number, more = {}) =>
    send('PATCH', '/replays/demo', { state: 'paused', rate: 1, position: `${seconds}s`, ...more });

  /** Pauses there, and waits until the page shows the subjects of that moment and no earlier ones. */
  async function standsAt(seconds: number): Promise<void> {
    await seek(seconds);
    const { position: at } = await replay();
    const shown = `(({ replays, channels }) => {
      const { lastTime } = channels.all.get('gps') ?? {};
      return replays.positionAt(performance.now()) === ${Date.parse(at)} && ${Date.parse(at)} - lastTime < 2000;
    })(window.reprise.app)`;
    await eventually(`the page at ${at}`, () => page.evaluate(shown), SLOW_MS);
  }

  /** The position of the replay that the page shows, ms. */
  const position = async () => Date.parse((await page.getAttribute('[data-testid=position]', 'data-time'))!);
  /** Waits until the page shows this number of subjects. */
  const subjects = (count: number, on = page) =>
    on.waitForSelector(`[data-testid=subjects-count][data-count="${count}"]`, {
      state: 'attached',
      timeout: SLOW_MS,
    });
  /** Waits until the map has stopped moving and shows all movers. */
  const mapAtRest = () =>
    eventually(
      'the map at rest',
      () =>
        page.evaluate(`(({ map, movers }) =>
          map?.loaded() && !map.isMoving() && movers.all.every(({ at, shown }) => at === shown))(window.reprise.app)`),
      SLOW_MS,
    );
  /** Points at a place on the map until the tooltip shows a text: what is drawn there may still be moving. */
  const pointAt = (place: string, text: string) =>
    eventually(
      `“${text}” at ${place}`,
      async () => {
        const [x, y] = await pixelsOf(place);
        await page.mouse.move(x + 2, y);
        await page.mouse.move(x, y);
        return page.locator(`[data-testid=map] .tip:has-text("${text}")`).count();
      },
      SLOW_MS,
    );

  /** Returns the pixels of shares of the recording on the timeline. */
  async function timeline(): Promise<{ x: (share: number) => number; y: number }> {
    const box = (await page.locator('[data-testid=timeline] canvas').boundingBox())!;
    return { x: (share) => box.x + share * box.width, y: box.y + 20 };
  }
  async function drag(from: [number, number], to: [number, number]): Promise<void> {
    await page.mouse.move(...from);
    await page.mouse.down();
    await page.mouse.move(...to, { steps: 4 });
    await page.mouse.up();
  }
  const shareOf = ({ start, end }: { start: string; end: string | null }, ms: number) =>
    (ms - Date.parse(start)) / (Date.parse(end!) - Date.parse(start));

  /** Pixels of a place on the map. */
  const pixelsOf = (place: string) =>
    page.evaluate<[number, number]>(`(() => {
      const { map, movers } = window.reprise.app;
      const { left, top } = map.getContainer().getBoundingClientRect();
      const { x, y } = map.project(${place});
      return [left + x, top + y];
    })()`);

  async function assertAccessible(what: string): Promise<void> {
    const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    await page.evaluate(source);
    const { violations } = await page.evaluate<{
      violations: { id: string; impact: string; nodes: { target: string[] }[] }[];
    }>('axe.run()');
    const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
    assert.deepEqual(
      serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`),
      [],
      what,
    );
  }

  describe('timeline', () => {
    it('shows in lanes how many moments there are of each kind', async () => {
      const told = (lane: string) => page.innerText(`[data-testid=timeline] [data-lane=${lane}] .n`);
      const crossings = (await history('gps.fences')).filter(({ data }) => data['event'] !== 'dwell');
      assert.ok(crossings.length > 0);
      await eventually('all crossings', async () => (await told('fence')) === String(crossings.length));
      assert.equal(await told('stop'), String((await history('gps.stops')).length));
      await screenshot(page, 'page-timeline');
    });

    it('seeks to where it is dragged', async () => {
      const { x, y } = await timeline();
      await drag([x(0.2), y], [x(0.5), y]);
      const halfWay = (at: number, of: Replay) => Math.abs(shareOf(of, at) - 0.5) < 0.01;
      await eventually('the replay to be half-way', async () => {
        const now = await replay();
        return halfWay(Date.parse(now.position), now) && halfWay(await position(), now);
      });
    });

    it('jumps from moment to moment with keys, and selects the subject of each', async () => {
      await seek(0);
      const { start } = await replay();
      await eventually('the start', async () => (await position()) === Date.parse(start));
      const times = [
        ...(await history('gps.stops')).map(({ data }) => data['left'] ?? data['arrived']),
        ...(await history('gps.fences')).map(({ data, time }) => (data['event'] === 'dwell' ? start : time)),
        ...(await history('alerts')).map(({ time }) => time),
      ].map((time) => Date.parse(time as string));
      const [first, second] = [...new Set(times)]
        .sort((a, b) => a - b)
        .filter((ms) => ms > Date.parse(start));
      for (const [key, moment] of [
        ['.', first],
        ['.', second],
        [',', first],
      ] as const) {
        await page.keyboard.press(key);
        const when = new Date(moment!).toISOString();
        await eventually(`the moment at ${when}`, async () => (await position()) === moment);
      }
      assert.ok(await page.evaluate('window.reprise.app.selection.subject'));
      await page.keyboard.press('Escape');
    });

    it('loops over a part that is dragged with Shift, and over all of it after a key', async () => {
      const { x, y } = await timeline();
      await page.keyboard.down('Shift');
      await drag([x(0.25), y], [x(0.5), y]);
      await page.keyboard.up('Shift');
      const ab = await eventually('the range', async () => (await replay()).ab);
      const { description } = await send<Recording>('GET', '/recordings/fleet.ndjson');
      for (const [i, share] of [0.25, 0.5].entries())
        assert.ok(Math.abs(shareOf(description as unknown as Replay, Date.parse(ab[i]!)) - share) < 0.005);
      await screenshot(page, 'page-range');
      await page.keyboard.press('\\');
      await eventually(
        'all of it',
        async () => (await replay()).ab === null && (await replay()).loop === true,
      );
    });

    it('shows the posts of the time under the pointer', async () => {
      const { x, y } = await timeline();
      await page.mouse.move(x(0.6), y);
      const pointed = /\d\d:\d\d:\d\d/.exec(await page.innerText('[data-testid=timeline] .tip'))![0];
      await page.waitForSelector(`[data-testid=feed] >> text=until ${pointed}`);
      await page.mouse.move(x(0.6), 10);
      await page.waitForSelector('[data-testid=feed] >> text=until', { state: 'detached' });
    });
  });

  describe('map', () => {
    before(async () => {
      await standsAt(120);
      await mapAtRest();
    });

    it('fits the map to the city, ignoring a stray fix', async () => {
      const [west, , , north] = await page.evaluate<number[]>(
        'window.reprise.app.map.getBounds().toArray().flat()',
      );
      assert.ok(west! > -8.95 && north! < 38.35, `${west}, ${north}`);
    });

    it('says that a place restored by a seek is from before', async () => {
      await pointAt('movers.all[0].at', 'as it was before the start');
      await screenshot(page, 'page-restored');
    });

    it('shows all attributes of a subject and its own chart', async () => {
      await seek(100, { state: 'playing', rate: 5 });
      await page.click('[aria-label=Subjects] button >> nth=1');
      const card = page.locator('[data-testid=subject]');
      await card.locator('[data-testid=subject-chart] path').waitFor();
      const [event] = (await history('gps')).filter(({ subject }) => subject === 'bus-2');
      const told = await card.locator('dt').allInnerTexts();
      for (const name of Object.keys(event!.data)) assert.ok(told.includes(name), name);
      await screenshot(page, 'page-subject');
      await assertAccessible('a subject');
      await page.keyboard.press('Escape');
    });

    it('draws the fences, and moves a corner with a key, which changes the service', async () => {
      const drawn = () =>
        page.evaluate<string[]>(
          `window.reprise.app.map.queryRenderedFeatures({ layers: ['fence-areas'] }).map((f) => f.properties.name)`,
        );
      await eventually('two fences', async () => new Set(await drawn()).size === 2);
      const corner = async () => {
        const { params } = await send<ServiceConfig>('GET', '/services/fences');
        return (params!['fences'] as GeoJSON.FeatureCollection<GeoJSON.Polygon>).features[0]!.geometry
          .coordinates[0]![0]!;
      };
      const [west] = await corner();
      await page.keyboard.press('e');
      await page.click('[data-testid=fences] li button >> nth=0');
      await page.focus('.handle.corner >> nth=0');
      await page.keyboard.press('Shift+ArrowLeft');
      await screenshot(page, 'page-fence');
      await assertAccessible('a fence that is changed');
      await page.click('[data-testid=fences] button.primary');
      await page.waitForSelector('[data-testid=fences] form', { state: 'detached', timeout: SLOW_MS });
      assert.ok((await corner())[0]! < west!);
      await page.keyboard.press('e');
    });

    it('limits the page to a box, and ends that again', async () => {
      await standsAt(200);
      await subjects(VEHICLES);
      await page.keyboard.press('f');
      await mapAtRest();
      const [west, north] = await pixelsOf('[-8.745, 38.207]');
      const [east, south] = await pixelsOf('[-8.72, 38.193]');
      await page.click('[data-testid=draw-box]');
      await drag([west, north], [east, south]);
      const box = await page.evaluate<number[]>('window.reprise.app.filter.area.box');
      const { items } = await send<{ items: CloudEvent[] }>('GET', `/channels/gps/state?bbox=${box.join()}`);
      assert.ok(items.length > 0 && items.length < VEHICLES);
      await subjects(items.length);
      await screenshot(page, 'page-box');
      await page.click('[data-testid=filter]');
      await subjects(VEHICLES);
    });

    it('leaves an outlier out of the trail of its subject, and marks it', async () => {
      await seek(ASTRAY.afterSeconds - 5, { state: 'playing', rate: 5 });
      const astray = `movers.outliers.find(({ subject }) => subject.name === '${ASTRAY.vehicle}')?.at`;
      await eventually('the outlier', () => page.evaluate(`(({ movers }) => ${astray})(window.reprise.app)`));
      const latitudes = await page.evaluate<number[]>(
        `window.reprise.app.movers.all.filter(({ subject }) => subject.name === '${ASTRAY.vehicle}').map(({ at }) => at[1])`,
      );
      assert.ok(latitudes[0]! < 38.4);
      await page.evaluate(
        `(({ map, movers }) => void map.jumpTo({ center: ${astray}, zoom: 12 }))(window.reprise.app)`,
      );
      await pointAt(astray, 'Outlier');
      await screenshot(page, 'page-outlier');
      await page.keyboard.press('f');
    });

    it('draws a cluster as a circle with its number', async () => {
      await page.evaluate('void window.reprise.app.map.jumpTo({ center: [-8.73, 38.2], zoom: 6 })');
      await pointAt('movers.all[0].shown', `${VEHICLES} subjects`);
      await screenshot(page, 'page-crowd');
      await page.keyboard.press('f');
    });
  });

  describe('settings, links and sizes', () => {
    it('shows speeds, lengths and times in the chosen units, and remembers them', async () => {
      await standsAt(120);
      await subjects(VEHICLES);
      await page.keyboard.press('s');
      const choose = async (label: string, value: string) =>
        void (await page.selectOption(`[role=dialog] label:has-text("${label}") select`, value));
      await page.click('[data-testid=settings]');
      await choose('Speed', 'kn');
      await choose('Length', 'ft');
      await choose('Times in', 'viewer');
      // Escape closes the open box first; the subject stays selected.
      await page.keyboard.press('Escape');
      await page.waitForSelector('[role=dialog] label', { state: 'detached' });
      await page.waitForSelector('[data-testid=position] >> text=/12:32:00\\s+UTC\\+5:30/');
      await page.waitForSelector('[data-testid=subject] >> text=/[0-9] kn/');
      await page.waitForSelector('[data-testid=subject] >> text=/[0-9] ft/');
      assert.equal(await page.evaluate('JSON.parse(localStorage.reprise).speedUnit'), 'kn');
      await screenshot(page, 'page-units');
      await page.evaluate(
        'for (const [name, value] of [["speedUnit", "m/s"], ["lengthUnit", "m"], ["zone", "utc"]]) window.reprise.app.settings.set(name, value)',
      );
    });

    it('keeps the view in the address, and shows the same when it is opened', async () => {
      await seek(240);
      await page.evaluate('void window.reprise.app.map.jumpTo({ center: [-8.735, 38.2], zoom: 14 })');
      await page.keyboard.press('z');
      // A lasso around one mover.
      const caught = await page.evaluate<number>(`(({ movers, filter }) => {
        const [x, y] = movers.all[0].at;
        const ring = [[x - 1e-4, y - 1e-4], [x + 1e-4, y - 1e-4], [x, y + 1e-4]];
        window.reprise.app.restrict({ kind: 'lasso', ring });
        return filter.count;
      })(window.reprise.app)`);
      assert.ok(caught > 0);
      await page.getByLabel(/Add a chart/).selectOption({ index: 1 });
      const address = await eventually<string | null>('the address', () => {
        const url = page.url();
        return /t=.*07:04:00.*&map=-8.735.*14.*&part=.*&only=gps\/.*&charts=/.test(url) ? url : null;
      });
      await seek(20);
      const other = await browser.newPage({
        viewport: { width: 1024, height: 768 },
        reducedMotion: 'reduce',
      });
      await other.goto(address);
      await subjects(caught, other);
      // It steers what everybody watches only when the person says so.
      const ask = other.locator('[data-testid=link]');
      assert.match(await ask.innerText(), /07:04:00 UTC/);
      assert.match((await replay()).position, /07:00:20/);
      await ask.getByRole('button', { name: 'Go there for everyone' }).click();
      const at = await eventually('the time', async () => {
        const { start, position } = await replay();
        return Date.parse(position) - Date.parse(start) > 200_000 ? position : null;
      });
      assert.match(at, /07:04:00/);
      await eventually(
        'the view',
        () => other.evaluate('Math.abs(window.reprise.app.map?.getZoom() - 14) < 0.01'),
        SLOW_MS,
      );
      for (const what of ['selection.key', 'filter.caught', 'settings.kept.charts']) {
        const told = `JSON.stringify([window.reprise.app.${what}].flatMap((it) => it instanceof Map ? [...it] : it))`;
        assert.equal(await other.evaluate(told), await page.evaluate(told), what);
      }
      // Reloading does not seek.
      await seek(30);
      await other.reload();
      await subjects(caught, other);
      assert.match((await replay()).position, /07:00:30/);
      await other.close();
      await page.evaluate('window.reprise.app.filter.clear()');
      await page
        .getByLabel(/Remove the chart of/)
        .first()
        .click();
      await subjects(VEHICLES);
    });

    it('opens the help with ?, which lists every key', async () => {
      await page.keyboard.press('?');
      const dialog = page.locator('dialog[open]');
      await dialog.waitFor();
      const keys = await dialog.locator('kbd').allInnerTexts();
      for (const key of [
        'Space',
        '←',
        '→',
        'Shift',
        'Alt',
        ',',
        '.',
        '[',
        ']',
        '\\',
        'L',
        'Z',
        'S',
        'G',
        'F',
        'B',
        'E',
        'Esc',
        '?',
      ])
        assert.ok(keys.includes(key), key);
      await screenshot(page, 'page-help');
      await assertAccessible('help');
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'hidden' });
    });

    it('has room for everything on a phone and a tablet', async () => {
      for (const [name, width, height] of [
        ['phone', 390, 844],
        ['tablet', 820, 1180],
      ] as const) {
        await page.setViewportSize({ width, height });
        await page.waitForSelector('[data-testid=play]');
        // The layout changes in the frames after the window has its new size.
        let beyond: string[] = [];
        const allWithin = async () => (beyond = await page.evaluate<string[]>(BEYOND)).length === 0;
        await eventually('room for all', allWithin, 5000).catch(() => assert.deepEqual(beyond, [], name));
        await assertAccessible(name);
        await screenshot(page, `page-${name}`);
      }
    });
  });
});

/** Writes a fleet with one stray fix, and posts. */
async function record(folder: string): Promise<void> {
  const fleet = join(folder, 'fleet.ndjson');
  await simulate('fleet', { out: fleet, vehicles: VEHICLES, durationSeconds: SECONDS });
  await simulate('posts', { out: join(folder, 'posts.ndjson'), durationSeconds: SECONDS });
  const lines = (await readFile(fleet, 'utf8')).trimEnd().split('\n');
  const at = lines.findIndex((line, i) => i > lines.length / 2 && line.includes(`"${ASTRAY.vehicle}"`));
  lines[at] = lines[at]!.replace(/"latitude":38\./, '"latitude":38.9');
  await writeFile(fleet, `${lines.join('\n')}\n`);
}
