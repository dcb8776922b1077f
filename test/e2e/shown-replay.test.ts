import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Replay } from '../../schemas/types.ts';
import { simulate } from '../../cli/simulate/simulate.ts';
import { screenshot } from '../helpers/browser.ts';
import { PageWorld, SLOW_MS } from '../helpers/page-world.ts';
import { eventually } from '../helpers/wait.ts';

const VEHICLES = 6;
const TRAMS = ['tram 1', 'tram 2', 'tram 3', 'tram 4', 'tram 5'];
/** The second recording begins in the evening and ends in the morning. */
const TRAMS_START = Date.parse('2024-02-28T22:00:00Z');

describe('the page shows one replay', function () {
  this.timeout(90_000);
  let world: PageWorld;
  let page: Page;

  before(async function () {
    this.timeout(150_000);
    world = await PageWorld.start(async (folder) => {
      await simulate('fleet', {
        out: join(folder, 'fleet.ndjson'),
        vehicles: VEHICLES,
        durationSeconds: 600,
      });
      await simulate('posts', { out: join(folder, 'posts.ndjson'), durationSeconds: 120 });
      await writeFile(join(folder, 'trams.csv'), tramRows());
    });
    await world.playAll({ id: 'fleet', recordings: ['fleet.ndjson', 'posts.ndjson'] }, 'gps');
    await world.playAll({ id: 'trams', recordings: [{ id: 'trams.csv', channel: 'trams' }] }, 'trams');
    page = await world.open();
    await world.subjects(page, VEHICLES);
  });
  after(() => world?.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      await screenshot(page, `failed-${this.currentTest.title}`.slice(0, 60));
  });

  const laneOf = (lane: string) => page.innerText(`[data-testid=timeline] [data-lane=${lane}] .n`);
  const chosen = () => page.innerText('.chooser button >> nth=0');
  const rows = () =>
    page.$$eval('[data-testid=events] tbody tr', (list) =>
      list.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent.trim())),
    );
  /** Shows the replay of this name; one key goes to the next one. */
  const show = async (name: string): Promise<void> => {
    for (let i = 0; i < 4 && !(await chosen()).includes(name); i++) await page.keyboard.press('n');
    assert.ok((await chosen()).includes(name), await chosen());
  };
  const colours = (on: Page) =>
    on.evaluate<[string, number][]>(
      `[...window.reprise.app.subjects.all.values()].map(({ name, colour }) => [name, colour]).sort()`,
    );

  it('with nothing of another one in table, map, posts and lanes', async () => {
    await show('fleet');
    await eventually('the crossings', async () => Number(await laneOf('fence')) > 0, SLOW_MS);
    await page.waitForSelector('[data-testid=feed] li');
    await show('trams');
    await world.subjects(page, TRAMS.length);
    await eventually('its events', async () => (await rows()).length > 0);
    for (const [, channel] of await rows()) assert.equal(channel, 'trams');
    assert.equal(await page.locator('[data-testid=feed] li').count(), 0);
    for (const lane of ['stop', 'fence', 'alert', 'bad']) assert.equal(await laneOf(lane), '0', lane);
    await screenshot(page, 'shown-trams');
    await show('fleet');
    await world.subjects(page, VEHICLES);
    for (const [, channel] of await rows()) assert.match(channel, /^(gps|posts|alerts)/);
  });

  it('and goes to its own moments only', async () => {
    await show('trams');
    const { position } = await world.replay('trams');
    await page.keyboard.press(',');
    await page.keyboard.press('.');
    await eventually('the answer', async () =>
      (await page.innerText('[role=status][aria-live=polite]')).includes('No further moment'),
    );
    assert.equal((await world.replay('trams')).position, position);
  });

  it('with the day in every row where the recording spans days', async () => {
    await show('trams');
    const times = (await rows()).map(([time]) => time!);
    assert.match(times[0], /^2024-02-29 03:59/);
    await show('fleet');
    await eventually('times without a day', async () => /^07:/.test((await rows())[0]?.[0] ?? ''), SLOW_MS);
  });

  it('in colours that differ, and are the same after a reload and in another browser', async () => {
    await show('trams');
    await world.subjects(page, TRAMS.length);
    const first = await colours(page);
    assert.deepEqual(
      first.map(([name]) => name),
      TRAMS,
    );
    assert.equal(new Set(first.map(([, colour]) => colour)).size, TRAMS.length);
    await show('fleet');
    await show('trams');
    await world.subjects(page, TRAMS.length);
    assert.deepEqual(await colours(page), first);
    const other = await world.open('/?replay=trams');
    await world.subjects(other, TRAMS.length);
    assert.deepEqual(await colours(other), first);
    await other.close();
  });

  it('whose filter does not reach the others, says how much it hides, and is there again', async () => {
    await show('trams');
    await world.subjects(page, TRAMS.length);
    await page.evaluate(`(({ movers, restrict }) => {
      const [x, y] = movers.all[0].at;
      const ring = [[x - 1e-4, y - 1e-4], [x + 1e-4, y - 1e-4], [x, y + 1e-4]];
      window.reprise.app.restrict({ kind: 'lasso', ring });
    })(window.reprise.app)`);
    await world.subjects(page, 1);
    const chip = page.locator('[data-testid=filter]');
    await eventually('what is hidden', async () => (await chip.innerText()).includes('4 hidden'));
    assert.equal(await page.locator('[data-testid=events] [data-testid=hidden]').innerText(), '4 hidden');
    await screenshot(page, 'shown-filter');
    await show('fleet');
    await world.subjects(page, VEHICLES);
    assert.equal(await chip.count(), 0);
    await show('trams');
    await world.subjects(page, 1);
    await page.locator('[data-testid=events] [data-testid=hidden]').click();
    await world.subjects(page, TRAMS.length);
    assert.equal(await chip.count(), 0);
  });

  describe('of a shared link', () => {
    const ask = (on: Page) => on.locator('[data-testid=link]');
    const link =
      '/?replay=trams&recordings=trams.csv&t=2024-02-28T23:00:00Z&rate=2&map=11.00000,48.00000,12.00';
    const standsStill = async (): Promise<string> => {
      const { position, rate, state } = await world.replay('trams');
      return JSON.stringify({ position, rate, state });
    };

    it('asks before it steers a replay, and leaves it to everybody else when one only looks', async () => {
      const before = await standsStill();
      const other = await world.open(link);
      await ask(other).waitFor();
      assert.match(await ask(other).innerText(), /2024-02-28 23:00:00 UTC at 2× of trams/);
      await screenshot(other, 'shown-link');
      const view = 'Math.abs(window.reprise.app.map?.getZoom() - 12) < 0.01';
      await eventually('the view', () => other.evaluate(view), SLOW_MS);
      // The focus is on the answer that changes nothing.
      await other.keyboard.press('Enter');
      await ask(other).waitFor({ state: 'detached' });
      await eventually('its own address', () => /t=2024-02-29T03:59:59/.test(other.url()));
      await other.reload();
      await world.subjects(other, TRAMS.length);
      assert.equal(await ask(other).count(), 0);
      assert.equal(await standsStill(), before);
      await other.close();
    });

    it('steers it when the person agrees', async () => {
      const other = await world.open(link);
      await ask(other).waitFor();
      await other.keyboard.press('Tab');
      await other.keyboard.press('Enter');
      const at = async () => {
        const { position, rate } = await world.replay('trams');
        return rate === 2 && position.startsWith('2024-02-28T23:0');
      };
      await eventually('the time of the link', at);
      await ask(other).waitFor({ state: 'detached' });
      await other.close();
    });

    it('asks nothing where it shows what is shown anyway', async () => {
      const { position, rate } = await world.replay('trams');
      const other = await world.open(`/?replay=trams&t=${position}&rate=${rate}`);
      await world.subjects(other, TRAMS.length);
      assert.equal(await ask(other).count(), 0);
      await other.close();
    });

    it('asks before it starts what is not playing, and then shows its part of it', async () => {
      await world.send('DELETE', '/replays/trams');
      const other = await world.open(`${link}&only=gps/tram%202`);
      await ask(other).waitFor();
      assert.match(await ask(other).innerText(), /trams\.csv, which is not playing\. Start it/);
      // Until then another replay is shown, without the filter of this one.
      await world.subjects(other, VEHICLES);
      await other.keyboard.press('Escape');
      await ask(other).waitFor({ state: 'detached' });
      assert.equal((await world.send<{ items: unknown[] }>('GET', '/replays')).items.length, 1);
      await other.goto('about:blank');
      await other.goto(`${world.url}${link}&only=gps/tram%202`);
      await ask(other).getByRole('button', { name: 'Start it' }).click();
      await eventually('the replay', async () => {
        const { items } = await world.send<{ items: { id: string; position: string }[] }>('GET', '/replays');
        return items.some(({ id, position }) => id === 'trams' && position.startsWith('2024-02-28T23:0'));
      });
      await world.subjects(other, 1);
      await screenshot(other, 'shown-started');
      await other.close();
    });
  });

  describe('when there is none', () => {
    it('shows nothing of those that are gone, also after a reload', async () => {
      const empty = async () => {
        await page.locator('[data-testid=map] >> text=Nothing is playing').waitFor({ timeout: SLOW_MS });
        assert.match(await chosen(), /All live channels/);
        await eventually('an empty table', async () => (await rows()).length === 0);
        assert.equal(await page.evaluate('window.reprise.app.moments.all.length'), 0);
        await world.subjects(page, 0);
      };
      for (const { id } of (await world.send<{ items: Replay[] }>('GET', '/replays')).items)
        await world.send('DELETE', `/replays/${id}`);
      await empty();
      await page.reload();
      await empty();
      await page.keyboard.press('.');
      // The same recording under the same name is another replay.
      await world.send('POST', '/replays', { id: 'fleet', recordings: ['fleet.ndjson'], paused: true });
      await page.waitForSelector('[data-testid=timeline] [data-lane=fence]');
      assert.equal(await laneOf('fence'), '0');
    });
  });
});

function tramRows(): string {
  const lines = ['time,vehicle_id,latitude,longitude'];
  for (let minute = 0; minute < 360; minute += 2)
    for (const [i, name] of TRAMS.entries()) {
      const time = new Date(TRAMS_START + minute * 60_000 + i * 1000).toISOString();
      lines.push(`${time},${name},${48 + i * 0.01 + minute * 1e-5},${11 + minute * 1e-5}`);
    }
  lines.push(`2024-02-29T03:59:59Z,tram 1,48.1,11.1`);
  return `${lines.join('\n')}\n`;
}
