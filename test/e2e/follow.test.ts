import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../core/runtime/root.mjs';
import { keys } from '../../core/wire/keys.ts';
import type { Redis } from '../../core/redis/connection.ts';
import { eventually } from '../helpers/wait.ts';
import { withRedis } from '../helpers/redis.ts';

describe('reprise play --follow', () => {
  let redis: Redis;
  let url: string;
  withRedis((connected) => ({ redis, url } = connected));
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reprise-follow-'));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });
  const running = new Set<ChildProcess>();
  afterEach(() => running.forEach((child) => child.kill('SIGKILL')));

  function play(...args: string[]) {
    const env = { ...process.env, REDIS_URL: url };
    const child = spawn(process.execPath, ['bin/reprise.js', 'play', ...args], { cwd: root, env });
    running.add(child);
    const output = { stderr: '' };
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const ended = once(child, 'close').then(([code]) => {
      running.delete(child);
      return code as number;
    });
    return { child, ended, output };
  }

  const startMs = Date.parse('2024-05-01T10:00:00Z');
  const rows = (from: number, end: number) =>
    Array.from(
      { length: end - from },
      (_, i) =>
        `${JSON.stringify({ time: new Date(startMs + (from + i) * 10).toISOString(), n: from + i })}\n`,
    ).join('');

  async function numbers(channel: string): Promise<number[]> {
    const entries = await redis.xrange(keys.log(channel), '-', '+');
    return entries.map(([, fields]) => (JSON.parse(fields[1]!) as { data: { n: number } }).data.n);
  }
  const upTo = (end: number) => Array.from({ length: end }, (_, n) => n);
  const havePlayed = (channel: string, end: number, { stderr }: { stderr: string }) =>
    eventually(`${end} events: ${stderr}`, async () => (await numbers(channel)).length >= end);

  for (const rate of ['1', 'max'])
    it(`plays what comes until Ctrl-C, at rate ${rate}`, async () => {
      const channel = `grows-${rate}`;
      const path = join(folder, `${channel}.ndjson`);
      await writeFile(path, rows(0, 3));
      const { child, ended, output } = play(path, '--follow', '--rate', rate, '--channel', channel);
      await havePlayed(channel, 3, output);
      const next = rows(3, 5);
      await appendFile(path, next.slice(0, 30));
      await appendFile(path, next.slice(30));
      await havePlayed(channel, 5, output);
      await appendFile(path, rows(5, 6));
      await rename(path, `${path}.1`);
      await writeFile(path, rows(6, 8));
      await havePlayed(channel, 8, output);
      await writeFile(path, rows(8, 9));
      await havePlayed(channel, 9, output);
      await appendFile(path, '{"n":');
      child.kill('SIGINT');
      assert.equal(await ended, 0, output.stderr);
      assert.deepEqual(await numbers(channel), upTo(9));
      assert.match(output.stderr, /was replaced by a new file/);
      assert.match(output.stderr, /became shorter/);
    });

  it('ends when --duration has passed, although nothing comes', async () => {
    const path = join(folder, 'lasts.ndjson');
    await writeFile(path, rows(0, 3));
    const { ended, output } = play(path, '--follow', '--duration', '1s', '--channel', 'lasts');
    assert.equal(await ended, 0, output.stderr);
    assert.deepEqual(await numbers('lasts'), upTo(3));
  });

  it('refuses several files, and a loop', async () => {
    const path = join(folder, 'lasts.ndjson');
    await writeFile(path, rows(0, 3));
    for (const args of [[path], ['--loop']]) {
      const { ended, output } = play(path, '--follow', ...args);
      assert.notEqual(await ended, 0);
      assert.match(output.stderr, /follow/);
    }
  });

  it('Ctrl-C also ends a replay of standard input that waits for rows', async () => {
    const { child, ended, output } = play('-', '--channel', 'piped', '--reorder', '0s');
    child.stdin.write(rows(0, 3));
    await havePlayed('piped', 2, output);
    child.kill('SIGINT');
    assert.equal(await ended, 0, output.stderr);
  });
});
