import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { services } from '../../core/redis/presence.ts';
import { connect, type Redis } from '../../core/redis/connection.ts';
import { keys } from '../../core/wire/keys.ts';
import { running } from '../../core/settings/settings.ts';
import type { Config, Task } from '../../schemas/types.ts';
import { roleNames, type RoleName } from '../../supervisor/roles.ts';
import { startUp, temporaryFolder, type Up } from '../helpers/up.ts';
import { eventually } from '../helpers/wait.ts';

const STALL_LIMIT_MS = 4_000;

const config: Config = {
  plugins: ['./test/fixtures/plugins/stuck.js'],
  stallLimitMs: STALL_LIMIT_MS,
  endpoints: [
    { method: 'GET', path: '/block', action: 'block', ms: STALL_LIMIT_MS / 2 },
    { method: 'GET', path: '/block-for-good', action: 'block', ms: 1e9 },
  ],
};

describe('a role that stands still', function () {
  this.timeout(180_000);
  let up: Up;
  let redis: Redis;
  let url: string;

  before(async () => {
    const data = temporaryFolder();
    const file = join(data, 'config.json');
    writeFileSync(file, JSON.stringify(config));
    up = startUp(['--no-demo', '--port', '0'], { data, env: { REPRISE_CONFIG: file } });
    await up.says(/Reprise is up\.\n[^]*Ctrl-C/);
    const noted = running(data)!;
    url = noted.url;
    redis = await connect(noted.redisUrl, 'test');
  });

  after(async () => {
    redis?.disconnect();
    await up?.interrupt();
  });

  const pidOf = async (role: RoleName) => {
    const found = await eventually(`the ${role}`, async () =>
      (await services(redis)).find((service) => service.role === role && service.state === 'running'),
    );
    return found.pid!;
  };

  /** Settles when a role runs in another process than before. */
  async function back(role: RoleName, before: number): Promise<void> {
    await up.says(new RegExp(`The ${role} process is back\\.`));
    await eventually('another process', async () => (await pidOf(role)) !== before, 60_000);
  }

  it('for less than the limit is left alone', async () => {
    const before = await pidOf('api');
    const answer = (await (await fetch(`${url}/block`)).json()) as { pid: number };
    assert.equal(answer.pid, before);
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    assert.equal(await pidOf('api'), before);
  });

  it('in an endless loop is started again, and says why it ended', async () => {
    const before = await pidOf('api');
    await assert.rejects(fetch(`${url}/block-for-good`));
    const reason =
      /api {2}The api process ended \(SIGKILL\): The event loop of the api process has stood still for \d\.\d s\..* Starting it again in 0\.25 s\./;
    await up.says(reason);
    await back('api', before);
    assert.match(readFileSync(join(up.data, 'logs', 'supervisor.log'), 'utf8'), /has stood still for/);
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
  });

  it('because of a task runs this task once more and then fails it; the tasks beside it succeed', async () => {
    const before = await pidOf('tasks');
    const ask = async (blocks: boolean) => {
      const body = JSON.stringify({ kind: 'wait', params: { ms: 500, blocks } });
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${url}/api/v1/tasks`, { method: 'POST', headers, body });
      return ((await answer.json()) as Task).id;
    };
    const [stuck, innocent] = await Promise.all([ask(true), ask(false)]);
    const end = (id: string) =>
      eventually(
        'the end of the task',
        async () => {
          const task = (await (await fetch(`${url}/api/v1/tasks/${id}`)).json()) as Task;
          return task.finished === null ? null : task;
        },
        90_000,
      );
    const failed = await end(stuck);
    assert.equal(failed.state, 'failed');
    assert.equal(failed.problem?.code, 'task_stuck');
    assert.match(failed.error!, /stand still for 4000 ms \(REPRISE_STALL_LIMIT_MS\), 2 times/);
    assert.equal((await end(innocent)).state, 'succeeded');
    assert.equal(await redis.exists(keys.stuckTasks), 0);
    assert.match(up.output(), new RegExp(`Task ${stuck} \\(wait\\) has let the event loop stand still`));
    assert.doesNotMatch(up.output(), new RegExp(`Task ${innocent}`));
    assert.notEqual(await pidOf('tasks'), before);
  });

  for (const role of ['analysis', 'replayer', 'tasks'] as const)
    it(`because it is stopped is started again: ${role}`, async () => {
      const before = await pidOf(role);
      process.kill(before, 'SIGSTOP');
      await up.says(
        new RegExp(
          `${role} {2}The ${role} process ended \\(it did not answer for \\d+ s\\)\\. Starting it again in 0\\.25 s\\.`,
        ),
      );
      await back(role, before);
    });

  it('together with its supervisor, as when a laptop sleeps, is left alone when both wake', async () => {
    const before = await Promise.all(roleNames.map(pidOf));
    const analysis = await pidOf('analysis');
    process.kill(up.child.pid!, 'SIGSTOP');
    process.kill(analysis, 'SIGSTOP');
    await delay(STALL_LIMIT_MS * 1.5);
    process.kill(up.child.pid!, 'SIGCONT');
    // The supervisor looks several times before the role wakes.
    await delay(1_000);
    process.kill(analysis, 'SIGCONT');
    await delay(1_000);
    assert.deepEqual(await Promise.all(roleNames.map(pidOf)), before);
  });
});
