import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { channelSpec } from '../../../core/wire/channels.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { CloudEvent } from '../../../core/wire/event.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { Wiretap } from '../../../core/redis/wiretap.ts';
import { ChannelWriter } from '../../../core/writing/writer.ts';
import { convert } from '../../../replayer/files/convert.ts';
import { diagnose } from '../../../replayer/files/doctor.ts';
import { McapRecording } from '../../../replayer/mcap/reading/mcap-recording.ts';
import { openRecording, playable } from '../../../replayer/playing/playable.ts';
import { Replay } from '../../../replayer/playing/replay.ts';
import { LinesFile } from '../../../replayer/record/lines-sink.ts';
import { McapFile } from '../../../replayer/record/mcap-sink.ts';
import { Recorder } from '../../../replayer/record/recorder.ts';
import { wireMessage } from '../../../replayer/record/wire-message.ts';
import { played, recordedCase } from '../../helpers/played.ts';
import { withRedis } from '../../helpers/redis.ts';
import { eventually } from '../../helpers/wait.ts';

/** The messages that a recording publishes bare, in order. */
async function bareOf(path: string): Promise<(Buffer | undefined)[]> {
  const found: (Buffer | undefined)[] = [];
  for await (const { block, done } of playable(await openRecording(path)).rows(-Infinity)) {
    for (const { bare } of block.records()) found.push(bare && Buffer.from(bare));
    done?.();
  }
  return found;
}

/** Messages of every kind that is not an event, and some that nearly are. */
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.json().map((text) => Buffer.from(text)),
  fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value, null, 2))),
  fc.dictionary(fc.string(), fc.jsonValue()).map((value) => Buffer.from(JSON.stringify(value))),
  fc.string({ unit: 'binary', maxLength: 100 }).map((text) => Buffer.from(text)),
  fc
    .constantFrom(
      '',
      '20.5',
      'null',
      '[1,2]',
      '"text"',
      'hello',
      '{"v":1}{"v":2}',
      '{"v":3}\r\n{"v":4}',
      '{\n  "v": 1.10\n}',
      ' {"v":12345678901234567890} ',
      '{"v":"tail"}\n',
      '{"specversion":"1.0","data":{"a":}}',
      '{"specversion":"1.0","data":{"a":1}} and more',
      '{"specversion":"1.0",\n"data":{"a":1}}',
      '{"specversion":"1.0","epoch":1,"offset":1,"data":[1]}',
      '{"encoding":"text","base64":"aGk="}',
    )
    .map((text) => Buffer.from(text)),
);

describe('R1: a message that is not an event', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'reprise-bare-'))));
  after(() => rm(folder, { recursive: true }));

  it('is published as the same bytes, and is a JSON object on one line in its event', async () => {
    const path = join(folder, 'bare.mcap');
    await fc.assert(
      fc.asyncProperty(fc.array(payload, { minLength: 1, maxLength: 30 }), async (payloads) => {
        const file = await McapFile.create(path, {});
        payloads.forEach((bytes, i) => file.add(wireMessage('raw', bytes, 1_700_000_000_000 + i)));
        await file.end();
        const recording = await McapRecording.open(path);
        const found: Buffer[] = [];
        for await (const { block, done } of recording.rows()) {
          for (let row = 0; row < block.count; row++) {
            const { data, bare } = block.record(row);
            assert.ok(!/[\n\r]/.test(data));
            const value = JSON.parse(data) as { base64?: string; encoding?: string };
            assert.ok(!Array.isArray(value) && typeof value === 'object');
            assert.ok(bare, 'it is published bare');
            if (data.length !== bare.length) assert.deepEqual(Buffer.from(value.base64!, 'base64'), bare);
            found.push(Buffer.from(bare));
          }
          done?.();
        }
        assert.deepEqual(found, payloads);
        assert.equal(recording.refused, 0);
        const latest = await recording.latestBefore(Infinity);
        assert.deepEqual(latest[0]!.block.bareOf(0), payloads.at(-1));
      }),
      { numRuns: 60 },
    );
  });

  it('plays from recordings that say nothing of what it is', async () => {
    for (const [name, count] of [
      ['bare-kinds.mcap', 15],
      ['bare-mixed.mcap', 9],
    ] as const) {
      const { records, refused } = await played(recordedCase(name));
      assert.deepEqual([records.length, refused.length], [count, 0], name);
      assert.ok(records.every(({ json }) => !json.includes('\ufffd')));
      const { findings } = await diagnose(recordedCase(name), {});
      assert.deepEqual(
        findings.filter(({ severity }) => severity === 'error'),
        [],
      );
    }
  });

  it('keeps its bytes when it is converted to text', async () => {
    const path = join(folder, 'kinds.mcap');
    const payloads = ['20.5', 'hello 0, "x"', '[1]', '', '\u00e9', '{"v":1}'].map((text) =>
      Buffer.from(text),
    );
    const file = await McapFile.create(path, {});
    payloads.forEach((bytes, i) => file.add(wireMessage('raw', bytes, 1_700_000_000_000 + i)));
    await file.end();
    for (const ending of ['ndjson', 'csv']) {
      const out = join(folder, `kinds.${ending}`);
      const { messages, refused } = await convert({ inputs: [path], out, options: {} });
      assert.deepEqual([messages, refused], [6, 0]);
      const { records } = await played(out);
      const bytesOf = ({ base64 }: { base64?: unknown }) =>
        Buffer.from((base64 ?? '') as string, 'base64').toString();
      assert.deepEqual(
        records.slice(0, 5).map(({ data }) => bytesOf(data)),
        payloads.slice(0, 5).map(String),
      );
      assert.equal(records[5]!.data['v'], 1);
    }
    assert.match(await readFile(join(folder, 'kinds.ndjson'), 'utf8'), /"encoding":"text"/);
  });

  it('keeps its bytes in lines, in a log, and from there in MCAP', async () => {
    const lines = join(folder, 'lines.ndjson');
    await fc.assert(
      fc.asyncProperty(fc.array(payload, { minLength: 1, maxLength: 20 }), async (given) => {
        // A JSON object on one line is that line: it plays by its own members.
        const payloads = given.filter((bytes) => wireMessage('raw', bytes, 0).encoding !== 'object');
        fc.pre(payloads.length > 0);
        const file = await LinesFile.create(lines);
        payloads.forEach((bytes, i) => file.add(wireMessage('raw', bytes, 1_700_000_000_000 + i)));
        await file.end();
        const out = join(folder, 'lines.mcap');
        await convert({ inputs: [lines], out, options: {} });
        for (const path of [lines, out]) assert.deepEqual(await bareOf(path), payloads, path);
      }),
      { numRuns: 30 },
    );
  });

  describe('on Redis', function () {
    this.timeout(120_000);
    let redis: Redis;
    withRedis((connected) => ({ redis } = connected));

    const replay = async (path: string, request: { channel?: string; id: string }) => {
      const { channel, id } = request;
      const source = { id: 'file', path, ...(channel !== undefined && { channel }) };
      const running = await Replay.open({ id, recordings: ['file'], rate: 'max' }, [source], {
        redis,
        instance: 'test',
        channels: {},
      });
      await running.run(false);
      return running.document().counts;
    };

    /** What is on a channel while `work` runs, until `count` messages have come; recorded and as it is. */
    const during = async (channel: string, path: string, count: number, work: () => Promise<unknown>) => {
      const heard: Buffer[] = [];
      const tap = await Wiretap.start(redis, [channel], (_channel, bytes) => heard.push(Buffer.from(bytes)));
      const sink = await McapFile.create(path, {});
      const recorder = await Recorder.start(redis, sink, { patterns: [channel], path });
      await work();
      await eventually(`${count} messages`, () => heard.length >= count && recorder.counts.messages >= count);
      recorder.stop();
      await recorder.ended;
      tap.close();
      return { heard, counts: recorder.counts };
    };

    it('has the same bytes in record, play, record: 1,000 messages in order', async () => {
      const payloads = fc.sample(payload, { numRuns: 1_000, seed: 20_240_501 });
      const [first, second] = [join(folder, 'first.mcap'), join(folder, 'second.mcap')];
      const before = await during('raw', first, 1_000, async () => {
        for (const bytes of payloads) await redis.publish('raw', bytes);
      });
      assert.deepEqual(before.heard, payloads);
      const after = await during('raw', second, 1_000, () => replay(first, { id: 'again' }));
      assert.deepEqual(after.heard, payloads);
      assert.deepEqual(after.counts, { messages: 1_000, filled: 0, lost: 0, unwritten: 0 });
      // What was recorded of the replay plays the same once more, also on another channel.
      const moved = await during('moved', join(folder, 'third.mcap'), 1_000, () =>
        replay(second, { id: 'moved', channel: 'moved' }),
      );
      assert.deepEqual(moved.heard, payloads);
      // Log and state have proper events.
      const entries = await redis.xrange(keys.log('raw'), '-', '+');
      assert.equal(entries.length, 1_000);
      entries.forEach(([, [, text]], i) => {
        const event = JSON.parse(text!) as CloudEvent;
        assert.equal(event.offset, i + 1);
        const { base64 } = event.data;
        if (event['bare'] === 'base64') assert.deepEqual(Buffer.from(String(base64), 'base64'), payloads[i]);
        else assert.deepEqual(event.data, JSON.parse(payloads[i]!.toString()));
      });
    });

    it('between events is not taken for a gap when its replay is recorded', async () => {
      const path = join(folder, 'mixed.mcap');
      const writer = new ChannelWriter(redis, channelSpec('mixed'), { source: '/test' });
      const emit = (n: number) => writer.emit([{ timeMs: Date.now(), subject: 's', data: `{"n":${n}}` }]);
      const texts = ['one', '{"v":1}', '{\n"v":2}', '{"v":1}'];
      const before = await during('mixed', path, 8, async () => {
        for (const [i, text] of texts.entries()) {
          await emit(i);
          await redis.publish('mixed', text);
        }
      });
      const out = join(folder, 'mixed-again.mcap');
      const after = await during('mixed', out, 8, () => replay(path, { id: 'mixed-again' }));
      assert.deepEqual(after.counts, { messages: 8, filled: 0, lost: 0, unwritten: 0 });
      // Events are in order by their own times, bare messages by the times at which they were heard.
      const bare = (heard: Buffer[]) => heard.map(String).filter((text) => !text.includes('specversion'));
      assert.deepEqual(bare(before.heard), texts);
      assert.deepEqual(bare(after.heard), texts);
      assert.equal((await played(out)).records.length, 8);
    });
  });
});
