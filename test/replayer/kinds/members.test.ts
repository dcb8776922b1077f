import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { guessesOf } from '../../../replayer/reading/inference/guesses.ts';
import type { TextRecording } from '../../../replayer/reading/text-recording.ts';
import { played, recordedCase, type Played } from '../../helpers/played.ts';

describe('members of recordings', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'reprise-members-'))));
  after(() => rmSync(folder, { recursive: true }));

  let files = 0;
  /** Plays lines of JSON. */
  function lines(rows: readonly object[]): Promise<Played> {
    const path = join(folder, `${++files}.ndjson`);
    writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    return played(path);
  }
  const time = (i: number) => new Date(Date.UTC(2024, 4, 1, 10) + i * 1000).toISOString();
  const interpretationOf = ({ recording }: Played) => (recording as TextRecording).interpretation;

  describe('R13: an optional value that means none', () => {
    it('is an absent member in a table, and the fix plays', async () => {
      const { records, refused } = await played(recordedCase('null-words.csv'));
      assert.equal(refused.length, 0);
      assert.deepEqual(
        records.map(({ data }) => [data['elevation'], data['speed_meters_per_second']]),
        [
          [500, 3],
          [undefined, 4],
          [undefined, undefined],
          [undefined, undefined],
          [undefined, undefined],
        ],
      );
    });

    it('is an absent member in JSON, whatever the word is; a required one is refused with its reason', async () => {
      const words = [null, 'NaN', 'null', 'N/A', '-', '', '\\N', 'None'];
      const fixes = words.map((elevation, i) => ({ time: time(i), lat: 48.1, lon: 11.5, elevation }));
      const { records, refused } = await lines([...fixes, { time: time(9), lat: 'NaN', lon: 11.5 }]);
      assert.equal(records.length, words.length);
      for (const { data } of records) assert.ok(!('elevation' in data));
      assert.match(refused[0]!.reason, /latitude must be number, got "NaN"/);
    });

    it('does not hide a value that is wrong', async () => {
      const { refused } = await lines([
        { time: time(0), lat: 48.1, lon: 11.5, elevation: 3 },
        { time: time(1), lat: 48.1, lon: 11.5, elevation: 'high' },
      ]);
      assert.match(refused[0]!.reason, /elevation must be number, got "high"/);
    });

    it('is a sentinel below the deepest sea', async () => {
      const { records } = await lines(
        [-32768, -99999, -11_000, 12].map((elevation, i) => ({ time: time(i), lat: 1, lon: 2, elevation })),
      );
      assert.deepEqual(
        records.map(({ data }) => data['elevation']),
        [undefined, undefined, -11_000, 12],
      );
    });
  });

  describe('R14: names in other case or spelling', () => {
    for (const name of ['cap-header.csv', 'cap.ndjson', 'us_dates.csv', 'movebank.csv', 'units-in-names.csv'])
      it(`${name} is played on gps`, async () => {
        const { records, refused } = await played(recordedCase(name));
        assert.equal(refused.length, 0);
        assert.ok(records.every(({ channel }) => channel === 'gps'));
        assert.ok(records.every(({ data }) => typeof data['latitude'] === 'number'));
      });

    it('finds coordinates under any usual spelling', async () => {
      const spell = (word: string) => [word, word.toUpperCase(), word[0]!.toUpperCase() + word.slice(1)];
      const pairs = [
        ...[0, 1, 2].map((i) => [spell('latitude')[i]!, spell('longitude')[i]!]),
        ...[0, 1, 2].map((i) => [spell('lat')[i]!, spell('lon')[i]!]),
        ['location-lat', 'location-long'],
        ['Latitude (deg)', 'Longitude (deg)'],
        ['gpsLatitude', 'gpsLongitude'],
        ['GPS Lat', 'GPS Lng'],
        ['lat_deg', 'lon_deg'],
        ['decimalLatitude', 'decimalLongitude'],
        ['Breitengrad', 'Längengrad'],
        ['Latitud', 'Longitud'],
      ];
      for (const [latitude, longitude] of pairs) {
        const { records } = await lines([
          { time: time(0), [latitude!]: 48.1, [longitude!]: 11.5 },
          { time: time(1), [latitude!]: 48.2, [longitude!]: 11.6 },
        ]);
        assert.deepEqual(
          records.map(({ channel, data }) => [channel, data['latitude'], data['longitude']]),
          [
            ['gps', 48.1, 11.5],
            ['gps', 48.2, 11.6],
          ],
          `${latitude}, ${longitude}`,
        );
      }
    });

    it('says that columns named like coordinates hold no degrees', async () => {
      const rows = [0, 1].map((i) => ({ time: time(i), lat: `48°08'1${i}"N`, lon: `11°34'3${i}"E` }));
      const found = await lines(rows);
      assert.notEqual(found.records[0]!.channel, 'gps');
      const { certainty, because } = interpretationOf(found).coordinates;
      assert.equal(certainty, 'guess');
      assert.match(because, /lat \("48°08.* and lon .* do not hold degrees/);
    });

    it('reads identifiers under many names', async () => {
      const names = [
        'object_id',
        'uid',
        'driver_id',
        'deviceId',
        'Device ID',
        'instance',
        'vehicleId',
        'MMSI',
      ];
      for (const name of names) {
        const { records } = await lines(
          [0, 1, 2, 3, 4, 5].map((i) => ({ time: time(i), [name]: `s${i % 2}`, v: i })),
        );
        assert.deepEqual(new Set(records.map(({ subject }) => subject)), new Set(['s0', 's1']), name);
      }
    });

    it('reads a text and its author under other names', async () => {
      const { records } = await played(recordedCase('Text_column.csv'));
      assert.deepEqual(records[0], { ...records[0], channel: 'posts', subject: 'u0' });
      assert.deepEqual([records[0].data['text'], records[0].data['user']], ['hello 0', 'u0']);
    });

    it('converts a unit that a name says, and keeps the column', async () => {
      const units = { 'Speed [km/h]': 36, speed_kmh: 36, 'speed (mph)': 22.369363, speed_knots: 19.438445 };
      for (const [name, value] of Object.entries(units)) {
        const { records } = await lines([{ time: time(0), lat: 1, lon: 2, [name]: value }]);
        const { data } = records[0]!;
        assert.equal(Number(data['speed_meters_per_second']).toFixed(4), '10.0000', name);
        assert.equal(data[name], value);
      }
    });

    it('says that it does not know a unit, and leaves the column as it is', async () => {
      const found = await lines([{ time: time(0), lat: 1, lon: 2, 'speed [furlong/h]': 3 }]);
      assert.equal(found.records[0]!.data['speed_meters_per_second'], undefined);
      assert.match(
        guessesOf(interpretationOf(found))[0]!.because,
        /unit of speed \[furlong\/h\] is not known/,
      );
    });
  });

  describe('R15: the column of the subject', () => {
    it('adsb_track.ndjson: is the aircraft and not its course', async () => {
      const { records, recording } = await played(recordedCase('adsb_track.ndjson'));
      assert.equal((recording as TextRecording).interpretation.subject.value, 'icao24');
      assert.equal(new Set(records.map(({ subject }) => subject)).size, 2);
    });

    it('is never a column of fractions', () =>
      fc.assert(
        fc.asyncProperty(
          fc.constantFrom('track', 'name', 'id', 'device', 'vehicle_id'),
          fc.array(fc.double({ min: 0.1, max: 359.9, noNaN: true }), { minLength: 3, maxLength: 30 }),
          async (name, courses) => {
            fc.pre(courses.some((course) => !Number.isInteger(course)));
            const rows = courses.flatMap((course, i) =>
              [course, course].map((v) => ({ time: time(i), [name]: v })),
            );
            const found = await lines(rows);
            assert.equal(interpretationOf(found).subject.value, null);
          },
        ),
        { numRuns: 30 },
      ));

    it('is a guess where a column that nobody knows recurs', async () => {
      const rows = Array.from({ length: 20 }, (_, i) => ({ time: time(i), stop_code: `s${i % 3}`, v: i }));
      const { subject } = interpretationOf(await lines(rows));
      assert.deepEqual(
        [subject.value, subject.certainty, subject.instead?.value],
        [null, 'guess', 'stop_code'],
      );
    });
  });

  describe('R19: time or place one level deeper', () => {
    it('mongo-v2.ndjson: takes the date, and the point of GeoJSON', async () => {
      const { records } = await played(recordedCase('mongo-v2.ndjson'));
      const [{ time: at, channel, subject, data }] = records as [Played['records'][0]];
      assert.deepEqual(
        [at, channel, subject, data['latitude'], data['longitude']],
        ['2024-05-01T10:00:00.000Z', 'gps', 'a', 48.1, 11.5],
      );
      assert.deepEqual(data['loc'], { type: 'Point', coordinates: [11.5, 48.1] }, 'the original stays');
    });

    it('elasticdump.ndjson: takes what _source holds', async () => {
      const { records } = await played(recordedCase('elasticdump.ndjson'));
      assert.deepEqual(
        records.map(({ time: at, channel, subject, data }) => [at, channel, subject, data['latitude']]),
        [
          ['2024-05-01T10:00:00.000Z', 'gps', 'a', 48.1],
          ['2024-05-01T10:00:10.000Z', 'gps', 'a', 48.2],
        ],
      );
    });

    it('takes coordinates at any depth, as members, as a pair or as a text', () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.constantFrom('position', 'payload', 'vehicle', 'loc', '_source', 'a b'), {
            maxLength: 4,
          }),
          fc.constantFrom('members', 'point', 'pair', 'text'),
          fc.array(fc.tuple(fc.integer({ min: -8999, max: 8999 }), fc.integer({ min: 9001, max: 17_999 })), {
            minLength: 1,
            maxLength: 5,
          }),
          async (parents, form, places) => {
            const rows = places.map(([latitude, longitude], i) => {
              const [lat, lon] = [latitude / 100, longitude / 100];
              const place = {
                members: { lat, lon },
                point: { geometry: { type: 'Point', coordinates: [lon, lat] } },
                pair: { coordinates: [lon, lat] },
                text: { point: `${lat}°, ${lon}°` },
              }[form];
              return {
                time: time(i),
                ...parents.reduceRight<object>((inner, name) => ({ [name]: inner }), place),
              };
            });
            const { records } = await lines(rows);
            assert.deepEqual(
              records.map(({ channel, data }) => [channel, data['latitude'], data['longitude']]),
              places.map(([latitude, longitude]) => ['gps', latitude / 100, longitude / 100]),
            );
          },
        ),
        { numRuns: 60 },
      ));

    it('takes a path in every option', async () => {
      const path = join(folder, 'paths.ndjson');
      const row = { a: { when: '2024-05-01T10:00:00Z', who: 'x' }, b: [{ n: 48.5, e: 11.5 }] };
      writeFileSync(path, `${JSON.stringify(row)}\n`);
      const options = { time: 'a.when', subject: 'a.who', latitude: 'b.0.n', longitude: 'b.0.e' };
      const { records } = await played(path, options);
      const [{ time: at, subject, channel, data }] = records as [Played['records'][0]];
      assert.deepEqual(
        [at, subject, channel, data['latitude'], data['longitude']],
        ['2024-05-01T10:00:00.000Z', 'x', 'gps', 48.5, 11.5],
      );
    });

    it('tells that the order of a pair is a guess where both would fit', async () => {
      const found = await lines([{ time: time(0), location: [11.5, 48.1] }]);
      assert.equal(found.records[0]!.data['latitude'], 48.1);
      assert.equal(interpretationOf(found).coordinates.certainty, 'guess');
    });
  });

  describe('R20: a schema does not cost the file', () => {
    it('numeric_user.csv and numeric_text.csv: a cell of a text member stays text', async () => {
      for (const name of ['numeric_user.csv', 'numeric_text.csv']) {
        const { records, refused } = await played(recordedCase(name));
        assert.equal(refused.length, 0);
        assert.deepEqual(
          records.map(({ data }) => [typeof data['text'], typeof data['user']]),
          Array.from({ length: 3 }, () => ['string', 'string']),
        );
        assert.equal(records[1]!.data['text'], '9');
      }
    });

    it('a cell that is not a number costs its row only, and not the type of its column', async () => {
      const path = join(folder, 'junk.csv');
      const rows = [0, 1, 2, 3].map((i) => `${time(i)},${i === 2 ? 'junk' : '48.10'},11.5\n`);
      writeFileSync(path, `time,lat,lon\n${rows.join('')}`);
      const { records, refused } = await played(path);
      assert.deepEqual(
        records.map(({ json }) => /"latitude":48.10,"longitude":11.5/.test(json)),
        [true, true, true],
      );
      assert.match(refused[0]!.reason, /latitude must be number, got "junk"/);
    });

    it('twitter_v1.json: a nested user gives its name', async () => {
      const { records, refused } = await played(recordedCase('twitter_v1.json'));
      assert.equal(refused.length, 0);
      assert.ok(records.every(({ channel, subject }) => channel === 'posts' && subject === 'ann'));
      assert.deepEqual(
        [records[0]!.data['user'], records[0]!.data['user_object']],
        ['ann', { id: 7, screen_name: 'ann' }],
      );
    });

    it('posts of Mastodon, Bluesky and Twitter archives give text, author and time', async () => {
      const documents = {
        'outbox.json': JSON.stringify({
          type: 'OrderedCollection',
          orderedItems: [0, 1].map((i) => ({
            id: `https://m.example/${i}/activity`,
            type: 'Create',
            actor: 'https://m.example/users/ann',
            published: time(i),
            object: { id: `https://m.example/${i}`, type: 'Note', content: '<p>Hello you</p>', tag: [] },
          })),
        }),
        'feed.json': JSON.stringify({
          feed: [0, 1].map((i) => ({
            post: {
              uri: `at://${i}`,
              author: { did: 'did:plc:a', handle: 'ann.example' },
              record: { $type: 'app.bsky.feed.post', createdAt: time(i), text: 'Hello you' },
              indexedAt: time(i + 1),
            },
          })),
        }),
        'tweets.js': `window.YTD.tweets.part0 = ${JSON.stringify(
          [0, 1].map((i) => ({ tweet: { id_str: `${i}`, created_at: time(i), full_text: 'Hello you' } })),
        )}`,
      };
      const expected: { [name: string]: [text: string, subject: string] } = {
        'outbox.json': ['<p>Hello you</p>', 'https://m.example/users/ann'],
        'feed.json': ['Hello you', 'ann.example'],
        'tweets.js': ['Hello you', 'tweets'],
      };
      for (const [name, text] of Object.entries(documents)) {
        const path = join(folder, name);
        writeFileSync(path, text);
        const { records } = await played(path);
        assert.deepEqual(
          records.map(({ time: at, channel, subject, data }) => [at, channel, data['text'], subject]),
          [0, 1].map((i) => [time(i), 'posts', ...expected[name]!]),
          name,
        );
      }
    });

    it('a number in JSON becomes its text as it stands, and a text that is a number that number', async () => {
      const { records, refused } = await lines([
        { time: time(0), text: 1.5, user: 12 },
        { time: time(1), text: 'hello there', user: 'ann' },
      ]);
      assert.equal(refused.length, 0);
      assert.deepEqual([records[0]!.data['text'], records[0]!.data['user']], ['1.5', '12']);
      const fixes = await lines([{ time: time(0), latitude: '48.10', longitude: ' 11.5 ' }]);
      assert.match(fixes.records[0]!.json, /"latitude":48.10,"longitude":11.5/);
    });
  });

  describe('evidence from the middle and the end of a file', () => {
    it('decides the order of day and month where only late rows tell', async () => {
      const path = join(folder, 'late.csv');
      // 60,000 rows of the first twelve days of January, then the end of the month.
      const at = (i: number) => (i < 60_000 ? Math.floor(i / 5000) + 1 : 28);
      const rows = Array.from(
        { length: 60_500 },
        (_, i) => `01/${String(at(i)).padStart(2, '0')}/2024 10:00:00,a,${i},some words to fill the file\n`,
      );
      writeFileSync(path, `time,device,v,note\n${rows.join('')}`);
      const { records, refused, recording } = await played(path);
      const { timeFormat } = (recording as TextRecording).interpretation;
      assert.deepEqual([timeFormat.value, timeFormat.certainty], ['MM/dd/yyyy HH:mm:ss', 'certain']);
      assert.deepEqual([records.length, refused.length], [60_500, 0]);
      assert.equal(records.at(-1)!.time, '2024-01-28T10:00:00.000Z');
    });
  });

  describe('R26: a table without a header', () => {
    it('cab.txt: its time and its coordinates are guessed and told', async () => {
      const found = await played(recordedCase('cab.txt'));
      const { time, coordinates } = interpretationOf(found);
      assert.deepEqual(
        [time.value, coordinates.value, coordinates.certainty],
        ['column_4', 'column_1, column_2', 'guess'],
      );
      const [first] = found.records;
      assert.deepEqual(
        [first!.time, first!.channel, first!.data['latitude'], first!.data['longitude']],
        ['2008-05-17T14:12:10.000Z', 'gps', 37.7515, -122.3944],
      );
    });

    it('names what is missing where nothing can be guessed', () => {
      const path = join(folder, 'nameless.csv');
      writeFileSync(path, '1;2;3\n4;5;6\n7;8;9\n');
      return assert.rejects(played(path), (error: Error & { hint?: string }) =>
        /--columns a,b,c.*--time COLUMN.*--every/.test(error.hint ?? ''),
      );
    });
  });

  describe('strict reading', () => {
    it('refuses guesses and names the options that decide them', async () => {
      const path = join(folder, 'naive.ndjson');
      writeFileSync(path, '{"time":"2024-05-01 10:00:00","v":1}\n');
      await assert.rejects(played(path, { strict: true }), /tz "UTC" is a guess.*--tz changes it/);
      const { records } = await played(path, { strict: true, tz: 'Europe/Berlin' });
      assert.equal(records[0]!.time, '2024-05-01T08:00:00.000Z');
    });
  });
});
