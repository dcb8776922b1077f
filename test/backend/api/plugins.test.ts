import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../../core/runtime/root.mjs';
import { loadSettings, type Settings } from '../../../core/settings/settings.ts';
import { ProcessLog } from '../../../core/logging/log.ts';
import { ownRefusal } from '../../../core/problems/errors.ts';
import { Plugins } from '../../../core/plugins/plugins.ts';
import type { Problem } from '../../../schemas/types.ts';
import { eventually } from '../../helpers/wait.ts';
import { ApiWorld } from '../../helpers/api-world.ts';

const main = async (role: string) =>
  (await import(new URL(`../../../backend/${role}/main.ts`, import.meta.url).href)) as {
    serve(settings: Settings): Promise<{ close(): Promise<void> }>;
  };
const reprise = promisify(execFile);
const fixture = (name: string) => `./test/fixtures/plugins/${name}`;

describe('plugins', function () {
  this.timeout(30_000);
  const folder = mkdtempSync(join(tmpdir(), 'reprise-plugins-'));
  const path = join(folder, 'reprise.json');
  after(() => rmSync(folder, { recursive: true }));

  /** The settings of a configuration. */
  const configured = (config: object): Settings => {
    writeFileSync(path, JSON.stringify(config, null, 2));
    return loadSettings({ config: path }, {});
  };
  const partsOf = ({ channels, services, analytics, pipelines, endpoints, plugins, file }: Settings) => ({
    channels,
    services,
    analytics,
    pipelines,
    endpoints,
    plugins,
    file,
  });

  describe('from the example and from a test package', () => {
    let world: ApiWorld;
    const roles: { close(): Promise<void> }[] = [];
    before(async () => {
      const settings = configured({
        plugins: ['./examples/plugin', fixture('everything.ts')],
        channels: { quiet: {} },
        services: { length: { use: 'length', params: { minimum_words: 2 } } },
        endpoints: [
          { method: 'GET', path: '/longest', action: 'longest', channel: 'posts.length', member: 'words' },
          { method: 'GET', path: '/quiet', action: 'longest', channel: 'quiet', member: 'words' },
          {
            method: 'POST',
            path: '/sum',
            action: 'task',
            kind: 'sum',
            params: { numbers: [1, 2, 39] },
            wait: true,
          },
        ],
      });
      world = await ApiWorld.start(partsOf(settings));
      for (const role of ['analysis', 'tasks']) roles.push(await (await main(role)).serve(world.settings));
    });
    after(async () => {
      for (const role of roles) await role.close();
      await world.stop();
    });

    it('a service derives events, and an action answers', async () => {
      assert.equal((await world.call('GET', '/longest')).body.code, 'channel_unknown');
      const texts = ['one', 'one two three', 'one two'];
      await world
        .writer('posts')
        .emit(texts.map((text, i) => ({ timeMs: i, subject: `p${i}`, data: JSON.stringify({ text }) })));
      await eventually(
        'both to have come',
        async () => (await world.redis.hlen('reprise:state:posts.length')) === 2,
      );
      const { status, body } = await world.call('GET', '/longest');
      assert.deepEqual([status, body], [200, { subject: 'p1', words: 3, characters: 13 }]);
      const { paths } = (await world.get('/openapi.json')).body;
      assert.match(paths['/longest'].get.responses[200].description, /largest value/);
      const channel = (await world.get('/channels/posts.length')).body;
      assert.equal(channel.schema, '/api/v1/schemas/channels/posts.length');
      assert.equal((await world.get('/schemas/channels/posts.length')).body.required[0], 'words');
    });

    it('an action refuses with a code of its own, which the documentation has a place for', async () => {
      const { status, body } = await world.call('GET', '/quiet');
      assert.deepEqual(
        [status, body.code, body.title, body.type],
        [404, 'nothing_yet', 'Nothing yet', '/docs/problems#other'],
      );
      assert.throws(() => ownRefusal('Not Found', 404, ''), /"Not Found" is not a valid problem code/);
      assert.throws(() => ownRefusal('gone', 200, ''), /200 is not a valid problem status/);
      assert.equal(ownRefusal('channel_unknown', 400, '').status, 404);
    });

    it('a service is checked like a built-in one', async () => {
      const wrong = { use: 'length', params: { minimum_words: 'many' } };
      const refused = await world.call('PUT', '/api/v1/services/other', { body: wrong });
      assert.deepEqual([refused.status, refused.body.code], [422, 'config_invalid']);
      assert.match(refused.body.detail, /minimum_words must be integer/);
    });

    it('a task runs, and its parameters are checked', async () => {
      assert.deepEqual((await world.call('POST', '/sum')).body, { sum: 42 });
      const refused = await world.post('/tasks', { kind: 'sum', params: { numbers: 'all' } });
      assert.equal(refused.body.code, 'task_params');
      const kinds = (await world.get('/tasks/kinds')).body.items as { kind: string; description?: string }[];
      assert.equal(kinds.find(({ kind }) => kind === 'sum')?.description, 'Adds numbers up.');
    });

    it('a log sink gets every line, even if it throws', async () => {
      const plugins = await Plugins.load([fixture('everything.ts')], { error: assert.fail });
      const { lines } = await import('../../fixtures/plugins/everything.ts');
      const logs = new ProcessLog('test', { ...world.settings, logLevel: 'info' }, join(folder, 'log'));
      logs.add(plugins.added('logSinks'));
      for (const message of ['one', 'two']) logs.log.info(message);
      await eventually('both lines', () => lines.length === 2);
      assert.deepEqual(
        lines.map(({ level, service, message }) => [level, service, message]),
        [
          ['info', 'test', 'one'],
          ['info', 'test', 'two'],
        ],
      );
      await logs.close();
    });

    it('a format is read by the command line', async () => {
      const file = join(folder, 'speeds.pairs');
      writeFileSync(file, '2026-05-04T07:00:00Z=3\n2026-05-04T07:00:10Z=5\n');
      const env = { ...process.env, REPRISE_CONFIG: path };
      const { stdout } = await reprise(
        process.execPath,
        [join(root, 'bin/reprise.js'), 'info', file, '--json'],
        { env },
      );
      const info = JSON.parse(stdout);
      assert.equal(info.end, '2026-05-04T07:00:10.000Z', stdout);
    });

    it('plugins that fail are named, and everything else works', async () => {
      const names = [
        fixture('throws.js'),
        fixture('nothing.js'),
        './no/such',
        fixture('clashes.js'),
        'no-such-package',
      ];
      const endpoints = ['half', 'fine', 'state'].map((action) => ({
        method: 'GET',
        path: `/${action}`,
        action,
        ...(action === 'state' && { channel: 'gps' }),
      }));
      const settings = configured({ plugins: names, endpoints });
      const serve = (await main('api')).serve as (
        given: Settings,
      ) => Promise<{ close(): Promise<void>; url: string }>;
      const api = await serve({ ...world.settings, ...partsOf(settings) });
      const call = async (place: string) => {
        const answer = await fetch(api.url + place);
        return { status: answer.status, body: (await answer.json()) as Problem };
      };
      try {
        const half = await call('/half');
        assert.deepEqual([half.status, half.body.code], [503, 'plugin_failed']);
        assert.match(half.body.detail!, /throws\.js failed: no licence\./);
        assert.equal((await call('/fine')).body, 'fine');
        assert.equal((await call('/state')).body.code, 'channel_unknown');
      } finally {
        await api.close();
      }
      const check = reprise(process.execPath, [
        join(root, 'bin/reprise.js'),
        'check',
        'config',
        path,
        '--json',
      ]);
      const { stdout } = await check.catch((error: { stdout: string }) => error);
      const found = (JSON.parse(stdout) as { what: string; problems: string[] }[]).filter(({ what }) =>
        what.startsWith('plugin'),
      );
      assert.deepEqual(
        found.map(({ problems }) => problems.length),
        [1, 1, 1, 1, 1],
      );
      assert.match(found[3]!.problems[0]!, /"state" already exists among the actions/);
    });
  });
});
