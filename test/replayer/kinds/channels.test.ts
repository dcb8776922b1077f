import { strict as assert } from 'node:assert';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isoTime } from '../../../core/wire/event.ts';
import { convert } from '../../../replayer/files/convert.ts';
import { describe as describeRecording } from '../../../replayer/files/describe.ts';
import { recordingInfo } from '../../../replayer/files/info.ts';
import { timelineOf } from '../../../replayer/playing/timeline.ts';
import { openRecording } from '../../../replayer/playing/playable.ts';
import { TextRecording } from '../../../replayer/reading/text-recording.ts';
import { played } from '../../helpers/played.ts';

const START_MS = Date.UTC(2024, 4, 1);

function event(n: number, type: string, subject: string, data: object): string {
  const time = isoTime(START_MS + n * 1000);
  return JSON.stringify({ specversion: '1.0', id: String(n), source: '/test', type, subject, time, data });
}

describe('Recordings in text whose rows name several channels', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'channels-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const fix = (n: number) => ({ latitude: 50 + n / 1000, longitude: 8 });
  const lines = Array.from({ length: 3_000 }, (_, n) =>
    n % 3 === 0 ? event(n, 'weather', 'a', { n }) : event(n, 'gps', n % 2 ? 'a' : 'b', fix(n)),
  );

  it('play each row on its own', async () => {
    const path = join(folder, 'events.ndjson');
    await writeFile(path, lines.join('\n'));
    const { records, recording } = await played(path);
    assert.deepEqual(recording instanceof TextRecording && recording.channels, ['weather', 'gps']);
    assert.equal(records.length, lines.length);
    for (const [n, { channel, subject, data, timeMs }] of records.entries()) {
      const [wantedChannel, wantedSubject, wanted] =
        n % 3 === 0 ? ['weather', 'a', { n }] : ['gps', n % 2 ? 'a' : 'b', fix(n)];
      assert.deepEqual(
        [channel, subject, data, timeMs],
        [wantedChannel, wantedSubject, wanted, START_MS + n * 1000],
      );
    }
  });

  it('are described with all their channels', async () => {
    const path = join(folder, 'described.ndjson');
    await writeFile(path, lines.join('\n'));
    const { channels } = await describeRecording(path);
    assert.deepEqual(channels, [
      { channel: 'weather', records: 1_000, subjects: 1 },
      { channel: 'gps', records: 2_000, subjects: 2 },
    ]);
    const info = await recordingInfo(path, {});
    assert.deepEqual(
      info.channels.map(({ channel, messages, subjects }) => [channel, messages, subjects]),
      [
        ['weather', 1_000, 1],
        ['gps', 2_000, 2],
      ],
    );
  });

  it('check the data of each against the schema of its channel', async () => {
    const path = join(folder, 'refused.ndjson');
    await writeFile(
      path,
      [...lines, event(3_000, 'gps', 'c', { n: 1 }), event(3_001, 'weather', 'c', { n: 1 })].join('\n'),
    );
    const { records, refused } = await played(path);
    assert.equal(records.length, lines.length + 1);
    assert.deepEqual(
      refused.map(({ channel, line }) => [channel, line]),
      [['gps', 3_001]],
    );
    assert.match(refused[0]!.reason, /"gps"/);
  });

  it('tell how things stood, for each subject of each channel', async () => {
    const path = join(folder, 'state.ndjson');
    await writeFile(path, lines.join('\n'));
    const timeline = timelineOf([await openRecording(path)]);
    const latest = await timeline.latestBefore(START_MS + 1_000_000);
    const found = latest.flatMap(({ channel, block }) =>
      block.records().map(({ subject, timeMs }) => [timeline.channels[channel], subject, timeMs - START_MS]),
    );
    assert.deepEqual(found.sort(), [
      ['gps', 'a', 997_000],
      ['gps', 'b', 998_000],
      ['weather', 'a', 999_000],
    ]);
  });

  it('play on one where --channel says so', async () => {
    const path = join(folder, 'one.ndjson');
    await writeFile(path, lines.join('\n'));
    const { records } = await played(path, { channel: 'things' });
    assert.deepEqual([...new Set(records.map(({ channel }) => channel))], ['things']);
    assert.equal(records.length, lines.length);
  });

  it('hold events, whose data stand as they are and whose times are not doubted', async () => {
    const path = join(folder, 'final.ndjson');
    const data = [{ lat: 1, lon: 2 }, { message: 'm' }, { latitude: 1, longitude: 2, elevation: -99_999 }];
    const events = Array.from({ length: 30 }, (_, n) =>
      event(n === 20 ? -86_400 * 900 : n, n % 3 === 2 ? 'gps' : 'things', 'a', data[n % 3]!),
    );
    await writeFile(path, events.join('\n'));
    const { records, refused } = await played(path);
    assert.deepEqual(refused, []);
    assert.equal(records[0]!.timeMs, START_MS - 86_400_000 * 900);
    const seen = new Set(records.map(({ json }) => json));
    assert.deepEqual(seen, new Set(data.map((datum) => JSON.stringify(datum))));
  });

  it('become an MCAP file with the same channels, from a file outside of memory, too', async () => {
    const path = join(folder, 'large.ndjson');
    const filler = 'x'.repeat(20_000);
    const large = Array.from({ length: 4_000 }, (_, n) =>
      event(n, n < 2_500 ? 'things' : 'others', 'a', { n, filler }),
    );
    large.unshift(event(-1, 'others', 'b', { n: -1 }));
    await writeFile(path, large.join('\n'));
    const out = join(folder, 'large.mcap');
    const report = await convert({ inputs: [path], out, options: {} });
    assert.deepEqual([...report.channels].sort(), ['others', 'things']);
    const { records } = await played(out);
    assert.equal(records.length, 4_001);
    for (const { channel, data } of records)
      assert.equal(channel, Number(data['n']) >= 0 && Number(data['n']) < 2_500 ? 'things' : 'others');
  }).timeout(60_000);
});
