import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from '../../core/runtime/root.mjs';
import { changedFiles, follow, readRecipes, scratchCopy } from '../helpers/recipes.ts';
import { startBrowser } from '../helpers/browser.ts';
import { startRedis } from '../helpers/redis.ts';
import { startUp } from '../helpers/up.ts';
import { eventually } from '../helpers/wait.ts';

/** Files that `npm run types` and `npm run docs` write. */
const GENERATED =
  /^(schemas\/types\.ts|backend\/api\/stores\/recordings\/recording-endings\.json|docs\/(configuration|command-line|service-reference)\.md)$/;
const JSON_TYPE = { 'Content-Type': 'application/json' };
const PATH = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env['PATH']}`;

describe('The recipes of CONTRIBUTING.md', function () {
  this.timeout(300_000);
  const recipes = readRecipes();
  let copy = '';

  before(() => {
    copy = scratchCopy();
    for (const recipe of recipes) follow(recipe, copy);
    run('tsx', 'scripts/types.ts');
    run('tsx', 'scripts/docs.ts');
  });
  after(() => rmSync(copy, { recursive: true, force: true }));

  /** Runs a program in the copy and returns its output. */
  function run(program: string, ...args: string[]): string {
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd: copy,
      encoding: 'utf8',
      env: { ...process.env, PATH, NO_COLOR: '1' },
    });
    assert.equal(status, 0, `${program} ${args.join(' ')}\n${stdout}\n${stderr}`);
    return stdout;
  }

  it('take as many files as they say', () => {
    const counted = recipes.map(({ title, blocks }) => [title, new Set(blocks.map(({ path }) => path)).size]);
    assert.ok(recipes.length >= 13);
    assert.deepEqual(
      counted,
      recipes.map(({ title, fileCount }) => [title, fileCount]),
    );
  });

  it('change no other file', () => {
    const named = new Set(recipes.flatMap(({ blocks }) => blocks.map(({ path }) => path)));
    const others = changedFiles(copy).filter((file) => !named.has(file) && !GENERATED.test(file));
    assert.deepEqual(others, []);
  });

  for (const check of ['types', 'layers', 'dead', 'generated', 'prose']) {
    it(`pass the check of ${check}`, () => void run('npm', 'run', '--silent', `check:${check}`));
  }

  it('pass the checks of format and lint', () => {
    const files = changedFiles(copy).filter((file) => /\.(ts|js|svelte|json)$/.test(file));
    run('prettier', '--check', ...files);
    run('eslint', ...files.filter((file) => !/\.json$|^schemas\/types\.ts$/.test(file)));
  });

  it('pass the suites that find what they add', () => {
    const suites = [
      'contract/formats',
      'contract/schemas',
      'contract/docs',
      'backend/api/api-docs',
      'backend/api/check',
      'backend/api/endpoints',
      'backend/analysis/windows',
    ].map((suite) => `test/${suite}.test.ts`);
    const output = run('mocha', '--exit', '--parallel', '--jobs=2', ...suites);
    assert.match(output, /format query/);
    assert.match(output, /API: documents/);
  });

  it('work: the command, the benchmark and the Lua function answer', async () => {
    assert.equal(run('node', 'bin/reprise.js', 'greet', 'Ada'), 'Hello Ada.\n');
    assert.match(run('tsx', 'bench/support/run.ts', 'nothing'), /"ratio":1/);
    const redis = await startRedis();
    try {
      const program = `
        import { connect, callFunction } from './core/redis/connection.ts';
        import { FUNCTIONS } from './core/lua/functions.ts';
        const redis = await connect('${redis.url}', 'test');
        console.log(await callFunction(redis, 'repeated', [], FUNCTIONS.repeated.encode({ text: 'ab', times: 2 })));
        redis.disconnect();`;
      assert.match(run('tsx', '--input-type=module', '--eval', program), /abab/);
    } finally {
      await redis.stop();
    }
  });

  it('work: noun, endpoint, task, service, aggregate, panel and page are there', async () => {
    run('vite', 'build', 'frontend', '--logLevel', 'warn');
    const up = startUp(['--no-demo', '--port', '0'], {
      command: ['node', join(copy, 'bin', 'reprise.js'), 'up'],
    });
    const browser = await startBrowser();
    try {
      const [, url = ''] = await up.says(/Page +(http:\/\/\S+)\n/);
      const call = async (path: string, body?: object): Promise<unknown> => {
        const init = body && { method: 'POST', body: JSON.stringify(body), headers: JSON_TYPE };
        return (await fetch(url + path, init)).json();
      };
      assert.deepEqual(await call('/api/v1/greetings?name=Ada'), { text: 'Hello Ada.' });
      assert.equal(await call('/hello'), 'Hello.');
      const { id } = (await call('/api/v1/tasks', { kind: 'double', params: { value: 21 } })) as {
        id: string;
      };
      await eventually('the task is done', async () => {
        const { result } = (await call(`/api/v1/tasks/${id}`)) as { result?: { value: number } };
        return result?.value === 42;
      });
      const kinds = (await call('/api/v1/service-kinds')) as { items: { name: string }[] };
      assert.ok(kinds.items.some(({ name }) => name === 'shout'));
      const page = await browser.newPage();
      await page.goto(url);
      await page.locator('#panel-rates h2').waitFor({ timeout: 60_000 });
      await page.goto(`${url}/about`);
      await page.getByText('This is Reprise.').waitFor();
    } finally {
      await browser.close();
      await up.interrupt();
    }
  });
});
