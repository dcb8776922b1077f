import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { keys } from '../../core/wire/keys.ts';
import { connect, type Redis } from '../../core/redis/connection.ts';
import type { DeadLetter, Pipeline, PipelineStatus, Recording, Replay, Task } from '../../schemas/types.ts';
import { freePort } from '../../supervisor/ports.ts';
import { chromiumPath, screenshot, startBrowser } from '../helpers/browser.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { killRole, startRole } from '../helpers/role.ts';
import { eventually } from '../helpers/wait.ts';

const MAINS = [
  'replayer/main.ts',
  'backend/analysis/main.ts',
  'backend/tasks/main.ts',
  'backend/api/main.ts',
];
const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
/** Run in the page: finds elements that stick out on the right, where nobody can scroll to them. */
const STICKS_OUT = `[...document.querySelectorAll('#sheet *')]
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
  .filter((element) => !element.closest('.scroll:not(#sheet), [data-scrolls], .svelte-flow, .spoken'))
  .map((element) => element.tagName + ' ' + element.className)`;

describe('all pages but the live one', function () {
  this.timeout(90_000);
  let server: TestRedis;
  let redis: Redis;
  let browser: Browser;
  let page: Page;
  let folder: string;
  let url: string;
  let axe: string;
  let roles: ChildProcess[] = [];

  before(async function () {
    this.timeout(60_000);
    assert.ok(chromiumPath, 'Chromium is missing: install it, or set CHROMIUM_PATH');
    folder = await mkdtemp(join(tmpdir(), 'reprise-pages-'));
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    server = await startRedis();
    redis = await connect(server.url, 'test');
    const env = {
      ...{ REDIS_URL: server.url, REPRISE_PORT: String(port) },
      ...{ REPRISE_RECORDINGS: folder, REPRISE_DATA: folder },
    };
    [browser, roles] = await Promise.all([
      startBrowser(),
      Promise.all(MAINS.map((main) => startRole(main, env))),
    ]);
    page = await browser.newPage({ viewport: WIDE });
    page.setDefaultTimeout(30_000);
    await page.goto(url);
    await page.waitForSelector('[data-testid=connection][data-state=connected]', { state: 'attached' });
  });
  after(async () => {
    await browser?.close();
    await Promise.all(roles.map(killRole));
    redis?.disconnect();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function send<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(response.ok, text);
    return (text ? JSON.parse(text) : undefined) as T;
  }
  const get = <T>(path: string) => send<T>('GET', path);

  /** Opens a page by its key, and waits for its title to have the focus. */
  async function goTo(key: string, title: string): Promise<void> {
    await page.locator('body').press(key);
    await page.waitForSelector(`main h2:text-is("${title}")`);
    await eventually(
      `the title ${title} to have the focus`,
      async () => (await page.evaluate('document.activeElement?.textContent')) === title,
    );
  }

  /** Asserts that axe finds nothing serious and nothing sticks out, on a desktop and a phone, and saves pictures. */
  async function assertFit(name: string): Promise<void> {
    for (const [colorScheme, size] of [
      ['light', WIDE],
      ['dark', PHONE],
    ] as const) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      await page.evaluate(axe);
      const { violations } = await page.evaluate<{
        violations: { id: string; impact: string; nodes: { target: string[] }[] }[];
      }>('axe.run()');
      const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
      assert.deepEqual(
        serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`),
        [],
        `${name}, ${colorScheme}`,
      );
      assert.deepEqual(await page.evaluate(STICKS_OUT), [], `${name}, ${size.width} px`);
      await screenshot(page, `pages-${name}-${size.width}`);
    }
    await page.setViewportSize(WIDE);
    await page.emulateMedia({ colorScheme: 'light' });
  }

  describe('Recordings', () => {
    const ROWS = Array.from({ length: 60 }, (_, i) => `${1_577_836_800 + i},52.5,13.${i},${i}`);
    const csv = (rows: string[]) => `time,latitude,longitude,speed_meters_per_second\n${rows.join('\n')}\n`;
    const upload = (name: string) => page.locator(`[data-upload="${name}"]`);
    const dialog = () => page.locator('dialog[open]');

    it('uploads a dropped file, and shows which of its rows are refused', async () => {
      await goTo('2', 'Recordings');
      const text = csv(ROWS.with(7, 'never,52,13,1'));
      const dropped = await page.evaluateHandle(`(() => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([${JSON.stringify(text)}], 'trip.csv'));
        return transfer;
      })()`);
      for (const type of ['dragenter', 'dragover'])
        await page.dispatchEvent('main', type, { dataTransfer: dropped });
      await page.waitForSelector('text=Drop to upload');
      await page.dispatchEvent('main', 'drop', { dataTransfer: dropped });
      await page.waitForSelector('[data-upload="trip.csv"][data-stage=done]');
      const report = await upload('trip.csv').locator('[data-testid=report]').innerText();
      assert.match(report, /^1 row refused\. 59 records can be played\.[\s\S]*Line 9: .*never/);
      const { items } = await get<{ items: unknown[] }>('/replays');
      assert.deepEqual(items, [], 'nothing plays');
    });

    const file = (name: string, text: string) => ({
      name,
      mimeType: 'text/csv',
      buffer: Buffer.from(text),
    });

    it('uploads files by button, asks before it replaces one, and shows why an upload failed', async () => {
      const choose = (...files: ReturnType<typeof file>[]) =>
        page.setInputFiles('[data-testid=uploads] input', files);
      await choose(file('trip.csv', csv(ROWS)), file('rubbish.csv', 'a,b\n1,2\n'));
      await page.waitForSelector('[data-upload="rubbish.csv"][data-stage=failed] [role=alert]');
      const asked = page.locator('[data-upload="trip.csv"][data-stage=exists]');
      await asked.getByRole('button', { name: 'Replace' }).press('Enter');
      await page
        .locator('[data-upload="trip.csv"][data-stage=done]')
        .getByText('60 records can be played. No rows were refused.')
        .waitFor();
    });

    it('describes a recording', async () => {
      await page.getByRole('link', { name: /^trip\.csv/ }).press('Enter');
      const shown = page.locator('[data-testid=recording]');
      await shown.locator('dd:text-is("0:59")').waitFor();
      await shown.locator('[data-decision=timeFormat]').waitFor();
      await shown.locator('[data-testid=course] canvas').waitFor();
      await assertFit('recordings');
    });

    it('shows how a recording is read, takes other options, and plays with them', async () => {
      const text = 'when,who,n\n2024-06-01 10:00:00,a,1\n2024-06-01 10:00:10,b,2\n';
      await page.setInputFiles('[data-testid=uploads] input', file('naive.csv', text));
      await page.waitForSelector('[data-upload="naive.csv"][data-stage=done]');
      await page.getByRole('link', { name: /^naive\.csv/ }).press('Enter');
      const how = page.locator('[data-testid=how-it-is-read]');
      await how.locator('[data-decision=tz] .badge:text-is("a guess")').waitFor();
      const zone = how.getByLabel('Time zone');
      await zone.fill('Europe/Berlin');
      await zone.press('Enter');
      await how.locator('[data-testid=preview] code:text-is("2024-06-01T08:00:00.000Z")').waitFor();
      await how.locator('[data-decision=tz] .badge:text-is("certain")').waitFor();
      await how.getByLabel('Subject column').fill('nobody');
      await how.getByLabel('Subject column').press('Enter');
      await how.getByText('has no column "nobody"').waitFor();
      await how.getByLabel('Subject column').fill('who');
      await how.getByLabel('Subject column').press('Enter');
      await how.locator('[data-testid=preview] td:text-is("b")').waitFor();
      await assertFit('recordings-how-it-is-read');
      await page.locator('[data-testid=recording]').getByRole('button', { name: 'Play' }).press('Enter');
      const replay = await eventually('the replay', async () =>
        (await get<{ items: Replay[] }>('/replays')).items.find(
          ({ recordings }) => recordings[0] === 'naive.csv',
        ),
      );
      assert.deepEqual([replay.start, replay.guesses], ['2024-06-01T08:00:00.000Z', []]);
      await send('DELETE', `/replays/${replay.id}`);
      await send('DELETE', '/recordings/naive.csv');
      await page.getByRole('link', { name: 'Recordings' }).press('Enter');
      await page.getByRole('link', { name: /^trip\.csv/ }).press('Enter');
    });

    it('cuts and converts a recording by tasks, and shows their results', async () => {
      await page.getByRole('button', { name: 'Cut…' }).press('Enter');
      await dialog().getByLabel('From').fill('10s');
      await dialog().getByLabel('To', { exact: true }).fill('19s');
      await dialog().getByLabel('Format').selectOption('csv');
      await assertFit('recordings-cut');
      await dialog().getByText('Cut', { exact: true }).click();
      await page.waitForSelector('[data-testid=writing][data-state=succeeded]');
      await dialog()
        .getByText(/ 10 written, 0 refused\.$/)
        .waitFor();
      await dialog().getByText('Show recording').press('Enter');
      await page.waitForSelector('[data-testid=recording] h3:text-is("trip-part.csv")');
      await page.waitForSelector('[data-testid=recording] dd:text-is("0:09")');
      await page.getByRole('button', { name: 'Convert…' }).press('Enter');
      await dialog().getByText('Convert', { exact: true }).click();
      await page.waitForSelector('[data-testid=writing][data-state=succeeded]');
      assert.equal((await get<Recording>('/recordings/trip-part.mcap')).description?.records, 10);
      await page.keyboard.press('Escape');
      await page.waitForSelector('[data-testid=writing]', { state: 'detached' });
    });

    it('downloads, deletes and plays a recording', async () => {
      const [kept] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Download' }).press('Enter'),
      ]);
      assert.equal(kept.suggestedFilename(), 'trip-part.csv');
      assert.match(await readFile(await kept.path(), 'utf8'), /,time,.*\n/);
      await page.getByRole('button', { name: 'Delete' }).press('Enter');
      await dialog().getByText('Delete', { exact: true }).click();
      await page.waitForSelector('nav a:has-text("trip-part.csv")', { state: 'detached' });
      await page.getByRole('link', { name: /^trip\.csv/ }).press('Enter');
      await page.locator('[data-testid=recording]').getByRole('button', { name: 'Play' }).press('Enter');
      const replay = await eventually(
        'the replay',
        async () => (await get<{ items: Replay[] }>('/replays')).items[0],
      );
      assert.deepEqual(replay.recordings, ['trip.csv']);
      assert.equal(new URL(page.url()).pathname, '/');
      await send('DELETE', `/replays/${replay.id}`);
    });
  });

  describe('Pipelines', () => {
    const step = (name: string) => page.locator(`[data-step=${name}]`);
    const stateOf = async (name: string) =>
      (await get<PipelineStatus>('/pipelines/text')).steps.find((each) => each.name === name)!.state;

    it('shows the steps of a pipeline, and the result of a test event', async () => {
      await goTo('3', 'Pipelines');
      assert.equal(new URL(page.url()).pathname, '/pipelines');
      for (const name of ['language', 'clean', 'sentiment', 'topics'])
        await page.waitForSelector(`[data-step=${name}][data-state=running]`);
      await page.waitForSelector('.svelte-flow__node:has-text("sentiment")');
      await eventually('an example', () => page.inputValue('[data-testid=test-event] textarea'));
      await page.click('text=Send and wait');
      const result = await page.waitForSelector('[data-testid=test-result] pre');
      const datum = JSON.parse(await result.innerText()) as { [name: string]: unknown };
      assert.equal(datum['language'], 'en');
      assert.ok((datum['compound'] as number) > 0.5);
      await eventually('the step to have counted it', async () =>
        (await step('topics').innerText()).includes('1'),
      );
      await assertFit('pipelines');
    });

    it('stops and starts a step', async () => {
      await step('clean').getByRole('button', { name: 'Stop clean' }).press('Enter');
      await page.waitForSelector('[data-step=clean][data-state=stopped] >> text=Stopped');
      assert.equal(await stateOf('clean'), 'stopped');
      await step('clean').getByRole('button', { name: 'Start clean' }).press('Enter');
      await page.waitForSelector('[data-step=clean][data-state=running]');
    });

    it('changes the parameters of a step by a form made from their schema', async () => {
      await step('sentiment').getByRole('button', { name: 'sentiment', exact: true }).press('Enter');
      const params = page.locator('[data-testid=params]');
      const language = params.getByLabel('language');
      const saved = async () =>
        (await get<PipelineStatus>('/pipelines/text')).definition.steps[2] as Pipeline['steps'][0];
      await language.fill('es');
      await params.getByText('Save parameters').click();
      await params.getByText('Parameters of sentiment saved.').waitFor();
      assert.deepEqual(await saved(), { service: 'sentiment', params: { language: 'es' } });
      await language.fill('');
      await params.getByText('Save parameters').click();
      await eventually(
        'the default',
        async () => JSON.stringify(await saved()) === '{"service":"sentiment","params":{}}',
      );
    });

    it('creates a pipeline, shows why a name is refused, and deletes it', async () => {
      const dialog = page.locator('dialog[open]');
      await page.click('text=New pipeline');
      await dialog.getByLabel('Name').fill('text');
      await dialog.getByLabel('Add a step').selectOption('language');
      await dialog.getByText('Create').click();
      await dialog.getByText('A pipeline "text" exists already.').waitFor();
      await dialog.getByLabel('Name').fill('mine');
      await dialog.getByLabel('Add a step').selectOption('sentiment');
      await assertFit('pipelines-new');
      await dialog.getByText('Create').click();
      await page.waitForSelector('[data-testid=pipeline] h3:text-is("mine")');
      assert.deepEqual((await get<PipelineStatus>('/pipelines/mine')).definition, {
        steps: [{ service: 'language' }, { service: 'sentiment' }],
      });
      await page.locator('[data-testid=pipeline]').getByRole('button', { name: 'Delete' }).click();
      await dialog.getByText('Delete', { exact: true }).click();
      await page.waitForSelector('[data-testid=pipeline] h3:text-is("text")');
      const { items } = await get<{ items: { name: string }[] }>('/pipelines');
      assert.deepEqual(
        items.map(({ name }) => name),
        ['text'],
      );
    });
  });

  describe('Tasks', () => {
    const start = () => page.locator('[data-testid=start]');

    it('starts a task by a form made from its schema, and shows the result as a chart and a table', async () => {
      const rows = Array.from({ length: 60 }, (_, i) => ({
        ...{ specversion: '1.0', id: String(i), source: '/test', type: 'gps', subject: 'bus' },
        time: new Date(Date.UTC(2024, 0, 1, 8, 0, i)).toISOString(),
        data: { latitude: 1, longitude: 2, speed_meters_per_second: 5 + Math.sin(i / 6) },
      }));
      await send('POST', '/channels/gps/events', rows);
      await goTo('4', 'Tasks');
      await start().getByLabel('Kind').selectOption('course');
      await start().getByLabel('subject').fill('bus');
      await start().getByLabel('stretches').fill('20');
      await start().getByText('Start', { exact: true }).click();
      await page.waitForSelector('[data-testid=task][data-state=succeeded] [data-testid=course] canvas');
      await page.waitForSelector('[data-testid=result] tr:has-text("Number of values") >> text=60');
      await assertFit('tasks');
      await page.locator('[data-testid=result]').getByText('Table', { exact: true }).press('Enter');
      await eventually(
        'a row for each stretch',
        async () => (await page.locator('[data-testid=result] .scroll tbody tr').count()) === 20,
      );
    });

    it('shows errors beside the parameters, and cancels a running task', async () => {
      await start().getByLabel('Kind').selectOption('average-speed');
      await start().getByLabel('time_window_seconds').fill('-1');
      await start().getByText('Start', { exact: true }).click();
      await start().locator('.row:has-text("time_window_seconds") .error').waitFor();
      await start().getByLabel('time_window_seconds').fill('600');
      await start().getByText('Start', { exact: true }).click();
      await page.waitForSelector('[data-testid=task][data-state=running]');
      await page.getByRole('button', { name: /^Cancel average-speed/ }).press('Enter');
      await page.waitForSelector('[data-testid=task][data-state=canceled] >> text=/Canceled before/');
      const { items } = await get<{ items: Task[] }>('/tasks');
      assert.deepEqual(
        items.slice(0, 2).map(({ kind, state }) => `${kind} ${state}`),
        ['average-speed canceled', 'course succeeded'],
      );
    });
  });

  describe('Traces', () => {
    it('lists traces, and shows the path of one with the duration of each step', async () => {
      await send('PUT', '/pipelines/lost', { steps: [{ service: 'movement' }] });
      await send('POST', '/pipelines/text/events?wait=10', { text: 'What a lovely day!' });
      await send('POST', '/pipelines/lost/events', { text: 'nowhere' });
      await goTo('5', 'Traces');
      const failed = await page.waitForSelector('tr[data-status=failed] >> text=has no latitude');
      assert.ok(await failed.isVisible());
      await page.locator('main').getByLabel('Status').selectOption('finished');
      await page.waitForSelector('tr[data-trace][data-status=failed]', { state: 'detached' });
      await page.locator('tr[data-trace]').first().getByRole('button').press('Enter');
      await page.waitForSelector('[data-testid=trace][data-status=finished]');
      const hops = page.locator('[data-hop]');
      const names = await hops.evaluateAll((rows) => rows.map((row) => row.getAttribute('data-hop')));
      assert.deepEqual(names.slice(-4), ['text.language', 'text.clean', 'text.sentiment', 'text.topics']);
      assert.match(await hops.last().innerText(), /Finished[\s\S]* m?s/);
      assert.match((await hops.last().getByRole('img').getAttribute('aria-label'))!, /^after .* took /);
      await assertFit('traces');
      await send('DELETE', '/pipelines/lost');
      await redis.del(keys.deadLetters);
    });
  });

  describe('Logs', () => {
    const say = (level: string, message: string) =>
      redis.xadd(
        keys.logs,
        '*',
        ...['time', new Date().toISOString(), 'level', level, 'service', 'far', 'message', message],
        ...['fields', JSON.stringify({ tries: 3 })],
      );

    it('follows the logs, filtered by level, service and text', async () => {
      const line = (text: string) => page.locator('[data-line]', { hasText: text });
      await say('error', 'the pump is dry');
      await goTo('6', 'Logs');
      await line('the pump is dry').waitFor();
      await say('warn', 'the pump is wet');
      await line('the pump is wet').waitFor();
      await assertFit('logs');
      await page.getByLabel('Level').selectOption('error');
      await line('the pump is wet').waitFor({ state: 'detached' });
      await page.locator('main').getByLabel('Service').selectOption('far');
      await page.getByLabel('Text').fill('DRY');
      await page.waitForURL(/q=DRY/);
      await eventually('one line', async () => (await page.locator('[data-line]').count()) === 1);
      await page.getByRole('button', { name: 'Follow' }).press('Enter');
      await page.waitForSelector('text=Updates are paused.');
      await say('error', 'the dry pump, again');
      await page.getByRole('button', { name: 'Follow' }).press('Enter');
      await line('the dry pump, again').waitFor();
    });

    it('pauses while older records are loaded, and resumes', async () => {
      const lines = page.locator('[data-line]');
      await Promise.all(Array.from({ length: 201 }, (_, i) => say('error', `dry run ${i}`)));
      await eventually('a page of records', async () => (await lines.count()) === 200);
      await page.getByRole('button', { name: 'Load older' }).press('Enter');
      await eventually('all records', async () => (await lines.count()) === 203);
      await page.waitForSelector('text=Updates are paused.');
      await say('error', 'dry again');
      await page.getByRole('button', { name: 'Follow' }).press('Enter');
      await page.locator('[data-line]', { hasText: 'dry again' }).waitFor();
    });
  });

  describe('System', () => {
    const part = async (name: string) => page.getByRole('tab', { name }).click();
    const service = (name: string) => page.locator(`[data-service=${name}]`);

    it('shows services, and starts and stops them', async () => {
      await goTo('7', 'System');
      await page.waitForSelector(
        '[data-testid=system-state][data-redis=up] >> text=/all \\d+ services running/',
      );
      await service('stops').getByRole('button', { name: 'Stop stops' }).press('Enter');
      await page.waitForSelector('[data-service=stops][data-state=stopped] >> text=Stopped');
      await service('stops').getByRole('button', { name: 'Start stops' }).press('Enter');
      await page.waitForSelector('[data-service=stops][data-state=running]');
      await assertFit('system-services');
    });

    it('shows figures of Redis, and edits the parameters of a service by a form made from their schema', async () => {
      const redis = page.locator('[data-testid=redis]');
      await redis.getByText(/^\d+\.\d+ MB \(/).waitFor();
      await service('stops').getByRole('button', { name: 'Edit parameters of stops' }).press('Enter');
      const dialog = page.locator('dialog[open]');
      await dialog.getByLabel('radius_m').fill('25');
      await dialog.getByText('Save parameters').click();
      await dialog.getByText('Parameters of stops saved.').waitFor();
      const { params } = await get<{ params?: { radius_m?: number } }>('/services/stops');
      assert.equal(params?.radius_m, 25);
      await page.keyboard.press('Escape');
      await page.waitForSelector('dialog:has(form)', { state: 'detached' });
    });

    it('shows the consumers of a channel and their backlog', async () => {
      await part('Channels');
      await page.waitForSelector('[data-channel="text.topics"] >> text=text.topics: up to date');
      await assertFit('system-channels');
    });

    it('shows dead letters, and sends them again', async () => {
      await send('PUT', '/pipelines/moves', { steps: [{ service: 'movement' }] });
      await send('POST', '/pipelines/moves/events', { text: 'nowhere' });
      await part('Dead letters');
      const letters = page.locator('[data-letter]');
      const reason = 'The datum has no latitude and longitude.';
      await letters.getByText(reason).waitFor();
      await letters.getByText('Content').click();
      await letters.getByText('"nowhere"').waitFor();
      await assertFit('system-deadletters');
      const before = await letters.getAttribute('data-letter');
      await letters.getByRole('button', { name: 'Send again' }).click();
      await page.waitForSelector('text=Sent to moves.movement again');
      // It fails again.
      const again = async () => {
        const { items } = await get<{ items: DeadLetter[] }>('/deadletters');
        return items.length === 1 && items[0]!.id !== before && items[0]!.reason === reason;
      };
      await eventually('the letter to come again', again);
      await send('PUT', '/pipelines/moves', { steps: [{ service: 'copy' }] });
      await page.getByRole('button', { name: 'Send all again' }).click();
      await page.locator('dialog[open]').getByRole('button', { name: 'Send all again' }).click();
      await page.waitForSelector('text=1 event sent again.');
    });

    it('backs up the setup, shows the changes a backup would make, and restores it', async () => {
      await part('Setup');
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.click('text=Download backup'),
      ]);
      await send('DELETE', '/pipelines/moves');
      const file = join(folder, 'saved.json');
      await download.saveAs(file);
      await page.setInputFiles('[data-testid=restore] input', file);
      await page.waitForSelector('[data-testid=changes] tr:has-text("moves") >> text=Added');
      await assertFit('system-setup');
      await assert.rejects(get('/pipelines/moves'));
      await page.click('text=Apply 1 change');
      await page.waitForSelector('text=1 change applied.');
      assert.equal((await get<PipelineStatus>('/pipelines/moves')).steps[0]!.name, 'copy');
    });
  });
});
