import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { isProblem } from '../../../core/problems/errors.ts';
import type { Block } from '../../../core/wire/block.ts';
import { convert } from '../../../replayer/files/convert.ts';
import { diagnose } from '../../../replayer/files/doctor.ts';
import { recordingInfo } from '../../../replayer/files/info.ts';
import { writeRecording } from '../../../replayer/files/write-mcap.ts';
import { LIBRARY } from '../../../replayer/mcap/format/libraries.ts';
import { McapWriter } from '../../../replayer/mcap/writing/writer.ts';
import { TextRecording } from '../../../replayer/reading/text-recording.ts';
import { messagesOf } from '../../helpers/mcap-content.ts';
import { played, recordedCase } from '../../helpers/played.ts';

describe('R21: times before 1970 on the way to MCAP', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'reprise-1970-'))));
  after(() => rm(folder, { recursive: true }));

  const write = async (name: string, times: string[]) => {
    const path = join(folder, name);
    const rows = times.map((time, n) => `{"time":"${time}","device_id":"d${n % 2}","n":${n}}`);
    await writeFile(path, `${rows.join('\n')}\n`);
    return path;
  };
  const timesOf = async (path: string) => (await played(path)).records.map(({ time }) => time);

  it('are kept, and all commands tell the true times', async () => {
    for (const name of ['before1970.csv', 'all_before1970.csv']) {
      const path = recordedCase(name);
      const out = join(folder, 'kept.mcap');
      const { records } = await played(path);
      const report = await convert({ inputs: [path], out, options: {} });
      assert.deepEqual([report.messages, report.refused], [records.length, 0], name);
      assert.match(report.notes!.join(), /400 years/);
      assert.deepEqual(await timesOf(out), await timesOf(path));
      const { start, end, note } = await recordingInfo(out, {});
      assert.deepEqual(
        [start, end].map((time) => new Date(time!).toISOString()),
        [records[0]!.time, records.at(-1)!.time],
      );
      assert.match(note!, /400 years/);
      const found = await diagnose(out, {});
      assert.equal(Date.parse(found.start!), records[0]!.timeMs);
      assert.match(found.note!, /400 years/);
      // As other programs see it: 400 years later, on the same weekday and date.
      const [first] = await messagesOf(out);
      const stored = new Date(Number(first!.message.logTime / 1_000_000n));
      const truth = new Date(records[0]!.timeMs);
      assert.equal(stored.getUTCFullYear() - truth.getUTCFullYear(), 400);
      assert.equal(stored.getUTCDay(), truth.getUTCDay());
      assert.equal(stored.toISOString().slice(4), truth.toISOString().slice(4));
    }
  });

  it('come out the same through convert, cut and merge, whatever is shifted', async () => {
    const year = fc.integer({ min: 1600, max: 2150 });
    const time = fc
      .tuple(year, fc.integer({ min: 0, max: 364 }), fc.integer({ min: 0, max: 86_399_999 }))
      .map(([y, day, ms]) => new Date(Date.UTC(y, 0, 1 + day) + ms).toISOString());
    const options = { outliers: 'keep' as const };
    await fc.assert(
      fc.asyncProperty(
        fc.array(time, { minLength: 1, maxLength: 8 }),
        fc.array(time, { minLength: 1, maxLength: 8 }),
        async (some, others) => {
          const [a, b] = [await write('a.ndjson', some), await write('b.ndjson', others)];
          const [am, bm, all] = ['a.mcap', 'b.mcap', 'all.mcap'].map((name) => join(folder, name));
          await convert({ inputs: [a], out: am!, options });
          await convert({ inputs: [b], out: bm!, options });
          const expected = [...some, ...others].sort();
          for (const inputs of [
            [am!, bm!],
            [am!, b],
            [a, b],
          ]) {
            const { messages, start, end } = await convert({ inputs, out: all!, options });
            assert.equal(messages, expected.length);
            assert.deepEqual([start, end], [expected[0], expected.at(-1)]);
            assert.deepEqual(await timesOf(all!), expected);
          }
          const cut = join(folder, 'cut.mcap');
          const from = expected[Math.floor(expected.length / 2)]!;
          await convert({ inputs: [all!], out: cut, start: from, options });
          assert.deepEqual(
            await timesOf(cut),
            expected.filter((each) => each >= from),
          );
        },
      ),
      { numRuns: 25 },
    );
  }).timeout(60_000);

  it('that can not be held are refused with their lines, and the reason is named where nothing is left', async () => {
    const options = { outliers: 'keep' as const };
    const path = await write('mixed.ndjson', [
      '1500-01-01T00:00:00Z',
      '1950-01-01T00:00:00Z',
      '2300-01-01T00:00:00Z',
      '1960-01-01T00:00:00Z',
    ]);
    const out = join(folder, 'mixed.mcap');
    const { messages, refused, refusals, read } = await convert({ inputs: [path], out, options });
    assert.deepEqual([messages, refused, read], [2, 2, 4]);
    assert.deepEqual(
      refusals.map(({ line }) => line),
      [1, 3],
    );
    assert.match(refusals[0]!.reason, /MCAP can only hold times from 1970 to 2554, or from 1570 to 2154/);
    const none = await write('none.ndjson', ['1200-01-01T00:00:00Z', '1300-01-01T00:00:00Z']);
    await assert.rejects(convert({ inputs: [none], out, options }), (error: Error & { hint?: string }) => {
      assert.ok(isProblem(error, 'recording_unplayable'));
      assert.match(`${error.message} ${error.hint}`, /All 2 rows were refused.*MCAP can only hold times/);
      return true;
    });
  });

  it('are kept when they come late in a file that is sorted on disk', async () => {
    const times = Array.from({ length: 50 }, (_, n) => new Date(Date.UTC(2000 - n * 2, 0, 1)).toISOString());
    const path = await write('late.ndjson', times);
    const recording = await TextRecording.open(path, { outliers: 'keep' });
    const { channels, file, format, interpretation, disorder } = recording;
    const withChannels = (block: Block) => recording.withChannels(block);
    const blocks = () => recording.inFileOrder();
    const large = { channels, file, format, interpretation, disorder, withChannels, blocks };
    const out = join(folder, 'late.mcap');
    await McapWriter.whole(out, { library: LIBRARY }, (writer) =>
      writeRecording(
        {
          ...large,
          inFileOrder: blocks,
          startMs: Date.parse(times[0]!),
          endMs: null,
          readShare: null,
          sorted: false,
          once: false,
        },
        writer,
        {
          range: { fromMs: -Infinity, endMs: Infinity },
          options: {},
          temporary: join(folder, 'runs.mcap'),
        },
      ),
    );
    assert.deepEqual(await timesOf(out), [...times].sort());
  });
});
