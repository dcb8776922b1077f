import assert from 'node:assert/strict';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { McapIndexedReader, McapWriter as ForeignWriter } from '@mcap/core';
import fc from 'fast-check';
import { Block } from '../../core/wire/block.ts';
import type { TimedRecord } from '../../core/wire/event.ts';
import { diagnose } from '../../replayer/files/doctor.ts';
import { readMs, splitMs, words } from '../../replayer/mcap/format/bytes.ts';
import { LIBRARY } from '../../replayer/mcap/format/libraries.ts';
import { McapRecording } from '../../replayer/mcap/reading/mcap-recording.ts';
import { TopicWriter } from '../../replayer/mcap/writing/topics.ts';
import { McapWriter } from '../../replayer/mcap/writing/writer.ts';
import { played, records, START_MS, write } from '../helpers/mcap.ts';

const require = createRequire(import.meta.url);
const zstd = require('@foxglove/wasm-zstd') as {
  isLoaded: Promise<void>;
  decompress(bytes: Uint8Array, size: number): Uint8Array;
};
const lz4 = require('@foxglove/wasm-lz4') as ((bytes: Uint8Array, size: number) => Uint8Array) & {
  isLoaded: Promise<void>;
};

describe('MCAP', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reprise-mcap-'));
    await zstd.isLoaded;
    await lz4.isLoaded;
  });
  after(() => rm(folder, { recursive: true }));

  for (const compression of ['', 'lz4', 'zstd'] as const) {
    it(`writes files that another reader reads the same: ${compression || 'not packed'}`, async () => {
      const path = join(folder, `written-${compression}.mcap`);
      const rows = records(1_000);
      await write(path, rows, 300, compression);
      const handle = await open(path);
      const reader = await McapIndexedReader.Initialize({
        readable: {
          size: async () => BigInt((await handle.stat()).size),
          read: async (offset, length) =>
            (await handle.read(Buffer.alloc(Number(length)), 0, Number(length), Number(offset))).buffer,
        },
        decompressHandlers: {
          zstd: (bytes, size) => zstd.decompress(bytes, Number(size)),
          lz4: (bytes, size) => lz4(bytes, Number(size)),
        },
      });
      const read: TimedRecord[] = [];
      for await (const message of reader.readMessages({ validateCrcs: true })) {
        assert.equal(message.publishTime, message.logTime);
        read.push({
          timeMs: Number(message.logTime / 1000n) / 1000,
          subject: reader.channelsById.get(message.channelId)!.metadata.get('subject')!,
          data: Buffer.from(message.data).toString(),
        });
      }
      await handle.close();
      assert.deepEqual(read, rows);
      assert.equal(reader.statistics!.messageCount, 1_000n);
      assert.equal(reader.chunkIndexes.length, 4);
      const [schema] = reader.schemasById.values();
      assert.equal(schema!.encoding, 'jsonschema');
      assert.ok(JSON.parse(Buffer.from(schema!.data).toString()));
      assert.deepEqual((await diagnose(path, {})).findings, []);
    });
  }

  it('keeps times to the microsecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_300_000_000_000_000 }), (us) => {
        const bytes = Buffer.alloc(8);
        splitMs(us / 1000);
        bytes.writeUInt32LE(words.low, 0);
        bytes.writeUInt32LE(words.high, 4);
        assert.equal(bytes.readBigUInt64LE(), BigInt(us) * 1000n);
        assert.equal(readMs(bytes, 0), us / 1000);
      }),
    );
  });

  it('plays messages and chunks in any order in time order, from any time, with the state before', async () => {
    const path = join(folder, 'any.mcap');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 80 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: -1, max: 61 }),
        async (times, chunkRows, from) => {
          const rows = records(times.length).map((row, i) => ({ ...row, timeMs: START_MS + times[i]! }));
          await write(path, rows, chunkRows, '');
          const expected = [...rows].sort((a, b) => a.timeMs - b.timeMs);
          const recording = await McapRecording.open(path);
          assert.deepEqual(await played(recording), expected);
          const fromMs = START_MS + from;
          assert.deepEqual(
            await played(recording, fromMs),
            expected.filter(({ timeMs }) => timeMs >= fromMs),
          );
          const latest = new Map<string, TimedRecord>();
          for (const row of expected) if (row.timeMs < fromMs) latest.set(row.subject, row);
          const found = (await recording.latestBefore(fromMs)).flatMap(({ block }) => block.records());
          const bySubject = (a: TimedRecord, b: TimedRecord) => (a.subject < b.subject ? -1 : 1);
          assert.deepEqual(found.sort(bySubject), [...latest.values()].sort(bySubject));
          const timesBefore = expected.filter(({ timeMs }) => timeMs < fromMs);
          assert.equal(await recording.timeBefore(fromMs), timesBefore.at(-1)?.timeMs ?? null);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('reuses the memory of a chunk only once it and all rows yielded before it are done with', async () => {
    const path = join(folder, 'around.mcap');
    const rows = records(3_000).map((record, n) => ({
      ...record,
      // Some runs of twenty are late, so that chunks overlap now and then.
      timeMs: record.timeMs - (n % 300 < 20 ? 300 : 0),
    }));
    await write(path, rows, 50);
    const recording = await McapRecording.open(path);
    const inOrder = [...rows].sort((a, b) => a.timeMs - b.timeMs);
    // Until the unpacking thread has started, each chunk has its own memory.
    for (let goesAround = false; !goesAround;) {
      for await (const { block } of recording.rows())
        goesAround ||= block.data.length < block.data.buffer.byteLength;
      await new Promise(setImmediate);
    }
    for (const held of [0, 1, 3, Infinity]) {
      const seen: TimedRecord[] = [];
      const waiting: { block: Block; done?: () => void }[] = [];
      const look = ({ block, done }: { block: Block; done?: () => void }) => {
        seen.push(...block.records());
        if (held !== Infinity) done?.();
      };
      for await (const left of recording.rows()) {
        waiting.push(left);
        if (waiting.length > held) look(waiting.shift()!);
      }
      waiting.forEach(look);
      assert.deepEqual(seen, inOrder);
    }
    // The reader stops: chunks read ahead are given back, and then the file is closed.
    for (let i = 0; i < 20; i++) {
      for await (const { block, done } of recording.rows(START_MS + i * 1_000)) {
        assert.equal(block.timesMs[0], inOrder.find(({ timeMs }) => timeMs >= START_MS + i * 1_000)!.timeMs);
        done?.();
        break;
      }
    }
  });

  it('plays files of other writers: several topics, no chunks, no index, other encodings, bad messages', async () => {
    for (const options of [{}, { useChunks: false }, { useChunkIndex: false, useStatistics: false }]) {
      const path = join(folder, 'foreign.mcap');
      const parts: Buffer[] = [];
      let position = 0n;
      const writer = new ForeignWriter({
        ...options,
        writable: {
          position: () => position,
          write(bytes) {
            parts.push(Buffer.from(bytes));
            position += BigInt(bytes.length);
            return Promise.resolve();
          },
        },
      });
      await writer.start();
      const channel = (topic: string, messageEncoding = 'json') =>
        writer.registerChannel({ topic, messageEncoding, schemaId: 0, metadata: new Map() });
      const [fix, image] = [await channel('/fix'), await channel('/camera/image', 'cdr')];
      const add = (channelId: number, time: bigint, data: string) =>
        writer.addMessage({
          channelId,
          sequence: 7,
          logTime: time,
          publishTime: time,
          data: Buffer.from(data),
        });
      await add(fix, 2_000_000n, '{"a":\n1}');
      await add(image, 3_000_500n, '\0bytes');
      await add(fix, 1_000_000n, '{"a":0}');
      await add(fix, 4_000_000n, '{"a":');
      await add(fix, 5_000_000n, '[1]');
      await writer.end();
      await writeFile(path, Buffer.concat(parts));
      const refused: string[] = [];
      const recording = await McapRecording.open(path, {
        refuse: (rows) =>
          refused.push(...rows.map(({ channel, line, reason }) => `${channel} ${line} ${reason}`)),
      });
      assert.deepEqual(recording.channels, ['fix', 'camera-image']);
      assert.deepEqual(await played(recording), [
        { timeMs: 1, subject: '/fix', data: '{"a":0}' },
        { timeMs: 2, subject: '/fix', data: '{"a": 1}' },
        { timeMs: 3.001, subject: '/camera/image', data: '{"encoding":"cdr","base64":"AGJ5dGVz"}' },
      ]);
      assert.equal(recording.refused, 2);
      assert.match(refused.join(), /^fix 7 Not a JSON object.*,fix 7 Not a JSON object/);
    }
  });

  it('shares a channel among subjects beyond 10,000, and still knows each of them', async () => {
    const path = join(folder, 'many.mcap');
    const rows = records(10_400, 10_200);
    const writer = await McapWriter.create(path, { library: LIBRARY });
    const options = { topic: 'gps', schema: null, subjectColumn: 'vehicle_id' };
    const topic = new TopicWriter(writer, options);
    const block = Block.of(rows);
    for (let row = 0; row < block.count; row++) topic.add(block, row);
    await writer.end();
    const recording = await McapRecording.open(path);
    assert.equal(recording.summary.channels.size, 10_001);
    assert.deepEqual(await played(recording), rows);
    const [latest] = await recording.latestBefore(rows.at(-1)!.timeMs);
    assert.equal(latest!.block.count, 10_200);
  });
});
