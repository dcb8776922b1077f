import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RepriseError } from '../../../core/problems/errors.ts';
import { describe as describeRecording } from '../../../replayer/files/describe.ts';
import { convert } from '../../../replayer/files/convert.ts';
import { diagnose } from '../../../replayer/files/doctor.ts';
import { recordingInfo } from '../../../replayer/files/info.ts';
import { McapWriter } from '../../../replayer/mcap/writing/writer.ts';
import { played, recordedCase, type PlayedRecord } from '../../helpers/played.ts';
import { runReprise } from '../../helpers/recorder.ts';

describe('R22: messages of an MCAP file that can not be played', () => {
  let folder: string;
  let path: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reprise-refused-'));
    path = join(folder, 'foreign.mcap');
    const texts = ['{"a":1}', '[1]', '{"a":', '{"a":2}', '\xff', '{"a":3}'];
    await McapWriter.whole(path, { library: 'another' }, (writer) => {
      const id = writer.addChannel({ topic: '/thing', schema: null, metadata: new Map() });
      texts.forEach((text, i) => {
        const bytes = Buffer.from(text, 'latin1');
        writer.add(id, 1_700_000_000_000 + i, bytes, 0, bytes.length);
      });
      return Promise.resolve();
    });
  });
  after(() => rm(folder, { recursive: true }));

  it('are left out, counted and named by convert as by play and doctor, and the rest plays', async () => {
    const { records, refused, recording } = await played(path);
    assert.deepEqual([records.length, recording.refused], [3, 3]);
    const found = await diagnose(path, {});
    assert.deepEqual([found.messages, found.refused], [6, 3]);
    assert.equal((await recordingInfo(path, {})).messages, 6);
    for (const ending of ['mcap', 'ndjson', 'csv']) {
      const out = join(folder, `out.${ending}`);
      const report = await convert({ inputs: [path], out, options: {} });
      assert.deepEqual([report.read, report.messages, report.refused], [6, 3, 3], ending);
      assert.deepEqual(
        report.refusals.map(({ line, reason }) => `${line} ${reason}`),
        refused.map(({ line, reason }) => `${line} ${reason}`),
      );
      assert.deepEqual((await played(out)).records.length, 3);
    }
    const again = await convert({
      inputs: [join(folder, 'out.mcap')],
      out: join(folder, 'x.mcap'),
      options: {},
    });
    assert.deepEqual([again.messages, again.refused], [3, 0]);
  });

  it('leave nothing where there are no others: the reason and the count are told, with exit code 3', async () => {
    const input = recordedCase('gps-without-latitude.mcap');
    const { recording } = await played(input);
    const out = join(folder, 'nothing.mcap');
    await assert.rejects(convert({ inputs: [input], out, options: {} }), (error: RepriseError) => {
      assert.equal(error.code, 'recording_unplayable');
      assert.ok(error.message.includes(`${recording.refused} row`), error.message);
      assert.match(error.message, /latitude/);
      return true;
    });
    const { code, stderr } = await runReprise('redis://127.0.0.1:1', ['convert', input, out]);
    assert.equal(code, 3);
    assert.match(stderr, /latitude/);
  });

  it('are not those that a filter leaves out, which works from MCAP to MCAP as well', async () => {
    const out = join(folder, 'filtered.mcap');
    const options = { filter: 'a > 1', channel: 'moved' };
    const report = await convert({ inputs: [path], out, options });
    assert.deepEqual([report.read, report.messages, report.refused], [6, 2, 3]);
    const { records } = await played(out);
    assert.deepEqual(
      records.map(({ channel, data }) => [channel, data['a']]),
      [
        ['moved', 2],
        ['moved', 3],
      ],
    );
  });

  it('are read as the file says: options for text are told to have no effect', async () => {
    const options = { time: 'when', timeFormat: 'iso', columns: ['a'] };
    const note =
      'foreign.mcap is MCAP, which says itself how it is read: time, time-format, columns have no effect on it.';
    for (const ending of ['mcap', 'ndjson']) {
      const report = await convert({ inputs: [path], out: join(folder, `unused.${ending}`), options });
      assert.deepEqual([report.messages, report.notes], [3, [note]]);
    }
    assert.ok((await describeRecording(path, options)).notes!.includes(note));
  });

  it('are named and filtered once where several files become one: as by play', async () => {
    const paths: string[] = [];
    for (const topic of ['a', 'b', 'c']) {
      const each = join(folder, `${topic}.mcap`);
      paths.push(each);
      await McapWriter.whole(each, { library: 'another' }, (writer) => {
        const id = writer.addChannel({ topic, schema: null, metadata: new Map() });
        for (const n of [1, 2, 3, 'x']) {
          const bytes = Buffer.from(
            n === 'x' ? '[]' : JSON.stringify({ n, who: `${topic}${Number(n) % 2}` }),
          );
          writer.add(id, 1_700_000_000_000 + paths.length, bytes, 0, bytes.length);
        }
        return Promise.resolve();
      });
    }
    const rename = new Map([
      ['a', 'b'],
      ['b', 'a'],
    ]);
    const options = { rename, subject: 'who', filter: 'n < 3' };
    const key = ({ channel, subject, json }: PlayedRecord) => `${channel} ${subject} ${json}`;
    const expected: string[] = [];
    for (const each of paths) expected.push(...(await played(each, options)).records.map(key));
    for (const ending of ['mcap', 'ndjson', 'csv', 'parquet']) {
      const out = join(folder, `merged.${ending}`);
      const report = await convert({ inputs: paths, out, options });
      assert.deepEqual([report.read, report.messages, report.refused], [12, 6, 3], ending);
      assert.equal(Object.values(report.skipped).join(), '3');
      assert.deepEqual((await played(out)).records.map(key).sort(), expected.sort(), ending);
    }
  });
});
