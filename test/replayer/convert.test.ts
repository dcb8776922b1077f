import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { BlockBuilder, type Block } from '../../core/wire/block.ts';
import type { TimedRecord } from '../../core/wire/event.ts';
import { convert } from '../../replayer/files/convert.ts';
import { mergeable, writeRecording } from '../../replayer/files/write-mcap.ts';
import { LIBRARY } from '../../replayer/mcap/format/libraries.ts';
import { McapRecording } from '../../replayer/mcap/reading/mcap-recording.ts';
import { readSummary } from '../../replayer/mcap/reading/summary.ts';
import { McapWriter } from '../../replayer/mcap/writing/writer.ts';
import { TextRecording } from '../../replayer/reading/text-recording.ts';

const START_MS = 1_577_218_887_000;
const WHOLE = { fromMs: -Infinity, endMs: Infinity };

describe('convert', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reprise-convert-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function played(path: string): Promise<TimedRecord[]> {
    const rows: TimedRecord[] = [];
    for await (const { block } of (await McapRecording.open(path)).rows()) rows.push(...block.records());
    return rows;
  }

  const line = (offsetMs: number, n: number) => JSON.stringify({ ts: START_MS + offsetMs, n });

  it('puts rows into time order, keeps the order of equal times, and converts back to text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 2, maxLength: 60 }),
        async (times) => {
          const [input, mcap, out] = ['in.ndjson', 'x.mcap', 'out.ndjson'].map((name) => join(folder, name));
          await writeFile(input!, times.map(line).join('\n'));
          const options = { channel: 'things', time: 'ts' };
          const report = await convert({ inputs: [input!], out: mcap!, options });
          assert.equal(report.messages, times.length);
          const expected = times.map((offset, n) => ({ offset, n })).sort((a, b) => a.offset - b.offset);
          const data = (await played(mcap!)).map((record) => record.data);
          assert.deepEqual(
            data,
            expected.map(({ offset, n }) => line(offset, n)),
          );
          await convert({ inputs: [mcap!], out: out!, options: {} });
          const again = await TextRecording.open(out!, options);
          const texts: string[] = [];
          for await (const block of again.blocks())
            texts.push(...block.records().map((record) => record.data));
          assert.deepEqual(texts, data);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('sorts on disk what does not fit into memory', async function () {
    this.timeout(60_000);
    const filler = 'x'.repeat(2_000);
    const count = 60_000;
    const rows = Array.from({ length: count }, (_, n) => ({
      timeMs: START_MS + ((n * 7_919) % 50_000),
      subject: `truck-${n % 7}`,
      data: `{"n":${n},"filler":"${filler}"}`,
    }));
    const input = join(folder, 'large.ndjson');
    await writeFile(input, `${line(0, 0)}\n`);
    const small = await TextRecording.open(input, { channel: 'things', time: 'ts' });
    async function* inFileOrder() {
      const builder = new BlockBuilder();
      for (const [n, { timeMs, subject, data }] of rows.entries()) {
        builder.add(timeMs, subject, data);
        if (n % 1_000 === 999) yield builder.take();
      }
    }
    const { file, format, channels, interpretation, disorder, startMs } = small;
    const description = { file, format, channels, interpretation, disorder, startMs };
    const withChannels = (block: Block) => ({ block, channels: null });
    const large = {
      ...description,
      endMs: null,
      readShare: null,
      sorted: false,
      once: false,
      blocks: inFileOrder,
      inFileOrder,
      withChannels,
    };
    const [out, temporary] = [join(folder, 'large.mcap'), join(folder, 'runs.mcap')];
    const plan = { range: WHOLE, options: {}, temporary };
    await McapWriter.whole(out, { library: LIBRARY }, (writer) => writeRecording(large, writer, plan));
    const expected = [...rows].sort((a, b) => a.timeMs - b.timeMs);
    let at = 0;
    for await (const { block } of (await McapRecording.open(out)).rows())
      for (const record of block.records()) {
        const wanted = expected[at++]!;
        assert.ok(
          record.data === wanted.data && record.subject === wanted.subject && record.timeMs === wanted.timeMs,
          `row ${at}`,
        );
      }
    assert.equal(at, count);
    const files = await readdir(folder);
    assert.ok(!files.includes('runs.mcap'));
  });

  it('reports its progress, which never goes back', async () => {
    const input = join(folder, 'far.csv.gz');
    const rows = Array.from({ length: 60_000 }, (_, n) => `${1_700_000_000 + n},52,13,${n % 9}`);
    await writeFile(input, gzipSync(`time,latitude,longitude,speed\n${rows.join('\n')}`));
    for (const out of ['far.mcap', 'far.csv', 'far.ndjson']) {
      const shares: number[] = [];
      const progress = (share: number): void => void shares.push(share);
      await convert({ inputs: [input], out: join(folder, out), options: {}, progress });
      assert.ok(shares.length > 5, `${out}: ${shares.length} times`);
      assert.ok(
        shares.every((share, i) => share >= (shares[i - 1] ?? 0) && share <= 1),
        out,
      );
      assert.ok(shares[0]! < 0.3 && shares.at(-1)! > 0.95, `${out}: ${shares[0]} to ${shares.at(-1)}`);
    }
  });

  it('first rewrites in runs a file in which too many chunks overlap', async function () {
    this.timeout(60_000);
    const [path, temporary] = [join(folder, 'crossed.mcap'), join(folder, 'uncrossed.mcap')];
    const data = Buffer.from(`{"filler":"${'x'.repeat(10_000)}"}`);
    await McapWriter.whole(path, { library: LIBRARY }, async (writer) => {
      const id = writer.addChannel({ topic: 'things', schema: null, metadata: new Map([['subject', 's']]) });
      for (let chunk = 0; chunk < 160; chunk++) {
        for (let n = 0; n < 100; n++) writer.add(id, START_MS + n * 1_000 + chunk, data, 0, data.length);
        await writer.flush();
      }
    });
    const summary = await mergeable(await readSummary(path), temporary);
    assert.equal(summary.path, temporary);
    const times = (await played(temporary)).map(({ timeMs }) => timeMs);
    assert.equal(times.length, 16_000);
    assert.ok(times.every((timeMs, i) => i === 0 || times[i - 1]! <= timeMs));
  });

  it('merges files onto one timeline, and cuts them', async () => {
    const [a, b, merged, cut] = ['a.ndjson', 'b.csv', 'merged.mcap', 'cut.csv'].map((name) =>
      join(folder, name),
    );
    await writeFile(a!, [line(0, 0), line(2_000, 1), line(4_000, 2)].join('\n'));
    await writeFile(
      b!,
      `timestamp,latitude,longitude\n${START_MS + 1_000},52.50,13\n${START_MS + 2_000},1,1\n`,
    );
    const report = await convert({ inputs: [a!, b!], out: merged!, options: {} });
    assert.deepEqual([report.messages, report.channels], [5, ['a', 'gps']]);
    const times = (await played(merged!)).map(({ timeMs }) => timeMs - START_MS);
    assert.deepEqual(times, [0, 1_000, 2_000, 2_000, 4_000]);
    const part = await convert({ inputs: [merged!], out: cut!, start: '1s', end: '2s', options: {} });
    assert.equal(part.messages, 3);
    await assert.rejects(convert({ inputs: [merged!], out: merged!, options: {} }), /over itself/);
    await assert.rejects(
      convert({ inputs: [merged!], out: `${merged!}.zip`, options: {} }),
      /can be written/,
    );
  });
});
