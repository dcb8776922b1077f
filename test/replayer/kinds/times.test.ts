import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convert } from '../../../replayer/files/convert.ts';
import { recordingTimeMs } from '../../../replayer/reading/recording-time.ts';
import type { OpenOptions } from '../../../replayer/reading/open-options.ts';
import type { TextRecording } from '../../../replayer/reading/text-recording.ts';
import { DateTime, IANAZone } from 'luxon';
import fc from 'fast-check';
import { played, recordedCase, type PlayedRecord } from '../../helpers/played.ts';

/** Plays a text as a file of this name. */
async function playedText(text: string, options: OpenOptions = {}, name = 'file.csv') {
  const folder = await mkdtemp(join(tmpdir(), 'reprise-times-'));
  try {
    const path = join(folder, name);
    await writeFile(path, text);
    const found = await played(path, options);
    return { ...found, interpretation: (found.recording as TextRecording).interpretation };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const csv = (rows: (string | number)[][]) =>
  rows.map((row) => row.map((cell) => (/[,"]/.test(String(cell)) ? `"${cell}"` : cell)).join(',')).join('\n');

describe('R25: ways to write a time', () => {
  const MAY = '2024-05-14T13:05:00.000Z';
  const cases: [file: string, first: string, certainty?: string][] = [
    ['apache', '2024-05-14T11:05:00.000Z'],
    ['basic-space', MAY],
    ['cocoa', '1993-05-14T13:05:00.000Z', 'guess'],
    ['de-2digit', MAY, 'likely'],
    ['de-frac', '2024-05-14T13:05:00.123Z'],
    ['de-nopad', '2024-05-04T09:05:00.000Z', 'likely'],
    ['epoch-mixed', MAY, 'likely'],
    ['epoch-sci', MAY, 'likely'],
    ['est', '2024-05-14T18:05:00.000Z'],
    ['iso-dash', MAY],
    ['iso-minus', '2024-05-14T15:05:00.000Z'],
    ['iso-underscore', MAY],
    ['iso-week', MAY],
    ['js-date', '2024-05-14T11:05:00.000Z'],
    ['midnight24', '2024-05-14T23:59:59.000Z'],
    ['month-name', MAY],
    ['month-name2', MAY],
    ['neg-year', '2024-05-14T13:05:10.000Z'],
    ['ns-neg', '1900-01-01T00:00:00.000Z', 'guess'],
    ['old', '1854-05-14T13:05:00.000Z', 'guess'],
    ['ordinal', MAY],
    ['rfc2822', MAY],
    ['rfc2822gmt', MAY],
    ['tweet-old', MAY],
    ['tz-abbr', '2024-05-14T11:05:00.000Z'],
    ['us-2digit', MAY],
    ['us-ampm-nosec', MAY],
    ['utc-suffix', MAY],
    ['y2100', '2100-05-14T13:05:00.000Z', 'guess'],
  ];
  for (const [file, first, certainty = 'certain'] of cases) {
    it(`reads times/${file}.csv`, async () => {
      const { records, refused, recording } = await played(recordedCase(`times/${file}.csv`));
      assert.equal(records[0]!.time, first);
      assert.equal((recording as TextRecording).interpretation.timeFormat.certainty, certainty);
      assert.equal(refused.length, file === 'neg-year' ? 1 : 0);
    });
  }

  it('reads all of a column of seconds and milliseconds', async () => {
    const { records } = await played(recordedCase('times/epoch-mixed.csv'));
    assert.deepEqual(
      records.map(({ timeMs }) => timeMs / 1000),
      records.map((_, i) => 1_715_691_900 + i),
    );
  });

  it('says that the year 1 stands for no time', async () => {
    const { refused } = await played(recordedCase('times/neg-year.csv'));
    assert.match(refused[0]!.reason, /year 1/);
  });

  it('reads dates of the past, and zone names', async () => {
    const first = async (file: string) => (await played(recordedCase(file))).records[0]!.time;
    assert.equal(await first('unpadded_dates.csv'), '1948-01-01T00:00:00.000Z');
    assert.equal(await first('us_dates.csv'), '1965-01-01T00:00:00.000Z');
    assert.equal(await first('date1_pdt.csv'), '2011-09-25T13:00:00.000Z');
    assert.equal(await first('before1970.csv'), '1960-01-01T00:00:00.000Z');
  });

  it('is sure of the order of day and month where a row excludes the other, and guesses where none does', async () => {
    const order = async (...dates: string[]) => {
      const rows = dates.map((date, i) => [`${date} 10:00`, 'a', i]);
      return (await playedText(csv([['time', 'id', 'v'], ...rows]))).interpretation.timeFormat;
    };
    const sure = await order('01/02/2021', '25/02/2021');
    assert.deepEqual([sure.value, sure.certainty], ['dd/MM/yyyy HH:mm', 'certain']);
    assert.match(sure.because, /25\/02\/2021/);
    const likely = await order('03/04/2021', '03/05/2021', '03/06/2021');
    assert.deepEqual([likely.value, likely.certainty], ['MM/dd/yyyy HH:mm', 'likely']);
    const open = await order('03/04/2021');
    assert.deepEqual([open.certainty, open.instead?.value], ['guess', 'MM/dd/yyyy HH:mm']);
  });

  it('refuses later rows that contradict the order, with the reason', async () => {
    const rows = Array.from({ length: 1_500 }, (_, i) => [`0${(i % 9) + 1}/02/2021 10:00`, 'a', i]);
    const text = csv([['time', 'id', 'v'], ...rows, ['05/14/2021 10:00', 'a', 0]]);
    const { records, refused } = await playedText(text, { timeFormat: 'dd/MM/yyyy HH:mm' });
    assert.equal(records.length, 1_500);
    assert.equal(refused.length, 1);
    assert.match(refused[0]!.reason, /05\/14\/2021 10:00.*14.*month/);
  });

  it('asks about names of zones with several meanings, and lets --tz decide', async () => {
    const text = csv([
      ['time', 'id'],
      ['2024-05-14 13:05:00 IST', 'a'],
      ['2024-05-14 13:06:00 IST', 'a'],
    ]);
    const india = await playedText(text);
    assert.equal(india.records[0]!.time, '2024-05-14T07:35:00.000Z');
    const { tz } = india.interpretation;
    assert.deepEqual([tz.certainty, tz.instead?.value], ['guess', 'Asia/Jerusalem']);
    const ireland = await playedText(text, { tz: 'Europe/Dublin' });
    assert.equal(ireland.records[0]!.time, '2024-05-14T12:05:00.000Z');
  });

  it('finds the column that --time-format reads', async () => {
    const text = csv([
      ['n', 'seen', 'until'],
      ['1', '14|05|2024 10h05', 'x'],
      ['2', '14|05|2024 10h06', '14|05|2024 10h06'],
    ]);
    const { records, interpretation } = await playedText(text, { timeFormat: "dd|MM|yyyy HH'h'mm" });
    assert.equal(interpretation.time.value, 'seen');
    assert.equal(records[1]!.time, '2024-05-14T10:06:00.000Z');
  });
});

describe('R5: digits of a date', () => {
  const cases: [file: string, times: string[]][] = [
    ['compact12.csv', ['2024-05-01T10:00:00.000Z', '2024-05-01T10:01:00.000Z', '2024-05-01T10:02:00.000Z']],
    ['compact14.csv', ['2024-05-01T10:00:00.000Z', '2024-05-01T10:00:10.000Z', '2024-05-01T10:00:20.000Z']],
    ['compact14.ndjson', ['2024-05-01T10:00:00.000Z', '2024-05-01T10:00:10.000Z']],
    ['date8.csv', ['2024-05-01T10:00:00.000Z', '2024-05-01T11:00:00.000Z', '2024-05-02T00:00:00.000Z']],
  ];
  for (const [file, times] of cases) {
    it(`reads ${file}`, async () => {
      const { records, refused } = await played(recordedCase(file));
      assert.deepEqual(
        records.map(({ time }) => time),
        times,
      );
      assert.equal(refused.length, 0);
    });
  }

  it('reads digits as a pattern says, also from numbers', async () => {
    const options = { time: 'ts', timeFormat: 'yyyyMMddHHmmss' };
    const { records } = await played(recordedCase('compact14.ndjson'), options);
    assert.equal(records[0]!.time, '2024-05-01T10:00:00.000Z');
  });

  it('takes ten digits that are hours for hours, as a guess: they are seconds of 2034 as well', async () => {
    const text = csv([
      ['timestamp', 'id'],
      [2024050110, 'a'],
      [2024050111, 'a'],
      [2024050200, 'a'],
    ]);
    const { records, interpretation } = await playedText(text);
    assert.equal(records[0]!.time, '2024-05-01T10:00:00.000Z');
    const { certainty, instead } = interpretation.timeFormat;
    assert.deepEqual([certainty, instead?.value], ['guess', 's']);
  });

  it('gives times of day the zeros back that they lost as numbers', async () => {
    const text = csv([
      ['date', 'time', 'id'],
      [20240501, 230500, 'a'],
      [20240501, 235959, 'a'],
      [20240502, 10, 'a'],
      [20240502, 90500, 'a'],
    ]);
    const { records } = await playedText(text);
    assert.deepEqual(
      records.map(({ time }) => time.slice(0, 19)),
      ['2024-05-01T23:05:00', '2024-05-01T23:59:59', '2024-05-02T00:00:10', '2024-05-02T09:05:00'],
    );
  });
});

describe('R14, R19: the column of the time', () => {
  it('takes the column that moves, and names the other', async () => {
    const { records, recording } = await played(recordedCase('two-times.csv'));
    assert.equal(records[2]!.time, '2024-05-01T10:00:20.000Z');
    const { time } = (recording as TextRecording).interpretation;
    assert.deepEqual([time.value, time.certainty, time.instead?.value], ['gps_time', 'likely', 'created_at']);
  });

  for (const name of ['Timestamp (UTC)', 'TIME', 'Date Time', 'eventTime', 'time_ms', 'Time [ms]', 'ts']) {
    it(`finds ${name}`, async () => {
      const { interpretation } = await playedText(
        csv([
          ['n', name],
          [1, 1715691900000],
          [2, 1715691901000],
        ]),
      );
      assert.equal(interpretation.time.value, name);
      assert.equal(interpretation.timeFormat.value, 'ms');
    });
  }

  it('finds times in objects', async () => {
    const first = async (file: string) => {
      const { records, recording } = await played(recordedCase(file));
      return [(recording as TextRecording).interpretation.time.value, records[0]!.time];
    };
    assert.deepEqual(await first('mongo-v2.ndjson'), ['ts.$date', '2024-05-01T10:00:00.000Z']);
    assert.deepEqual(await first('elasticdump.ndjson'), ['_source.@timestamp', '2024-05-01T10:00:00.000Z']);
  });

  it('says that times of day need a date', async () => {
    const text = csv([
      ['time', 'id'],
      ['10:00:01', 'a'],
      ['10:00:02', 'a'],
    ]);
    await assert.rejects(playedText(text), /"time" of file.csv holds times of day without a date/);
  });

  it('guesses between columns of equal standing, and tells the other', async () => {
    const rows = [0, 1, 2].map((i) => [`2024-05-14T10:00:0${i}Z`, `2024-05-14T11:00:0${i}Z`]);
    const { interpretation } = await playedText(csv([['pickup_time', 'dropoff_time'], ...rows]));
    assert.deepEqual(
      [interpretation.time.certainty, interpretation.time.instead?.value],
      ['guess', 'dropoff_time'],
    );
  });
});

describe('R6: the hour that comes twice', () => {
  const zone = { tz: 'Europe/Berlin' };
  const ambiguous = ({ recording }: { recording: unknown }) => (recording as TextRecording).ambiguous;
  /** A table of the wall times of instants, in this order, with the instant beside each. */
  const table = (instants: { ms: number; id: string }[], tz: string) =>
    csv([
      ['time', 'device', 'ms'],
      ...instants.map(({ ms, id }) => [
        DateTime.fromMillis(ms, { zone: tz }).toFormat('yyyy-MM-dd HH:mm:ss'),
        id,
        ms,
      ]),
    ]);
  const wrong = ({ records }: { records: PlayedRecord[] }) =>
    records.filter(({ timeMs, data }) => timeMs !== data['ms']).length;

  it('begins the second hour at the step back', async () => {
    const found = await played(recordedCase('dst-fallback.csv'), zone);
    for (const { time, data } of found.records) assert.equal(time.slice(11, 16), data['utc']);
    assert.equal(found.records.length, 20);
    assert.equal(ambiguous(found), 0);
  });

  it('does so for any zone, step, number of subjects and direction', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Europe/London'),
        fc.constantFrom(20, 60, 300, 600, 900),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 299 }),
        fc.constantFrom('ascending', 'descending', 'grouped'),
        async (tz, stepS, subjects, shiftS, direction) => {
          const changeMs = zoneChange(tz);
          const instants: { ms: number; id: string }[] = [];
          const fromMs = changeMs - 2 * 3_600_000 + (shiftS % stepS) * 1_000;
          for (let ms = fromMs; ms < changeMs + 2 * 3_600_000; ms += stepS * 1_000)
            for (let i = 0; i < subjects; i++) instants.push({ ms, id: `v${i}` });
          if (direction === 'descending') instants.reverse();
          if (direction === 'grouped') instants.sort((a, b) => a.id.localeCompare(b.id));
          const found = await playedText(table(instants, tz), { tz, outliers: 'keep', subject: 'device' });
          assert.equal(found.records.length, instants.length);
          assert.equal(wrong(found), 0);
          assert.equal(ambiguous(found), 0);
        },
      ),
      { numRuns: 40 },
    ));

  it('counts rows that could be of either hour', async () => {
    const at = (clock: string) => [`2024-10-27 ${clock}:00`, 'a'];
    const rows = ['01:40', '01:50', '02:00', '02:10', '02:20', '02:30', '02:40', '02:50', '03:00', '03:10'];
    const found = await playedText(csv([['time', 'device'], ...rows.map(at)]), zone);
    assert.equal(ambiguous(found), 6);
    assert.equal(found.records[2]!.time, '2024-10-27T00:00:00.000Z');
  });

  it('leaves times alone that name their zone, and hours that come once', async () => {
    const rows = ['02:30:00+02:00', '02:10:00+02:00', '02:40:00+01:00'].map((clock) => [
      `2024-10-27T${clock}`,
      'a',
    ]);
    const found = await playedText(csv([['time', 'device'], ...rows]), zone);
    assert.deepEqual(
      found.records.map(({ time }) => time.slice(11, 16)),
      ['00:10', '00:30', '01:40'],
    );
    assert.equal(ambiguous(found), 0);
  });

  it('refuses times that the clocks never show', async () => {
    const rows = ['01:59', '02:30', '03:00'].map((clock) => [`2024-03-31 ${clock}:00`, 'a']);
    const { records, refused } = await playedText(csv([['time', 'device'], ...rows]), zone);
    assert.equal(records.length, 2);
    assert.match(refused[0]!.reason, /clocks of Europe\/Berlin never show/);
  });
});

describe('R7: times in requests', () => {
  const noonMs = Date.UTC(2024, 5, 1, 16);
  for (const text of [
    '2024-06-01 12:00:00',
    '2024-06-01T12:00',
    '2024-06-01T16:00:00Z',
    '2024-06-01 18:00 +02:00',
    'June 1, 2024 12:00 PM',
    '1 Jun 2024 12:00',
    '20240601120000',
    '1717257600',
    '2024-06-01 12:00 EDT',
  ])
    it(`takes ${text} in the zone of the recording`, () =>
      assert.equal(recordingTimeMs(text, 0, 'start', 'America/New_York'), noonMs));

  it('takes a date for its midnight, and a duration for an offset', () => {
    assert.equal(recordingTimeMs('2024-06-01', 0, 'start', 'America/New_York'), noonMs - 12 * 3_600_000);
    assert.equal(recordingTimeMs('90s', noonMs, 'start', 'America/New_York'), noonMs + 90_000);
  });

  it('refuses what can be read in two ways, and asks for a zone where recordings differ', () => {
    const read = (text: string, zone: string | null) => () => recordingTimeMs(text, 0, 'start', zone);
    assert.throws(read('03/04/2024 12:00', 'UTC'), /can be read as dd\/MM\/yyyy HH:mm and as MM\/dd/);
    assert.throws(read('2024-06-01 12:00', null), /names no time zone/);
    assert.equal(read('2024-06-01 16:00Z', null)(), noonMs);
    assert.throws(read('2024-03-31 02:30', 'Europe/Berlin'), /never show/);
    assert.throws(read('noon', 'UTC'), /is not a valid start/);
  });

  it('cuts in the zone of --tz, also what was converted with it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'reprise-times-'));
    try {
      const options = { tz: 'America/New_York' };
      const start = '2024-06-01 12:00:00';
      const parts = { outs: ['cut.mcap', 'cut.ndjson', 'again.ndjson'].map((name) => join(folder, name)) };
      const [mcap, ndjson, again] = parts.outs as [string, string, string];
      const input = recordedCase('tz-start.csv');
      for (const out of [mcap, ndjson]) await convert({ inputs: [input], out, start, options });
      const whole = join(folder, 'whole.mcap');
      await convert({ inputs: [input], out: whole, options });
      await convert({ inputs: [whole], out: again, start, options: {} });
      for (const out of parts.outs) {
        const { records } = await played(out, options);
        assert.equal(records[0]!.time, '2024-06-01T16:00:00.000Z', out);
        assert.equal(records.length, 3, out);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

/** When the clocks of a zone were put back in 2024 (in April in the south), epoch ms, by Luxon. */
function zoneChange(tz: string): number {
  const zone = IANAZone.create(tz);
  const isAfter = (ms: number, stepMs: number) => zone.offset(ms) < zone.offset(ms - stepMs);
  let ms = Date.UTC(2024, 0, 2);
  while (!isAfter(ms, 86_400_000)) ms += 86_400_000;
  for (ms -= 86_400_000; !isAfter(ms, 600_000);) ms += 600_000;
  return ms;
}
