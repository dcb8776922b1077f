import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { root } from '../../core/runtime/root.mjs';
import { findPython } from '../../scripts/python.mjs';
import type { CloudEvent, LogRecord, PipelineStatus, System, Trace } from '../../schemas/types.ts';
import { startUp } from '../helpers/up.ts';
import { eventually } from '../helpers/wait.ts';

const run = promisify(execFile);
const POSTS = 1_000;
/** A person would let it run for ten seconds. The tests wait for events, so a shorter time gives the same results. */
const STOPPED_MS = 3_000;
const PIPELINE = {
  steps: [
    { service: 'language' },
    { outside: 'words', params: { long_word_letters: 6 } },
    { service: 'sentiment' },
  ],
};

describe('a new user', function () {
  this.timeout(120_000);
  let words: ChildProcess | null = null;

  after(async () => {
    if (!words || words.exitCode !== null) return;
    const gone = once(words, 'exit');
    words.kill('SIGKILL');
    await gone;
  });

  it('puts a pipeline together over curl, stops and starts its middle, saves, loses and restores it all', async function () {
    const python = findPython();
    // The hook has reported the reason.
    if (!python) return this.skip();
    const up = startUp(['--no-demo', '--port', '0']);
    const [, url] = await up.says(/Page +(http:\/\/127\.0\.0\.1:\d+)\n/);
    const [, port] = await up.says(/redis-cli -p (\d+) subscribe gps\n/);
    const file = join(root, 'examples', 'python-service', 'words.py');
    const env = { ...python.env, REDIS_URL: `redis://127.0.0.1:${port}` };
    words = spawn(python.program, [file], { env, stdio: 'inherit' });

    /** Runs `curl -X METHOD path -d body`, as a person types it. */
    async function curl<T>(method: string, path: string, body?: object): Promise<T> {
      const data = body ? ['-H', 'content-type: application/json', '--data-binary', '@-'] : [];
      const args = ['-sS', '--fail-with-body', '-X', method, ...data, `${url}/api/v1${path}`];
      const running = run('curl', args, { maxBuffer: 1 << 26 });
      // If nothing listens, curl ends before it reads its input, and reports that itself.
      running.child.stdin!.on('error', () => {});
      running.child.stdin!.end(body ? JSON.stringify(body) : '');
      const { stdout } = await running.catch((error: { stdout: string; message: string }) =>
        assert.fail(`${method} ${path}: ${error.message} ${error.stdout}`),
      );
      return JSON.parse(stdout) as T;
    }
    const send = (from: number, count: number) =>
      curl<{ accepted: number; traces: string[] }>(
        'POST',
        '/pipelines/read/events',
        Array.from({ length: count }, (_, i) => ({
          specversion: '1.0',
          subject: `post ${from + i}`,
          data: { text: `What a wonderful morning in Lisbon, number ${from + i}!` },
        })),
      );
    const status = () => curl<PipelineStatus>('GET', '/pipelines/read');
    const results = async () => (await status()).results.count;

    await curl('PUT', '/pipelines/read', PIPELINE);
    await eventually('the Python service', async () => (await status()).steps[1]!.state === 'running');
    const { accepted, traces } = await send(0, POSTS / 2);
    assert.equal(accepted, POSTS / 2);
    await eventually('half of the results', async () => (await results()) === POSTS / 2, 30_000);

    const { items } = await curl<{ items: CloudEvent[] }>('GET', '/channels/read/history?limit=1');
    const [{ data, pipeline, subject }] = items as [CloudEvent];
    assert.deepEqual([pipeline, subject, data['language']], ['read', `post ${POSTS / 2 - 1}`, 'en']);
    assert.deepEqual([data['words'], data['sentences'], data['sentiment']], [8, 1, 'positive']);
    const trace = await eventually('the trace', async () => {
      const found = await curl<Trace>('GET', `/traces/${traces[0]}`);
      return found.status === 'finished' ? found : null;
    });
    assert.deepEqual(
      trace.services.filter((service) => service !== 'api'),
      ['read.language', 'words', 'read.sentiment'],
    );
    const logs = await curl<{ items: LogRecord[] }>('GET', '/logs');
    assert.ok(logs.items.length > 0 && !/Lisbon/.test(JSON.stringify(logs)));

    await curl('PATCH', '/services/words', { state: 'stopped' });
    await eventually('it is stopped', async () => (await status()).steps[1]!.state === 'stopped');
    await delay(1_000); // It may have heard of it a moment before it said so.
    await send(POSTS / 2, POSTS / 2);
    await delay(STOPPED_MS);
    const waiting = await status();
    assert.deepEqual([waiting.steps[1]!.lag, waiting.results.count], [POSTS / 2, POSTS / 2]);
    await curl('PATCH', '/services/words', { state: 'running' });
    await eventually('all results', async () => (await results()) >= POSTS, 30_000);
    const all = await curl<{ items: CloudEvent[] }>('GET', `/channels/read/history?limit=${POSTS}`);
    assert.equal(new Set(all.items.map((event) => event.subject)).size, POSTS, 'nothing lost');
    assert.equal(await results(), POSTS, 'nothing doubled');

    const system = await curl<System>('GET', '/system');
    await run('redis-cli', ['-p', port!, 'FLUSHALL']);
    await eventually('it is all gone', async () => {
      const { items: left } = await curl<{ items: { name: string }[] }>('GET', '/pipelines');
      return !left.some(({ name }) => name === 'read');
    });
    await curl('PUT', '/system', system);
    const post = { text: 'Still a wonderful morning.' };
    const again = await curl<{ results: (CloudEvent | null)[] }>(
      'POST',
      '/pipelines/read/events?wait=20',
      post,
    );
    assert.deepEqual([again.results[0]?.data['words'], again.results[0]?.data['sentiment']], [4, 'positive']);

    const gone = once(words, 'exit');
    words.kill('SIGTERM');
    assert.deepEqual(await gone, [0, null]);
    const { items: left } = await curl<{ items: { name: string }[] }>('GET', '/services');
    assert.ok(!left.some(({ name }) => name === 'words'), 'it has said goodbye');
    assert.equal(await up.interrupt(), 0);
  });
});
