import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { serviceKinds } from '../../backend/analysis/hosting/registry.ts';
import { derive } from '../../backend/analysis/engine/derive.ts';
import type { CloudEvent } from '../../core/wire/event.ts';
import { keys } from '../../core/wire/keys.ts';
import type { Redis } from '../../core/redis/connection.ts';
import { simulate } from '../../cli/simulate/simulate.ts';
import { freePort } from '../../supervisor/ports.ts';
import { chromiumPath, screenshot, startBrowser } from '../helpers/browser.ts';
import { killRole, startRole } from '../helpers/role.ts';
import { eventually } from '../helpers/wait.ts';
import { withRedis, type TestRedis } from '../helpers/redis.ts';

const MAINS = {
  replayer: 'replayer/main.ts',
  analysis: 'backend/analysis/main.ts',
  tasks: 'backend/tasks/main.ts',
  api: 'backend/api/main.ts',
};
type Role = keyof typeof MAINS;

/** The state of the page; see frontend/src/lib/app/debug.ts. */
interface Snapshot {
  subjects: { [channel: string]: { [subject: string]: { offset: number } } };
  channels: { [channel: string]: { epoch: number; offset: number; lost: number } };
}

/** In the page: drops a small CSV file onto it. */
const DROP_A_KITE = `
  const rows = Array.from({ length: 30 }, (_, i) => [1700000000 + i, 'kite', 48 + i / 1e4, 11.5].join());
  const transfer = new DataTransfer();
  transfer.items.add(new File([['timestamp,vehicle_id,latitude,longitude', ...rows, ''].join('\\n')], 'kite.csv', { type: 'text/csv' }));
  for (const type of ['dragenter', 'dragover', 'drop']) {
    document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }
`;

describe('the whole path, from a file to the browser', function () {
  this.timeout(90_000);
  let server: TestRedis;
  let redis: Redis;
  withRedis((connected) => ({ server, redis } = connected));
  let browser: Browser;
  let page: Page;
  let folder: string;
  let url: string;
  let env: NodeJS.ProcessEnv;
  const roles = {} as { [role in Role]: ChildProcess };

  before(async function () {
    assert.ok(chromiumPath, 'Chromium is missing: install it, or set CHROMIUM_PATH');
    folder = await mkdtemp(join(tmpdir(), 'reprise-path-'));
    await simulate('fleet', { out: join(folder, 'fleet.ndjson'), vehicles: 6, durationSeconds: 600 });
    await simulate('posts', { out: join(folder, 'posts.ndjson'), durationSeconds: 600 });
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    env = {
      REDIS_URL: server.url,
      REPRISE_PORT: String(port),
      REPRISE_RECORDINGS: folder,
      REPRISE_DATA: folder,
    };
    await Promise.all(
      (Object.keys(MAINS) as Role[]).map(async (role) => (roles[role] = await startRole(MAINS[role], env))),
    );
    browser = await startBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(url);
  });
  after(async () => {
    await browser?.close();
    await Promise.all(Object.values(roles).map(killRole));
    await rm(folder, { recursive: true, force: true });
  });

  const connection = (state: string) =>
    page.waitForSelector(`[data-testid=connection][data-state=${state}]`, {
      timeout: 20_000,
      state: 'attached',
    });
  const snapshot = () =>
    page.evaluate(() => (globalThis as unknown as { reprise: { snapshot(): Snapshot } }).reprise.snapshot());
  const offset = async (channel: string) => (await snapshot()).channels[channel]?.offset ?? 0;

  /** Waits until the page shows events that were published after this call. */
  async function goesOn(channel: string): Promise<void> {
    const [epoch, last] = (await redis.hmget(keys.head(channel), 'epoch', 'offset')).map(Number) as [
      number,
      number,
    ];
    await eventually(`${channel} to go on on the page`, async () => {
      const shown = (await snapshot()).channels[channel];
      return shown && (shown.epoch > epoch || (shown.epoch === epoch && shown.offset > last));
    });
  }

  async function send(method: string, path: string, body?: object): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return fetch(`${url}/api/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  }

  it('says what to do while nothing is playing', async () => {
    await connection('connected');
    await page.waitForSelector('text=/drop|reprise play/i', { timeout: 20_000 });
    await screenshot(page, 'empty');
  });

  it('shows moving points, charts, events and posts of a replay', async () => {
    const response = await send('POST', '/replays', {
      id: 'demo',
      recordings: ['fleet.ndjson', 'posts.ndjson'],
      rate: 20,
      loop: true,
    });
    assert.equal(response.status, 201);
    await page.waitForSelector('[data-testid=subjects-count][data-count="6"]', {
      timeout: 20_000,
      state: 'attached',
    });
    await goesOn('gps');
    await goesOn('gps.movement');
    await page.waitForSelector('[data-testid=feed] >> text=/Positive|Negative|Neutral/', { timeout: 20_000 });
    await page.waitForTimeout(1_500); // Only for the picture: trails take time to grow.
    await screenshot(page, 'live');
  });

  it('has no serious accessibility violation, in light and dark', async () => {
    const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(source);
      const { violations } = await page.evaluate<{
        violations: { id: string; impact: string; nodes: { target: string[] }[] }[];
      }>(`axe.run()`);
      const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
      assert.deepEqual(
        serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`),
        [],
      );
      await screenshot(page, `live-${colorScheme}`);
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 390, height: 844 });
    await screenshot(page, 'live-narrow');
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('recovers when the API is killed and restarted', async () => {
    await killRole(roles.api);
    await connection('disconnected');
    await screenshot(page, 'disconnected');
    roles.api = await startRole(MAINS.api, env);
    await connection('connected');
    await goesOn('gps');
    assert.equal((await snapshot()).channels['gps']!.lost, 0);
  });

  it('recovers when the analysis is killed and restarted', async () => {
    await killRole(roles.analysis);
    roles.analysis = await startRole(MAINS.analysis, env);
    await goesOn('gps.movement');
  });

  it('continues the replay when the replayer is killed and restarted', async () => {
    await killRole(roles.replayer);
    roles.replayer = await startRole(MAINS.replayer, env);
    const { epoch } = JSON.parse((await redis.hget(keys.replays, 'demo'))!) as { epoch: number };
    const last = Number(await redis.hget(keys.head('gps'), 'offset'));
    await eventually('the epoch to go on', async () => {
      const [now, offset] = await redis.hmget(keys.head('gps'), 'epoch', 'offset');
      return Number(now) === epoch && Number(offset) > last;
    });
    await goesOn('gps');
  });

  it('recovers when Redis is killed and restarted', async () => {
    await server.kill();
    await connection('redis-down');
    await screenshot(page, 'redis-down');
    await server.restart();
    await connection('connected');
    await goesOn('gps');
    await goesOn('gps.movement');
  });

  it('has lost and doubled no event by then, in the derived log and on the page', async () => {
    assert.equal((await send('PATCH', '/replays/demo', { state: 'paused' })).status, 200);
    const input = await eventually('movement to have read everything', async () => {
      const [epoch, last] = await redis.hmget(keys.head('gps'), 'epoch', 'offset');
      const done = (await redis.hget(keys.checkpoint('movement'), '@gps')) === `${epoch}-${last}`;
      return done ? { epoch: epoch!, last: Number(last) } : null;
    });
    const log = async (channel: string, epoch: string) =>
      (await redis.xrange(keys.log(channel), `${epoch}-0`, '+')).map(
        ([, fields]) => JSON.parse(fields[1]!) as CloudEvent,
      );
    const fixes = await log('gps', input.epoch);
    assert.deepEqual(
      fixes.map((event) => event.offset),
      Array.from({ length: input.last }, (_, i) => i + 1),
    );
    const movement = (await serviceKinds())
      .get('movement')!
      .create({ stopped_below_mps: 0.5, turns_above_m: 1 });
    const derived = await log('gps.movement', (await redis.hget(keys.head('gps.movement'), 'epoch'))!);
    const expected = derive(movement, fixes).outputs.map(({ subject, timeMs, data }) => ({
      subject,
      time: new Date(timeMs).toISOString(),
      data,
    }));
    assert.deepEqual(
      derived.map(({ subject, time, data }) => ({ subject, time, data })),
      expected,
    );

    await eventually('the page to show the last event', async () => (await offset('gps')) === input.last);
    const { items } = (await (await send('GET', '/channels/gps/state')).json()) as { items: CloudEvent[] };
    const shown = (await snapshot()).subjects['gps']!;
    assert.deepEqual(
      Object.fromEntries(Object.entries(shown).map(([subject, fix]) => [subject, fix.offset])),
      Object.fromEntries(items.map((event) => [event.subject, event.offset])),
    );
  });

  it('plays a file that is dropped onto the page', async () => {
    await page.evaluate(DROP_A_KITE);
    // The demo owns the channel gps: the page says so and offers a choice.
    await page.waitForSelector('text=/kite/', { timeout: 15_000 });
    await screenshot(page, 'dropped');
  });
});
