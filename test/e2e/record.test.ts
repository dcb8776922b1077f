import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keys } from '../../core/wire/keys.ts';
import type { Redis } from '../../core/redis/connection.ts';
import { channelSpec } from '../../core/wire/channels.ts';
import { processInstance } from '../../core/redis/presence.ts';
import { Requester } from '../../core/redis/requests.ts';
import { ChannelWriter } from '../../core/writing/writer.ts';
import { McapRecording } from '../../replayer/mcap/reading/mcap-recording.ts';
import { readSummary } from '../../replayer/mcap/reading/summary.ts';
import type { Recorder as RecorderDocument } from '../../schemas/types.ts';
import { killRecorders, recordedRows as rows, runReprise, startRecorder } from '../helpers/recorder.ts';
import { eventually } from '../helpers/wait.ts';
import { withRedis } from '../helpers/redis.ts';

describe('reprise record', function () {
  // Slow, because each command is a process of its own.
  this.timeout(60_000);
  let redis: Redis;
  let url: string;
  withRedis((connected) => ({ redis, url } = connected));
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'reprise-record-'))));
  after(async () => {
    killRecorders();
    await rm(folder, { recursive: true });
  });

  const reprise = (...args: string[]) => runReprise(url, args);
  const record = (...args: string[]) => startRecorder(url, args);
  const writer = (channel: string) => new ChannelWriter(redis, channelSpec(channel), { source: '/test' });

  it('records any message unchanged, also bare data and text that is not JSON', async () => {
    const path = join(folder, 'bare.ndjson');
    const recorder = await record('bare', '-o', path);
    for (const message of ['{"a": 1.0}', 'on', '[1,2]']) await redis.publish('bare', message);
    await eventually('the lines', () => existsSync(path) && stat(path).then(({ size }) => size > 15));
    assert.equal((await recorder.end()).report.messages, 3);
    const [object, ...wrapped] = (await readFile(path, 'utf8')).trim().split('\n');
    assert.equal(object, '{"a": 1.0}');
    const data = wrapped.map((line) => (JSON.parse(line) as { data: unknown }).data);
    assert.deepEqual(data, [
      { encoding: 'text', base64: Buffer.from('on').toString('base64') },
      { encoding: 'json', base64: Buffer.from('[1,2]').toString('base64') },
    ]);
  });

  it('counts events from before 1970, which MCAP has at the time heard and lines at their own', async () => {
    const event = (n: number, time: string) =>
      `{"specversion":"1.0","id":"old/${n}","source":"/test","type":"old","subject":"s","time":"${time}","data":{"n":${n}}}`;
    const times = ['1969-12-31T23:59:59.999Z', '1970-01-01T00:00:00.000Z', '1812-06-24T00:00:00.000Z'];
    for (const [ending, atTimeHeard] of [
      ['mcap', 2],
      ['ndjson', 0],
    ] as const) {
      const recorder = await record('old', '-o', join(folder, `old.${ending}`), '--stop-after', '3');
      for (const [n, time] of times.entries()) await redis.publish('old', event(n, time));
      const { code, report } = await recorder.end(null);
      assert.deepEqual([code, report.messages, report.atTimeHeard], [0, 3, atTimeHeard]);
    }
  });

  it('fills a gap from the log, and reports one that the log no longer has', async () => {
    const path = join(folder, 'holes.mcap');
    const recorder = await record('hole', '-o', path, '--stop-after', '8');
    const event = (offset: number, data = '{}') =>
      `{"specversion":"1.0","id":"hole/1/${offset}","source":"/test","type":"hole","subject":"s",` +
      `"time":"2020-01-01T00:00:0${offset}.000Z","epoch":1,"offset":${offset},"sent":"2020-01-01T00:00:00.000Z","data":${data}}`;
    await redis.publish('hole', event(1));
    // Written to the log, but never published.
    await redis.xadd(keys.log('hole'), '1-2', 'e', event(2, '{"quiet":true}'));
    await redis.xadd(keys.log('hole'), '1-4', 'e', event(4, '{"quiet":true}'));
    for (const offset of [5, 6, 7, 8, 9]) await redis.publish('hole', event(offset));
    const { code, report } = await recorder.end(null);
    assert.deepEqual(
      [code, report.messages, report.filled, report.lost, report.stopped],
      [3, 8, 2, 1, 'messages'],
    );
    const recording = await McapRecording.open(path);
    const played: [string, number, string][] = [];
    for await (const { block, channels } of recording.rows()) {
      block.records().forEach(({ timeMs, data }, i) => {
        played.push([recording.channels[channels[i]!]!, new Date(timeMs).getUTCSeconds(), data]);
      });
    }
    assert.deepEqual(
      played.filter(([channel]) => channel === 'hole').map(([, second, data]) => `${second} ${data}`),
      ['1 {}', '2 {"quiet":true}', '4 {"quiet":true}', '5 {}', '6 {}', '7 {}', '8 {}', '9 {}'],
    );
    const gap = played.find(([channel]) => channel === 'reprise.gaps')!;
    assert.deepEqual(JSON.parse(gap[2]), {
      channel: 'hole',
      epoch: 1,
      from: 3,
      to: 3,
      reason: 'neither heard nor in the log',
    });
  });

  it('leaves all but the last second to recover when it is killed', async () => {
    const [path, saved] = [join(folder, 'killed.mcap'), join(folder, 'saved.mcap')];
    const recorder = await record('kill', '-o', path);
    const kill = writer('kill');
    await kill.emit(rows(5_000));
    const requester = new Requester(redis);
    const target = `recorder:${processInstance('recorder', recorder.child.pid)}`;
    await eventually('all of it to be in the file', async () => {
      const { messages, bytes } = await requester.ask<RecorderDocument>(target, 'describe', {});
      return messages === 5_000 && (await stat(path)).size === bytes;
    });
    requester.close();
    await kill.emit(rows(100, 5_000));
    recorder.child.kill('SIGKILL');
    await recorder.exited;
    assert.match((await reprise('play', path)).stderr, /recover/);
    const { code, stdout } = await reprise('recover', path, saved, '--json');
    const { recovered, lost } = JSON.parse(stdout) as { recovered: number; lost: boolean };
    assert.deepEqual([code, lost], [3, true]);
    assert.ok(recovered >= 5_000 && recovered <= 5_100, String(recovered));
    const recording = await McapRecording.open(saved);
    let n = 0;
    for await (const { block } of recording.rows())
      for (const { data } of block.records()) assert.equal((JSON.parse(data) as { n: number }).n, n++);
    assert.equal(n, recovered);
  });

  it('begins a new file at a given size, ends at a limit, and says so', async () => {
    const recorder = await record(
      'split',
      '-o',
      join(folder, 'part.mcap'),
      '--split-size',
      '100kB',
      '--max-disk',
      '600kB',
    );
    const split = writer('split');
    let going = true;
    void recorder.exited.then(() => (going = false));
    for (let i = 0; going; i++) {
      const noise = Array.from({ length: 200 }, (_, j) => ({
        ...rows(1, i * 200 + j)[0]!,
        data: `{"noise":"${Math.random()}${Math.random()}"}`,
      }));
      await split.emit(noise);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const { report } = await recorder.end(null);
    assert.equal(report.stopped, 'disk');
    assert.ok(report.files.length >= 2, String(report.files));
    let messages = 0;
    for (const file of report.files) {
      const { statistics } = await readSummary(file);
      assert.ok(statistics!.messages > 0, `${file} is empty`);
      messages += statistics!.messages;
    }
    assert.equal(messages, report.messages);
    const merged = await reprise('merge', ...report.files, join(folder, 'merged.mcap'), '--json');
    assert.equal(merged.code, 0, merged.stderr);
  });

  it('keeps the last second in a ring buffer, and writes it when asked', async () => {
    const recorder = await record('ring', '-o', join(folder, 'ring.mcap'), '--ring', '1s');
    const ring = writer('ring');
    let sent = 0;
    const send = async (count: number) => {
      await ring.emit(rows(count, sent));
      sent += count;
    };
    await send(50);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await eventually('the snapshot', async () => {
      await send(1);
      if (sent === 70) recorder.child.kill('SIGUSR1');
      return recorder.said().includes('Wrote');
    });
    await recorder.end();
    const [name] = readdirSync(folder).filter((file) => file.startsWith('ring-'));
    const kept: number[] = [];
    for await (const { block } of (await McapRecording.open(join(folder, name!))).rows())
      for (const { data } of block.records()) kept.push((JSON.parse(data) as { n: number }).n);
    assert.ok(kept[0]! >= 50, 'what is older than the ring is gone');
    assert.deepEqual(
      kept,
      Array.from(kept, (_, i) => kept[0]! + i),
      'the last is whole',
    );
    assert.ok(kept.at(-1)! < sent && recorder.said().includes(name!));
  });
});
