import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { keys } from '../../core/wire/keys.ts';
import type { Redis } from '../../core/redis/connection.ts';
import { describe as describeRecording } from '../../replayer/files/describe.ts';
import { LinesFile } from '../../replayer/record/lines-sink.ts';
import { McapFile, type RecordSink } from '../../replayer/record/mcap-sink.ts';
import { RingBuffer } from '../../replayer/record/ring-buffer.ts';
import { Recorder } from '../../replayer/record/recorder.ts';
import { SplitFile } from '../../replayer/record/split-file.ts';
import { wireMessage } from '../../replayer/record/wire-message.ts';
import { startRecorder, killRecorders } from '../helpers/recorder.ts';
import { withRedis } from '../helpers/redis.ts';
import { smallDisk } from '../helpers/small-disk.ts';
import { eventually } from '../helpers/wait.ts';

let n = 0;
/** A message that hardly gets smaller when it is packed. */
const text = () => `{"n":${n++},"noise":"${randomBytes(600).toString('base64')}"}`;
const create = (path: string): Promise<RecordSink> =>
  path.endsWith('.mcap') ? McapFile.create(path, {}) : LinesFile.create(path);

describe('recording on a full disk', function () {
  this.timeout(60_000);
  let redis: Redis;
  let url: string;
  withRedis((connected) => ({ redis, url } = connected));
  let disk: ReturnType<typeof smallDisk>;
  beforeEach(function () {
    disk = smallDisk('3m');
    if (!disk) this.skip();
  });
  afterEach(() => {
    killRecorders();
    disk?.remove();
  });

  /** How many messages files hold, as readers find them. */
  async function messagesIn(paths: string[]): Promise<number> {
    let found = 0;
    for (const path of paths) {
      const bytes = await readFile(path);
      const lines = path.endsWith('.gz') ? gunzipSync(bytes) : bytes;
      if (path.endsWith('.mcap')) found += (await describeRecording(path)).records;
      else {
        const rows = lines.toString().split('\n');
        assert.equal(rows.pop(), '', 'the last line is whole');
        for (const row of rows) JSON.parse(row);
        found += rows.length;
      }
    }
    return found;
  }

  for (const [name, sizeBytes] of [
    ['trip.mcap', undefined],
    ['trip.ndjson', undefined],
    ['trip.ndjson.gz', undefined],
    ['part.mcap', 700_000],
    ['part.ndjson.gz', 700_000],
  ] as const) {
    it(`${name}${sizeBytes ? ', split' : ''}: the recording fails, and says what its files hold`, async () => {
      const path = join(disk!.path, name);
      const sink = await SplitFile.create({ path, sizeBytes, create });
      const recorder = await Recorder.start(redis, sink, { patterns: [name], path });
      let sent = 0;
      let ended = false;
      void recorder.ended.then(() => (ended = true));
      // Faster than it is looked at how much room there is.
      for (; !ended && sent < 10_000; sent += 100)
        await Promise.all(Array.from({ length: 100 }, () => redis.publish(name, text())));
      assert.equal(await recorder.ended, 'failed', String(recorder.error));
      assert.match(recorder.error!, /room left|no space left/i);
      const { messages, unwritten } = recorder.counts;
      assert.equal(messages, await messagesIn(sink.paths));
      assert.ok(messages > 0 && unwritten > 0 && messages + unwritten <= sent);
      for (const each of sink.paths) assert.ok(statSync(each).size > 0);
    });
  }

  it('a snapshot of a ring that finds no room leaves none, and the ring stays', async () => {
    const ring = new RingBuffer(60_000, join(disk!.path, 'ring.mcap'), create);
    for (let i = 0; i < 6_000; i++) ring.add(wireMessage('c', Buffer.from(text()), Date.now()));
    await assert.rejects(ring.snapshot(), { code: 'ENOSPC' });
    assert.deepEqual([readdirSync(disk!.path), ring.paths, ring.written], [[], [], 6_000]);
  });

  it('the command ends with 1, and the API still tells the reason', async () => {
    const path = join(disk!.path, 'trip.ndjson');
    const recorder = await startRecorder(url, ['full', '-o', path]);
    let over = false;
    void recorder.exited.then(() => (over = true));
    await eventually('its end', async () => {
      await Promise.all(Array.from({ length: 50 }, () => redis.publish('full', text())));
      return over;
    });
    const { code, report } = await recorder.end(null);
    assert.equal(code, 1, recorder.said());
    assert.match(recorder.said(), /room left|no space left/i);
    assert.equal(report.messages, await messagesIn([path]));
    const [last] = await redis.hvals(keys.failedRecorders);
    const { state, error, messages } = JSON.parse(last!) as {
      state: string;
      error: string;
      messages: number;
    };
    assert.deepEqual([state, messages], ['failed', report.messages]);
    assert.match(error, /room left|no space left/i);
  });
});
