import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LinesFile } from '../../replayer/record/lines-sink.ts';
import { McapFile } from '../../replayer/record/mcap-sink.ts';
import { RingBuffer } from '../../replayer/record/ring-buffer.ts';
import { SplitFile } from '../../replayer/record/split-file.ts';
import { wireMessage } from '../../replayer/record/wire-message.ts';
import { readSummary } from '../../replayer/mcap/reading/summary.ts';

const message = (text: string) => wireMessage('c', Buffer.from(text), Date.now());

describe('the files of a recording', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'reprise-sinks-'))));
  after(() => rm(folder, { recursive: true }));

  it('each begin with a message, even when the last message reached the limit', async () => {
    const path = join(folder, 'split.ndjson');
    const create = (path: string) => LinesFile.create(path);
    const split = await SplitFile.create({ path, sizeBytes: 16, create });
    await split.flush();
    for (const text of ['{"a":1}', '{"b":22}', '{"c":3}', '{"d":4}', '{"e":5}']) {
      split.add(message(text));
      if (split.full) await split.flush();
    }
    await split.flush();
    await split.end();
    const lines = await Promise.all(split.paths.map((path) => readFile(path, 'utf8')));
    assert.deepEqual(lines, ['{"a":1}\n{"b":22}\n', '{"c":3}\n{"d":4}\n', '{"e":5}\n']);
    assert.equal(split.bytes, lines.join('').length);
    const even = await SplitFile.create({ path: join(folder, 'even.ndjson'), sizeBytes: 4, create });
    for (const text of ['{"a":1}', '{"a":2}']) {
      even.add(message(text));
      if (even.full) await even.flush();
    }
    await even.end();
    assert.equal(even.paths.length, 2);
  });

  it('are not created while no message comes', async () => {
    const create = (path: string) => McapFile.create(path, {});
    const split = await SplitFile.create({ path: join(folder, 'still.mcap'), durationMs: 1, create });
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      await split.flush();
    }
    split.add(message('one'));
    await split.end();
    assert.equal(split.paths.length, 1);
    assert.equal((await readSummary(split.paths[0]!)).statistics!.messages, 1);
  });

  it('are two when two snapshots of a ring are taken at once', async () => {
    const ring = new RingBuffer(60_000, join(folder, 'ring.ndjson'), (path) => LinesFile.create(path));
    ring.add(message('{"a":1}'));
    // With this count, several begin in the same millisecond.
    for (let i = 0; i < 20; i++) await ring.snapshot();
    assert.equal(new Set(ring.paths).size, 20);
    for (const path of ring.paths) assert.equal(await readFile(path, 'utf8'), '{"a":1}\n');
  });
});
