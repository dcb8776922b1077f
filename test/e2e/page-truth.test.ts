import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { DeadLetter } from '../../schemas/types.ts';
import { screenshot } from '../helpers/browser.ts';
import { PageWorld, SLOW_MS } from '../helpers/page-world.ts';
import { eventually } from '../helpers/wait.ts';

/** Numbers that JSON.parse changes, and some that it does not. */
const DIGITS = {
  timestamp: ['1577218887.999', '1577218888.500', '1577218889.25'],
  serial: ['9007199254740993', '9007199254740995', '12345678901234567890'],
  level: ['0.12345678901234567890', '52.5200', '1E+2'],
};
const BAD = `time,vehicle_id,latitude,longitude,speed_meters_per_second
2024-01-01T00:00:00Z,a,48.1,11.5,3
2024-01-01T00:00:10Z,a,north,11.5,3
nonsense,a,48.1,11.5,3
2024-01-01T00:00:30Z,a,48.11,11.51,3
2024-01-01T00:00:40Z,b,98,11.5,3
2024-01-01T00:01:00Z,b,48.2,11.6,7
`;
const EARLY = 12;
const LIVELY = 8;
/** Longer than it takes to notice a role that is stopped; Socket.IO alone would need 45 s. */
const TOLD_MS = 20_000;

describe('what the page says', function () {
  this.timeout(90_000);
  let world: PageWorld;
  let page: Page;

  before(async function () {
    this.timeout(150_000);
    world = await PageWorld.start(async (folder) => {
      await writeFile(join(folder, 'digits.ndjson'), digitRows());
      await writeFile(join(folder, 'bad.csv'), BAD);
      await writeFile(join(folder, 'many.csv'), manyRows());
    });
    for (const name of ['digits.ndjson', 'bad.csv', 'many.csv']) {
      const [channel] = name.split('.') as [string];
      await world.playAll(
        { id: channel, recordings: name === 'bad.csv' ? [name] : [{ id: name, channel }] },
        name === 'bad.csv' ? 'gps' : channel,
      );
    }
    page = await world.open();
  });
  after(async () => {
    for (const role of Object.values(world?.roles ?? {})) role.kill('SIGCONT');
    await world?.close();
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      await screenshot(page, `failed-${this.currentTest.title}`.slice(0, 60));
  });

  const show = async (name: string): Promise<void> => {
    const chosen = () => page.innerText('.chooser button >> nth=0');
    for (let i = 0; i < 5 && !(await chosen()).includes(name); i++) await page.keyboard.press('n');
    assert.ok((await chosen()).includes(name), await chosen());
  };

  describe('of values', () => {
    before(async () => {
      await show('digits');
      await world.subjects(page, 1);
    });

    it('has every digit, in the table and on the card', async () => {
      const cells = page.locator('[data-testid=events] tbody td.data');
      await eventually('three rows', async () => (await cells.count()) === 3);
      const told = (await cells.allInnerTexts()).reverse();
      for (const [i, text] of told.entries())
        for (const [name, texts] of Object.entries(DIGITS))
          assert.ok(text.includes(`${name} ${texts[i]!}`), `${name} ${texts[i]!} in ${text}`);
      await page.keyboard.press('s');
      const card = page.locator('[data-testid=subject]');
      await card.waitFor();
      const values = await card.locator('dl.all dd').allInnerTexts();
      for (const texts of Object.values(DIGITS)) assert.ok(values.includes(texts[2]!), texts[2]);
      await screenshot(page, 'truth-digits');
      await page.keyboard.press('Escape');
    });

    it('has every digit in what is saved', async () => {
      for (const format of ['CSV', 'GeoJSON']) {
        await page.click('[data-testid=share-map]');
        const box = page.locator('[data-testid=share]');
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          box.locator(`button:has-text("${format}")`).click(),
        ]);
        const path = join(world.folder, `kept-${download.suggestedFilename()}`);
        await download.saveAs(path);
        const text = await readFile(path, 'utf8');
        for (const [name, texts] of Object.entries(DIGITS))
          for (const digits of texts) assert.ok(text.includes(digits), `${name} ${digits} in ${text}`);
        await page.keyboard.press('Escape');
        await box.waitFor({ state: 'detached' });
      }
    });
  });

  it('of bad rows is where they are in the recording, and each counts once', async () => {
    await show('bad');
    await page.waitForSelector('[data-testid=timeline] [data-lane=bad]');
    const count = () => page.innerText('[data-testid=timeline] [data-lane=bad] .n');
    const drawn = () =>
      page.evaluate<[number, string][]>(
        `window.reprise.app.timeline.badRows.map(({ line, timeMs }) => [line, new Date(timeMs).toISOString().slice(11, 19)]).sort()`,
      );
    await eventually('the bad rows', async () => (await drawn()).length === 3);
    // The first and the last by their own time, the second between the rows around it.
    const expected = [
      [3, '00:00:10'],
      [4, '00:00:20'],
      [6, '00:00:40'],
    ];
    assert.deepEqual(await drawn(), expected);
    assert.equal(await count(), '3');
    // On the canvas, in the lane.
    const canvas = page.locator('[data-testid=timeline] canvas');
    const box = (await canvas.boundingBox())!;
    const lane = (await page.locator('[data-testid=timeline] [data-lane=bad]').boundingBox())!;
    for (const share of [10 / 60, 40 / 60]) {
      await page.mouse.move(box.x + share * box.width, lane.y + lane.height / 2);
      await page.waitForSelector('[data-testid=timeline] .tip >> text=/bad.csv, line/');
    }
    await screenshot(page, 'truth-bad');
    await page.mouse.move(5, 5);
    await world.send('PATCH', '/replays/bad', { position: '0s', state: 'playing' });
    await eventually('the second play', async () => (await world.replay('bad')).state === 'ended', SLOW_MS);
    const { items } = await world.send<{ items: DeadLetter[] }>('GET', '/deadletters?limit=1000');
    assert.equal(items.filter(({ replay }) => replay === 'bad').length, 3);
    assert.equal(await count(), '3');
    assert.deepEqual(await drawn(), expected);
  });

  it('of subjects is which are shown, and since when others are silent', async () => {
    await show('many');
    await world.subjects(page, EARLY + LIVELY);
    const lines = () =>
      page.evaluate<string[]>(
        `[...new Set(window.reprise.app.subjects.present().filter(({ events }) => events > 0).map(({ name }) => name))]`,
      );
    await eventually('all subjects', async () => (await lines()).length === EARLY + LIVELY);
    await page.waitForSelector(
      `[data-testid=charts] >> text=${LIVELY} of ${EARLY + LIVELY} subjects: those with the most`,
    );
    const plot = page.locator('[data-testid=charts] [data-chart=speed] .plot');
    const box = (await plot.boundingBox())!;
    await page.mouse.move(box.x + box.width - 30, box.y + box.height / 2);
    const tip = page.locator('[data-testid=charts] .tip li');
    await eventually('the values', async () => (await tip.count()) === LIVELY, SLOW_MS);
    for (const text of await tip.allInnerTexts()) assert.match(text, /^z\d/);
    const silent = page.locator('[data-testid=map] .subjects button.silent');
    assert.equal(await silent.count(), EARLY);
    assert.match((await silent.first().getAttribute('title'))!, /^a01, silent since 08:00:5\d/);
    await screenshot(page, 'truth-silent');
  });

  describe('of a role that is stopped', () => {
    const banner = () => page.locator('[data-testid=banner]');
    const stopped = async (role: keyof PageWorld['roles'], told: () => Promise<unknown>): Promise<void> => {
      world.roles[role].kill('SIGSTOP');
      try {
        await banner().first().waitFor({ timeout: TOLD_MS });
        await told();
      } finally {
        world.roles[role].kill('SIGCONT');
      }
      await banner().first().waitFor({ state: 'detached', timeout: SLOW_MS });
    };

    it('is one sentence, with where its log is, and goes away by itself', async () => {
      await stopped('api', async () => {
        const text = await banner().innerText();
        assert.match(text, /^The API has not answered since \d\d:\d\d:\d\d UTC: replays and services go on/);
        assert.ok(text.includes(`${join(world.folder, 'logs', 'api.log')} on ${hostname()}`), text);
        await screenshot(page, 'truth-api');
        for (const [name, width] of [
          ['dark', 1024],
          ['phone', 390],
        ] as const) {
          await page.emulateMedia({ colorScheme: name === 'dark' ? 'dark' : 'light' });
          await page.setViewportSize({ width, height: 800 });
          await screenshot(page, `truth-api-${name}`);
        }
        await page.setViewportSize({ width: 1280, height: 800 });
      });
      await page.waitForSelector('[data-testid=connection][data-state=connected]', { state: 'attached' });
    });

    it('names the role, not each of its services', async () => {
      await stopped('analysis', async () => {
        assert.equal(await banner().count(), 1);
        const text = await banner().innerText();
        assert.match(text, /^The analysis role does not answer: replays go on/);
        assert.ok(text.includes(join(world.folder, 'logs', 'analysis.log')), text);
        await screenshot(page, 'truth-analysis');
      });
    });
  });
});

function digitRows(): string {
  const { timestamp, serial, level } = DIGITS;
  return timestamp
    .map(
      (time, i) =>
        `{"timestamp":${time},"vehicle_id":"v","latitude":48.10,"longitude":11.5,"serial":${serial[i]!},"level":${level[i]!}}\n`,
    )
    .join('');
}

/** Subjects whose names come first and that fall silent after a minute, and others that go on for half an hour. */
function manyRows(): string {
  const lines = ['time,vehicle_id,latitude,longitude,speed_meters_per_second'];
  const name = (letter: string, i: number) => `${letter}${String(i + 1).padStart(2, '0')}`;
  for (let second = 0; second < 1800; second += 10) {
    const time = new Date(Date.UTC(2024, 0, 1, 8, 0, second)).toISOString();
    const names = Array.from({ length: LIVELY }, (_, i) => name('z', i));
    if (second < 60) names.push(...Array.from({ length: EARLY }, (_, i) => name('a', i)));
    for (const [i, each] of names.entries()) lines.push(`${time},${each},${48 + i / 100},11.5,${i + 1}`);
  }
  return `${lines.join('\n')}\n`;
}
