import assert from 'node:assert/strict';
import { spawn, execFile, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keys } from '../../core/wire/keys.ts';
import { duplicate, type Redis } from '../../core/redis/connection.ts';
import { channelSpec } from '../../core/wire/channels.ts';
import { processInstance } from '../../core/redis/presence.ts';
import { Requester } from '../../core/redis/requests.ts';
import { ChannelWriter } from '../../core/writing/writer.ts';
import { McapRecording } from '../../replayer/mcap/reading/mcap-recording.ts';
import { readSummary } from '../../replayer/mcap/reading/summary.ts';
import { TextRecording } from '../../replayer/reading/text-recording.ts';
import type { Recorder as RecorderDocument } from '../../schemas/types.ts';
import { eventually } from '../helpers/wait.ts';
import { withRedis } from '../helpers/with-redis.ts';

const bin = fileURLToPath(new URL('../../bin/reprise.js', import.meta.url));

interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}
interface Report {
  files: string[];
  messages: number;
  filled: number;
  lost: number;
  stopped: string;
}

describe('reprise record', function () {
  // Slow, because each command is a process of its own.
  this.timeout(60_000);
  let redis: Redis;
  let url: string;
  withRedis((connected) => ({ redis, url } = connected));
  let folder: string;
  const running = new Set<ChildProcess>();
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reprise-record-'));
  });
  after(async () => {
    for (const child of running) child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  const env = () => ({ ...process.env, REDIS_URL: url });

  function reprise(...args: string[]): Promise<Result> {
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [bin, ...args],
        { env: env(), maxBuffer: 1 << 24 },
        (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });
  }

  /** Starts a recorder and waits until it listens. `end` stops it and returns its report. */
  async function record(...args: string[]) {
    const child = spawn(process.execPath, [bin, 'record', '--json', ...args], { env: env() });
    running.add(child);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    const exited = new Promise<Result>((resolve) =>
      child.once('exit', (code) => {
        running.delete(child);
        resolve({ code, stdout, stderr });
      }),
    );
    await eventually('the recorder', () => stderr.includes('Recording'));
    return {
      child,
      exited,
      said: () => stderr,
      async end(signal: NodeJS.Signals | null = 'SIGINT'): Promise<{ code: number | null; report: Report }> {
        if (signal) child.kill(signal);
        const { code, stdout } = await exited;
        return { code, report: JSON.parse(stdout) as Report };
      },
    };
  }

  function writer(channel: string): ChannelWriter {
    return new ChannelWriter(redis, channelSpec(channel), { source: '/test' });
  }

  function rows(count: number, from = 0) {
    return Array.from({ length: count }, (_, i) => ({
      timeMs: 1_577_218_887_000 + (from + i) * 7 + 0.25,
      subject: `truck-${i % 3}`,
      data: `{"n":${from + i},"note":"caf\u00e9 \\u00e9","x":1.50}`,
    }));
  }

  async function heard(pattern: string, count: number, work: () => Promise<unknown>): Promise<string[]> {
    const listener = duplicate(redis);
    const messages: string[] = [];
    listener.on('pmessage', (_pattern, _channel, message: string) => messages.push(message));
    await listener.psubscribe(pattern);
    await work();
    await eventually(`${count} messages`, () => messages.length >= count);
    listener.disconnect();
    return messages;
  }

  it('records events that are the same on the wire when they are replayed, except for the replay and the time', async () => {
    const path = join(folder, 'trip.mcap');
    const recorder = await record('rec.*', '-o', path);
    const [a, b] = [writer('rec.a'), writer('rec.b')];
    const before = await heard('rec.*', 500, async () => {
      for (let i = 0; i < 10; i++) {
        await a.emit(rows(40, i * 40));
        await b.emit(rows(10, i * 40));
      }
    });
    const { code, report } = await recorder.end();
    assert.deepEqual([code, report.messages, report.lost, report.stopped], [0, 500, 0, 'asked']);

    // The file holds exactly what was on the wire.
    const { summary } = await McapRecording.open(path);
    assert.equal(summary.channels.size, 6);
    const after = await heard('rec.*', 500, async () => {
      const { code, stderr } = await reprise('play', path, '--rate', 'max', '--json');
      assert.equal(code, 0, stderr);
    });
    const plain = (message: string) =>
      message
        .replace(/"id":"([^/]+)\/\d+\/(\d+)","source":"[^"]+"/, '"id":"$1/$2"')
        .replace(/"epoch":\d+,/, '')
        .replace(/"replay":"[^"]+",/, '')
        .replace(/"sent":"[^"]+",/, '');
    const sorted = (messages: string[]) => messages.map(plain).sort();
    assert.deepEqual(sorted(after), sorted(before));
    assert.ok(after.every((message) => message.includes('"replay":')));
  });

  it('records any message unchanged, also bare data and text that is not JSON', async () => {
    const path = join(folder, 'bare.ndjson');
    const recorder = await record('bare', '-o', path);
    for (const message of ['{"a": 1.0}', 'on', '[1,2]']) await redis.publish('bare', message);
    await eventually('the lines', () => existsSync(path) && stat(path).then(({ size }) => size > 15));
    assert.equal((await recorder.end()).report.messages, 3);
    assert.equal(await readFile(path, 'utf8'), '{"a": 1.0}\non\n[1,2]\n');
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
      ...{ channel: 'hole', epoch: 1, from: 3, to: 3 },
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

  it('records the state that a replay restores after a seek, and does not replay it as new data', async () => {
    const source = join(folder, 'moved.ndjson');
    const given = rows(90).map(({ timeMs, subject, data }) =>
      JSON.stringify({ ...(JSON.parse(data) as object), subject, time: Math.floor(timeMs) }),
    );
    await writeFile(source, `${given.join('\n')}\n`);
    const path = join(folder, 'moved.mcap');
    const recorder = await record('moved', '-o', path);
    const middle = new Date(1_577_218_887_000 + 60 * 7).toISOString();
    const args = ['--channel', 'moved', '--subject', 'subject', '--rate', 'max'];
    const { code, stderr } = await reprise('play', source, ...args, '--start', middle);
    assert.equal(code, 0, stderr);
    assert.equal((await recorder.end()).report.messages, 33, 'all that was on the wire');
    const recording = await McapRecording.open(path);
    assert.deepEqual([recording.count, recording.startMs], [30, Date.parse(middle)]);
    assert.deepEqual(await recording.latestBefore(recording.startMs), []);

    // The same recording as lines.
    const wire = (await redis.xrange(keys.log('moved'), '-', '+')).map(([, fields]) => fields[1]!);
    const lines = join(folder, 'moved-lines.ndjson');
    await writeFile(lines, `${wire.join('\n')}\n`);
    const read = await TextRecording.open(lines);
    assert.deepEqual([read.count, read.filtered, read.startMs], [30, 3, Date.parse(middle)]);

    const { stdout } = await reprise('play', path, '--rate', 'max', '--json');
    const { start, counts } = JSON.parse(stdout) as { start: string; counts: { [name: string]: number } };
    assert.deepEqual([start, counts['published'], counts['filtered'], counts['refused']], [middle, 30, 3, 0]);
    const played = (await redis.xrange(keys.log('moved'), '-', '+')).map(([, fields]) => fields[1]!);
    assert.equal(played.filter((event) => event.includes('"restored":true')).length, 3, 'those of before');
    assert.equal(played.length, 63);
  });

  it('plays logs, and recordings of lines, as the events in them', async () => {
    await writer('lines').emit(rows(40));
    const wire = async (channel: string) =>
      (await redis.xrange(keys.log(channel), '-', '+')).map(([, fields]) =>
        fields[1]!.replace(/^.*?"subject"/, '').replace(/,"epoch".*?"data"/, ''),
      );
    const lines = (await redis.xrange(keys.log('lines'), '-', '+')).map(([, fields]) => fields[1]!);
    const expected = await wire('lines');
    const copied = await reprise('play', `redis:${keys.log('lines')}`, '--channel', 'copy', '--rate', 'max');
    assert.equal(copied.code, 0, copied.stderr);
    assert.deepEqual(await wire('copy'), expected);
    const path = join(folder, 'lines.ndjson');
    await writeFile(path, `${lines.join('\n')}\n`);
    await redis.flushall();
    const played = await reprise('play', path, '--rate', 'max');
    assert.match(played.stdout, /^40 events on lines; no row refused/);
    assert.deepEqual(await wire('lines'), expected);
  });

  it('plays a converted file like the original', async () => {
    const csv = join(folder, 'trip.csv');
    const lines = Array.from(
      { length: 50 },
      (_, i) => `${1_577_218_887 + ((i * 7) % 50)},truck-${i % 3},52.50,13.${i}`,
    );
    await writeFile(csv, `timestamp,vehicle_id,latitude,longitude\n${lines.join('\n')}\nsoon,truck-1,1,1\n`);
    const mcap = join(folder, 'converted.mcap');
    const converted = await reprise('convert', csv, mcap, '--json');
    assert.equal(converted.code, 3, converted.stderr);
    const report = JSON.parse(converted.stdout) as { messages: number; refusals: { line: number }[] };
    assert.deepEqual([report.messages, report.refusals.map(({ line }) => line)], [50, [52]]);
    const data = async (path: string) => {
      await redis.flushall();
      await reprise('play', path, '--rate', 'max');
      const entries = await redis.xrange(keys.log('gps'), '-', '+');
      return entries.map(([, fields]) =>
        fields[1]!.replace(/^.*"subject"/, '').replace(/"replay".*"data"/, ''),
      );
    };
    const played = await data(mcap);
    assert.equal(played.length, 50);
    assert.deepEqual(played, await data(csv));
    for (const out of ['again.csv', 'again.ndjson.gz']) {
      assert.equal((await reprise('convert', mcap, join(folder, out))).code, 0);
      const known = (events: string[]) =>
        events.map((event) => JSON.stringify(event).replace('52.50', '52.5'));
      assert.deepEqual(known(await data(join(folder, out))), known(played));
    }
  });
});
