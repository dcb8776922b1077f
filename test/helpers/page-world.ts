import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { Channel, Replay, ReplayRequest } from '../../schemas/types.ts';
import { freePort } from '../../supervisor/ports.ts';
import { chromiumPath, startBrowser } from './browser.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { killRole, startRole } from './role.ts';
import { eventually } from './wait.ts';

const MAINS = {
  replayer: 'replayer/main.ts',
  analysis: 'backend/analysis/main.ts',
  api: 'backend/api/main.ts',
};
/** Waits that a busy machine may need. */
export const SLOW_MS = 30_000;

/** Redis, the roles that the page needs, and a browser. */
export class PageWorld {
  readonly server: TestRedis;
  readonly browser: Browser;
  readonly folder: string;
  readonly url: string;
  readonly roles: Record<keyof typeof MAINS, ChildProcess>;

  private constructor(parts: Pick<PageWorld, 'server' | 'browser' | 'folder' | 'url' | 'roles'>) {
    ({
      server: this.server,
      browser: this.browser,
      folder: this.folder,
      url: this.url,
      roles: this.roles,
    } = parts);
  }

  /** `write` puts recordings into a folder. */
  static async start(write: (folder: string) => Promise<unknown>): Promise<PageWorld> {
    assert.ok(chromiumPath, 'Chromium is missing: install it, or set CHROMIUM_PATH');
    const folder = await mkdtemp(join(tmpdir(), 'reprise-page-'));
    const port = await freePort();
    const [server, browser] = await Promise.all([startRedis(), startBrowser(), write(folder)]);
    const env = {
      REDIS_URL: server.url,
      REPRISE_PORT: String(port),
      REPRISE_RECORDINGS: folder,
      REPRISE_DATA: folder,
    };
    const [replayer, analysis, api] = await Promise.all([
      startRole(MAINS.replayer, env),
      startRole(MAINS.analysis, env),
      startRole(MAINS.api, env),
    ]);
    const roles = { replayer, analysis, api };
    return new PageWorld({ server, browser, folder, url: `http://127.0.0.1:${port}`, roles });
  }

  async close(): Promise<void> {
    await this.browser.close();
    await Promise.all(Object.values(this.roles).map(killRole));
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A page at a path; with reduced motion nothing glides. */
  async open(path = '/', options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.browser.newPage({
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
      ...options,
    });
    await page.goto(`${this.url}${path}`);
    return page;
  }

  /** A request to the API; fails where it is refused. */
  async send<T>(method: string, path: string, body?: object): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    const request = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch(`${this.url}/api/v1${path}`, request);
    const answer = (response.status === 204 ? null : await response.json()) as T;
    assert.ok(response.ok, JSON.stringify(answer));
    return answer;
  }

  replay(id: string): Promise<Replay> {
    return this.send<Replay>('GET', `/replays/${id}`);
  }

  /** Plays recordings to their end as fast as possible, until every service has read `channel`. */
  async playAll(request: ReplayRequest & { id: string }, channel: string): Promise<Replay> {
    await this.send('POST', '/replays', { rate: 'max', ...request });
    await eventually('the end', async () => (await this.replay(request.id)).state === 'ended', SLOW_MS);
    const isRead = async () => {
      const { consumers } = await this.send<Channel>('GET', `/channels/${channel}`);
      return consumers.every(({ lag }) => lag === 0);
    };
    await eventually('the services to have read all of it', isRead, SLOW_MS);
    return this.replay(request.id);
  }

  /** Waits until a page shows this number of subjects. */
  async subjects(page: Page, count: number): Promise<void> {
    await page.waitForSelector(`[data-testid=subjects-count][data-count="${count}"]`, {
      state: 'attached',
      timeout: SLOW_MS,
    });
  }
}
