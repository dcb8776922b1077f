import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keys } from '../../core/wire/keys.ts';
import { duplicate, type Redis } from '../../core/redis/connection.ts';
import { channelSpec } from '../../core/wire/channels.ts';
import { ChannelWriter } from '../../core/writing/writer.ts';
import { McapRecording } from '../../replayer/mcap/reading/mcap-recording.ts';
import { TextRecording } from '../../replayer/reading/text-recording.ts';
import { killRecorders, recordedRows as rows, runReprise, startRecorder } from '../helpers/recorder.ts';
import { eventually } from '../helpers/wait.ts';
import { withRedis } from '../helpers/redis.ts';

describe('what reprise record has written', function () {
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
        fields[1]!
          .replace(/^.*"subject"/, '')
          .replace(/"epoch":\d+,/, '')
          .replace(/"replay".*"data"/, ''),
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
