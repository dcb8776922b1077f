import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import type { TextRecording } from '../../../replayer/reading/text-recording.ts';
import { guessesOf } from '../../../replayer/reading/inference/guesses.ts';
import { played, recordedCase } from '../../helpers/played.ts';

/** What an input gives with no option. `'name'` stands for the file's name without its ending; null: other tests hold it. */
type Expected = [
  kind: string,
  input: string,
  records: number,
  refused: number,
  first: string | null,
  subjects: readonly string[] | 'name' | null,
  channel: string | null,
];

const CASES: Expected[] = [
  ['R1', 'bare-kinds.mcap', 15, 0, null, null, 't.num'],
  ['R1', 'bare-mixed.mcap', 9, 0, null, null, 'raw'],
  ['R2', 'errors-first.json', 2, 1, '2024-05-01T10:00:00.000Z', 'name', 'errors-first'],
  ['R2', 'array-per-device.json', 3, 0, '2024-05-01T10:00:00.000Z', ['a', 'b'], 'name'],
  ['R3', 'object-then-lines.json', 2, 0, '2024-05-01T10:00:00.000Z', ['a'], 'name'],
  ['R3', 'timeline-android.json', 4, 0, '2024-05-01T08:14:00.000Z', 'name', 'gps'],
  ['R4', 'hex-ids.csv', 4, 0, '2024-05-01T10:00:00.000Z', ['4840e5', '48400e4', '3c6dd1'], 'gps'],
  [
    'R4',
    'big-ids.ndjson',
    3,
    0,
    '2024-05-01T10:00:00.000Z',
    ['1234567890123456789', '1234567890123456790', '1234567890123456791'],
    'posts',
  ],
  ['R5', 'compact12.csv', 3, 0, '2024-05-01T10:00:00.000Z', ['a', 'b'], 'name'],
  ['R5', 'compact14.csv', 3, 0, '2024-05-01T10:00:00.000Z', ['a', 'b'], 'name'],
  ['R5', 'compact14.ndjson', 2, 0, '2024-05-01T10:00:00.000Z', ['a'], 'name'],
  ['R5', 'date8.csv', 3, 0, '2024-05-01T10:00:00.000Z', ['a'], 'name'],
  ['R8', 'two-times.csv', 3, 0, '2024-05-01T10:00:00.000Z', ['a'], 'name'],
  ['R9', 'mixed-eol-crlf-first.csv', 3, 0, '2024-05-01T10:00:00.000Z', ['a'], 'gps'],
  ['R9', 'mixed-eol-lf-first.csv', 3, 0, '2024-05-01T10:00:00.000Z', ['a'], 'gps'],
  ['R9', 'mixed-eol-lf-first-notgps.csv', 3, 0, '2024-05-01T10:00:00.000Z', ['a'], 'name'],
  ['R10', 'utf16le-bom.csv', 2, 0, '2024-05-01T10:00:00.000Z', ['a'], 'gps'],
  ['R10', 'latin1.csv', 2, 0, '2024-05-01T10:00:00.000Z', ['a'], 'gps'],
  ['R11', 'amp-only.gpx', 100, 0, '2024-05-01T11:00:00.000Z', ['Fish & Chips'], 'gps'],
  ['R11', 'amp-second.gpx', 300, 0, '2024-05-01T10:00:00.000Z', null, 'gps'],
  ['R12', 'wpt.gpx', 2, 0, '2024-05-01T10:00:00.000Z', ['P1', 'P2'], 'gps'],
  ['R12', 'rte.gpx', 2, 0, '2024-05-01T10:00:00.000Z', null, 'gps'],
  ['R13', 'null-words.csv', 5, 0, '2024-05-01T10:00:00.000Z', ['a'], 'gps'],
  ['R13', 'ele-nan.gpx', 3, 0, '2024-05-01T10:00:00.000Z', 'name', 'gps'],
  ['R14', 'cap-header.csv', 2, 0, '2024-05-01T10:00:00.000Z', ['a'], 'gps'],
  ['R14', 'cap.ndjson', 2, 0, '2024-05-01T10:00:00.000Z', ['a'], 'gps'],
  ['R14', 'us_dates.csv', 60, 0, '1965-01-01T00:00:00.000Z', 'name', 'gps'],
  ['R14', 'Text_column.csv', 10, 0, '2024-01-01T00:00:00.000Z', ['u0', 'u1', 'u2'], 'posts'],
  ['R14', 'movebank.csv', 2, 0, '2024-05-01T10:00:00.000Z', ['F1'], 'gps'],
  ['R14', 'units-in-names.csv', 2, 0, '2024-05-01T10:00:00.000Z', ['a'], 'gps'],
  ['R15', 'adsb_track.ndjson', 40, 0, '2018-08-01T12:08:50.000Z', ['3003ae', '4b1815'], 'gps'],
  ['R16', 'decimal-comma.csv', 3, 0, '2024-05-01T10:00:00.000Z', ['a', 'b'], 'gps'],
  ['R17', 'firehose.ndjson', 3, 0, '2024-05-01T10:00:00.000Z', ['a'], 'name'],
  ['R17', 'jq-pretty.ndjson', 3, 0, '2024-05-01T10:00:00.000Z', ['a'], 'name'],
  ['R17', 'space-after-comma.csv', 2, 0, '2024-05-01T10:00:00.000Z', ['a'], 'gps'],
  ['R19', 'mongo-v2.ndjson', 2, 0, '2024-05-01T10:00:00.000Z', ['a'], 'gps'],
  ['R19', 'elasticdump.ndjson', 2, 0, '2024-05-01T10:00:00.000Z', ['a'], 'gps'],
  ['R19', 'gtfs_rt.json', 20, 0, '2023-11-14T22:13:01.000Z', null, 'gps'],
  ['R20', 'numeric_user.csv', 3, 0, '2024-01-01T00:00:00.000Z', ['1001', '1002'], 'posts'],
  ['R20', 'numeric_text.csv', 3, 0, '2024-01-01T00:00:00.000Z', ['ann', 'bob'], 'posts'],
  ['R20', 'twitter_v1.json', 5, 0, '2014-08-31T00:29:11.000Z', ['ann'], 'posts'],
  ['R21', 'before1970.csv', 20, 0, '1960-01-01T00:00:00.000Z', 'name', 'name'],
  ['R21', 'all_before1970.csv', 20, 0, '1940-01-01T00:00:00.000Z', 'name', 'name'],
  ['R22', 'gps-without-latitude.mcap', 0, 5, null, null, null],
  ['R23', 'TenMessages-ch-mx-pad.mcap', 10, 0, '1970-01-01T00:00:00.000Z', ['example'], 'example'],
  ['R24', 'one.zip', 300, 0, '2024-05-01T10:00:00.000Z', ['a'], 'plain'],
  ['R24', 'data.csv', 300, 0, '2024-05-01T10:00:00.000Z', ['a'], 'plain'],
  ['R25', 'unpadded_dates.csv', 4, 0, '1948-01-01T00:00:00.000Z', 'name', 'name'],
  ['R25', 'date1_pdt.csv', 10, 0, '2011-09-25T13:00:00.000Z', 'name', 'name'],
  ['R26', 'cab.txt', 10, 0, '2008-05-17T14:12:10.000Z', 'name', 'gps'],
  ['R25', 'times/apache.csv', 3, 0, '2024-05-14T11:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/basic-space.csv', 3, 0, '2024-05-14T13:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/de-2digit.csv', 3, 0, '2024-05-14T13:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/de-frac.csv', 3, 0, '2024-05-14T13:05:00.123Z', ['a'], 'name'],
  ['R25', 'times/de-nopad.csv', 3, 0, '2024-05-04T09:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/epoch-mixed.csv', 5, 0, '2024-05-14T13:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/epoch-sci.csv', 3, 0, '2024-05-14T13:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/est.csv', 3, 0, '2024-05-14T18:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/iso-dash.csv', 3, 0, '2024-05-14T13:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/iso-minus.csv', 3, 0, '2024-05-14T15:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/iso-underscore.csv', 3, 0, '2024-05-14T13:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/iso-week.csv', 3, 0, '2024-05-14T13:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/js-date.csv', 3, 0, '2024-05-14T11:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/midnight24.csv', 3, 0, '2024-05-14T23:59:59.000Z', ['a'], 'name'],
  ['R25', 'times/month-name.csv', 3, 0, '2024-05-14T13:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/month-name2.csv', 3, 0, '2024-05-14T13:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/ns-neg.csv', 3, 0, '1900-01-01T00:00:00.000Z', ['a'], 'name'],
  ['R25', 'times/old.csv', 3, 0, '1854-05-14T13:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/ordinal.csv', 3, 0, '2024-05-14T13:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/rfc2822.csv', 3, 0, '2024-05-14T13:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/rfc2822gmt.csv', 3, 0, '2024-05-14T13:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/tweet-old.csv', 3, 0, '2024-05-14T13:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/tz-abbr.csv', 3, 0, '2024-05-14T11:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/us-2digit.csv', 3, 0, '2024-05-14T13:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/us-ampm-nosec.csv', 3, 0, '2024-05-14T13:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/utc-suffix.csv', 3, 0, '2024-05-14T13:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/y2100.csv', 3, 0, '2100-05-14T13:05:00.000Z', ['a'], 'name'],
  ['R25', 'times/neg-year.csv', 2, 1, '2024-05-14T13:05:10.000Z', ['a'], 'name'],
  // Seconds since 1970 in 1993, or since 2001 in 2024: it is said that this is a guess.
  ['R25', 'times/cocoa.csv', 3, 0, '1993-05-14T13:05:00.000Z', ['a'], 'name'],
];

/** Inputs that need an option to be right, or that are refused: other tests of their kinds hold them. */
const ELSEWHERE = ['dst-fallback.csv', 'tz-start.csv', 'trunc3.ndjson.gz'];

describe('inputs that went wrong once, read with no option', () => {
  for (const [kind, input, count, refusedCount, first, subjects, channel] of CASES)
    it(`${kind}: ${input}`, async () => {
      const { records, recording } = await played(recordedCase(input));
      const name = basename(input).replace(/\.\w+$/, '');
      assert.deepEqual([records.length, recording.refused], [count, refusedCount]);
      if (first !== null) assert.equal(records[0]!.time, first);
      if (subjects !== null)
        assert.deepEqual(
          [...new Set(records.map(({ subject }) => subject))].sort(),
          subjects === 'name' ? [name] : [...subjects].sort(),
        );
      if (channel !== null) assert.equal(records[0]!.channel, channel === 'name' ? name : channel);
    });

  it('says what was guessed: times beyond our days, two epochs, a zone that nothing names', async () => {
    const guesses = async (input: string) => {
      const { recording } = await played(recordedCase(input));
      return guessesOf((recording as TextRecording).interpretation).map(({ name }) => name);
    };
    assert.ok((await guesses('before1970.csv')).includes('timeFormat'));
    assert.ok((await guesses('times/cocoa.csv')).includes('timeFormat'));
    assert.ok((await guesses('times/y2100.csv')).includes('timeFormat'));
    assert.deepEqual(await guesses('movebank.csv'), ['tz']);
    assert.deepEqual(await guesses('latin1.csv'), ['encoding']);
    assert.deepEqual(await guesses('cap-header.csv'), []);
  });

  it('holds every input', () => {
    const inputs = readdirSync(recordedCase(''), { recursive: true, encoding: 'utf8' }).filter((file) =>
      /\.\w+$/.test(file),
    );
    const held = new Set([...CASES.map(([, input]) => input), ...ELSEWHERE]);
    assert.deepEqual(
      inputs.filter((input) => !held.has(input)),
      [],
    );
  });
});
