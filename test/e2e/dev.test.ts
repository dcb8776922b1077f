import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { root } from '../../core/runtime/root.mjs';
import { keys } from '../../core/wire/keys.ts';
import type { CloudEvent } from '../../core/wire/event.ts';
import { connect, type Redis } from '../../core/redis/connection.ts';
import type { Replay } from '../../schemas/types.ts';
import { startBrowser } from '../helpers/browser.ts';
import { startUp, temporaryFolder, type Up } from '../helpers/up.ts';
import { eventually } from '../helpers/wait.ts';

/** The folder is the same in each run, so that compiled files are kept from one run to the next. */
const copy = join(root, '.reprise', 'dev-test');
const COPIED = ['bin', 'cli', 'core', 'schemas', 'replayer', 'backend', 'supervisor', 'frontend', 'scripts'];
const FILES = ['package.json', 'package-lock.json', 'tsconfig.json'];
const ROWS = 6_000;
/** The longest time until an edit takes effect. On an idle machine it takes three seconds. */
const LIVE_MS = 20_000;

describe('npm run dev', function () {
  this.timeout(120_000);
  let dev: Up;
  let redis: Redis;
  let browser: Browser;
  let page: string;
  before(async () => {
    rmSync(copy, { recursive: true, force: true });
    mkdirSync(copy, { recursive: true });
    for (const name of [...COPIED, ...FILES]) cpSync(join(root, name), join(copy, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const data = temporaryFolder();
    mkdirSync(join(data, 'recordings'));
    const rows = Array.from({ length: ROWS }, (_, n) => `${1_700_000_000_000 + n * 10},line ${n}`);
    writeFileSync(join(data, 'recordings', 'lines.csv'), `time,text\n${rows.join('\n')}\n`);
    const config = join(data, 'config.json');
    const services = { clean: { use: 'clean', input: 'lines', output: 'lines.clean' } };
    writeFileSync(config, JSON.stringify({ services }));
    const command = [process.execPath, '--import', 'tsx', 'scripts/dev.ts'];
    const env = { REPRISE_CONFIG: config };
    dev = startUp(['--no-demo', '--port', '0'], { data, env, command, cwd: copy });
    [, page] = (await dev.says(/Page +(\S+)\n/)) as unknown as [string, string];
    const [, port] = await dev.says(/redis-cli -p (\d+)/);
    redis = await connect(`redis://127.0.0.1:${port}`, 'test');
    browser = await startBrowser();
  });
  after(async () => {
    redis?.disconnect();
    await browser?.close();
    await dev?.interrupt();
    rmSync(copy, { recursive: true, force: true });
  });

  const edit = (file: string, change: (text: string) => string) => {
    const path = join(copy, file);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  };
  const replay = async () => JSON.parse((await redis.hget(keys.replays, 'lines'))!) as Replay;
  const events = async (channel: string) =>
    (await redis.xrange(keys.log(channel), '-', '+')).map(
      ([, fields]) => JSON.parse(fields[1]!) as CloudEvent,
    );
  const latest = async (channel: string) => {
    const [entry] = await redis.xrevrange(keys.log(channel), '+', '-', 'COUNT', 1);
    return entry && (JSON.parse(entry[1][1]!) as CloudEvent);
  };

  it('runs an edited service and an edited replayer at once; the replay goes on without a gap or a duplicate', async () => {
    // The port of the page passes requests to the API.
    const response = await fetch(`${page}/api/v1/replays`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'lines', recordings: [{ id: 'lines.csv', channel: 'lines' }] }),
    });
    assert.equal(response.status, 201, await response.text());
    await eventually('the service to derive', async () => (await latest('lines.clean')) !== undefined);
    edit('backend/analysis/services/clean.ts', (text) =>
      text.replace('...this.#clean(text) }', "...this.#clean(text), text: 'edited' }"),
    );
    await eventually(
      'its new text',
      async () => (await latest('lines.clean'))!.data['text'] === 'edited',
      LIVE_MS,
    );
    const { instance, epoch } = await replay();
    edit('replayer/playing/pass.ts', (text) => `${text}\n// Edited.\n`);
    await eventually('another replayer', async () => (await replay()).instance !== instance, LIVE_MS);
    // Nothing imports a new file of a registry yet.
    const clean = readFileSync(join(copy, 'backend/analysis/services/clean.ts'), 'utf8');
    writeFileSync(
      join(copy, 'backend/analysis/services/copied.ts'),
      clean.replace("name: 'clean'", "name: 'copied'"),
    );
    await dev.says(/copied\.ts changed: restarting the analysis\./);
    await fetch(`${page}/api/v1/replays/lines`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ rate: 'max' }),
    });
    await eventually('the end', async () => (await replay()).state === 'ended', 60_000);
    await eventually('all of it derived', async () => (await latest('lines.clean'))!.offset >= ROWS, 60_000);
    for (const channel of ['lines', 'lines.clean']) {
      const all = await events(channel);
      assert.deepEqual(
        all.map((event) => [event.epoch, event.offset]),
        Array.from({ length: ROWS }, (_, n) => [epoch, n + 1]),
      );
    }
    assert.ok((await events('lines')).every(({ data }, n) => data['text'] === `line ${n}`));
  });

  it('shows an edited panel without loading the page again', async () => {
    const tab = await browser.newPage();
    await tab.goto(page);
    await tab.waitForSelector('[data-testid=position]', { timeout: 60_000 });
    await tab.evaluate('window.loadedOnce = true');
    edit('frontend/src/panels/timeline/Transport.svelte', (text) => `${text}\n<p id="edited">Edited</p>\n`);
    await tab.waitForSelector('#edited', { timeout: LIVE_MS });
    assert.equal(await tab.evaluate('window.loadedOnce'), true);
  });
});
