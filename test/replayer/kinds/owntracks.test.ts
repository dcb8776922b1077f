import assert from 'node:assert/strict';
import { assertDamageStaysInLine, playedContent, sortedRows } from '../../helpers/format-rows.ts';

const entry = (json: object | string, topic = '*', time = '2015-08-24T09:00:54Z') =>
  `${time}\t${topic.padEnd(18)}\t${typeof json === 'string' ? json : JSON.stringify(json)}`;
const location = { _type: 'location', tid: 'JP', lat: 48.85833, lon: 2.29513, tst: 1440406854 };

describe('OwnTracks Recorder', () => {
  it('positions in our names and units, with the time of the fix', async () => {
    const { values } = await sortedRows(
      'owntracks',
      [
        entry({ ...location, vel: 54, cog: 271, acc: 12, alt: 35, batt: 41 }),
        entry({ ...location, tst: '1440406855', vel: '0', cog: -1 }),
        entry({ _type: 'location', lat: 1, lon: 2 }),
      ].join('\n'),
    );
    assert.deepEqual(values, [
      {
        time: '2015-08-24T09:00:54.000Z',
        _type: 'location',
        tid: 'JP',
        latitude: 48.85833,
        longitude: 2.29513,
        tst: 1440406854,
        speed_meters_per_second: 15,
        bearing: 271,
        accuracy: 12,
        elevation: 35,
        batt: 41,
      },
      {
        time: '2015-08-24T09:00:55.000Z',
        _type: 'location',
        tid: 'JP',
        latitude: 48.85833,
        longitude: 2.29513,
        tst: '1440406855',
        speed_meters_per_second: 0,
      },
      { time: '2015-08-24T09:00:54Z', _type: 'location', latitude: 1, longitude: 2 },
    ]);
  });

  it('play on gps with the device as subject; messages without a position are counted', async () => {
    const topic = 'owntracks/jane/phone';
    const content = [
      entry({ ...location, topic }),
      entry({ _type: 'lwt', tst: 1440406000 }, 'lwt'),
      entry({ _type: 'card', name: 'Jane' }, 'info'),
      entry('hello'),
      entry({ _type: 'transition', topic, event: 'leave', lat: 48, lon: 2, tst: 1440406900 }, 'event'),
    ].join('\n');
    for (const name of ['2015-08.rec', 'x.txt.rec', 'noname']) {
      const { records, refused } = await playedContent(name, content);
      assert.deepEqual(refused, []);
      assert.deepEqual(
        records.map(({ channel, subject, time }) => [channel, subject, time]),
        [
          ['gps', topic, '2015-08-24T09:00:54.000Z'],
          ['gps', topic, '2015-08-24T09:01:40.000Z'],
        ],
      );
    }
    const { skipped } = await sortedRows('owntracks', content);
    assert.deepEqual(skipped, [
      '2: a message of type lwt',
      '3: a message of type card',
      '4: a message that is not JSON',
    ]);
  });

  it('damage stays in its line', async () => {
    const lines = Array.from({ length: 6 }, (_, i) => entry({ ...location, n: i }));
    await assertDamageStaysInLine('owntracks', lines, 200);
  });
});
