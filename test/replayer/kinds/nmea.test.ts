import assert from 'node:assert/strict';
import fc from 'fast-check';
import { played } from '../../helpers/played.ts';
import { playedContent, rowsOf, sortedRows } from '../../helpers/format-rows.ts';
import { sentence } from '../../helpers/nmea.ts';

const rmc = (clock: string, date = '010524', position = '4807.038,N,01131.000,E', status = 'A') =>
  sentence(`GPRMC,${clock},${status},${position},022.4,084.4,${date},003.1,W`);
const gga = (clock: string, position = '4807.038,N,01131.000,E', quality = 1, talker = 'GP') =>
  sentence(`${talker}GGA,${clock},${position},${quality},08,0.9,545.4,M,46.9,M,,`);
const text = (...sentences: string[]) => `${sentences.join('\r\n')}\r\n`;
const times = (values: { [name: string]: unknown }[]) => values.map(({ time }) => time);

describe('NMEA 0183: positions', () => {
  it('merges the sentences of a moment into one row, in SI units', async () => {
    const { values, problems } = await sortedRows(
      'nmea',
      text(gga('123519.00'), rmc('123519.00', '230394'), sentence('GPVTG,054.7,T,034.4,M,005.5,N,010.2,K')),
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(values, [
      {
        time: '1994-03-23T12:35:19.000Z',
        latitude: 48.1173,
        longitude: 11.516667,
        elevation: 545.4,
        fix_quality: 'fix',
        satellites: 8,
        hdop: 0.9,
        geoid_height_meters: 46.9,
        speed_meters_per_second: 11.5236,
        bearing: 84.4,
        magnetic_variation_degrees: -3.1,
        magnetic_bearing: 34.4,
      },
    ]);
  });

  it('goes on with the date at midnight, in GGA without a date too', async () => {
    const { values } = await sortedRows(
      'nmea',
      text(gga('235958'), rmc('235959', '311223'), gga('000000'), gga('000001.5'), rmc('000002', '010124')),
    );
    assert.deepEqual(times(values), [
      '2023-12-31T23:59:58.000Z',
      '2023-12-31T23:59:59.000Z',
      '2024-01-01T00:00:00.000Z',
      '2024-01-01T00:00:01.500Z',
      '2024-01-01T00:00:02.000Z',
    ]);
  });

  it('gives fixes before the first date theirs, over midnight too', async () => {
    const { values } = await sortedRows('nmea', text(gga('235959'), gga('000000'), rmc('000001', '290224')));
    assert.deepEqual(times(values), [
      '2024-02-28T23:59:59.000Z',
      '2024-02-29T00:00:00.000Z',
      '2024-02-29T00:00:01.000Z',
    ]);
  });

  it('takes years of two digits for 1980 to 2079, and the date from ZDA', async () => {
    const { values } = await sortedRows(
      'nmea',
      text(
        rmc('120000', '010180'),
        rmc('120001', '311279'),
        sentence('GPZDA,120002,05,06,2010,00,00'),
        gga('120002'),
      ),
    );
    assert.deepEqual(times(values), [
      '1980-01-01T12:00:00.000Z',
      '2079-12-31T12:00:01.000Z',
      '2010-06-05T12:00:02.000Z',
    ]);
  });

  it('counts fixes without a position, and never plays 0, 0', async () => {
    const { values, skipped } = await sortedRows(
      'nmea',
      text(
        rmc('120000', '010524', ',,,', 'V'),
        gga('120000', ',,,', 0),
        sentence('GPRMC,,V,,,,,,,,,,N'),
        sentence('GPRMC,,V,,,,,,,,,,N'),
        rmc('120003', '010524', '0000.000,N,00000.000,E', 'V'),
        rmc('120004'),
      ),
    );
    assert.equal(values.length, 1);
    assert.deepEqual(
      skipped.map((each) => each.split(':')[0]),
      ['1', '3', '4', '5'],
    );
  });

  it('keeps two receivers of one file apart', async () => {
    const there = '4807.938,N,01131.000,E';
    const { values } = await sortedRows(
      'nmea',
      text(
        ...['120000', '120001'].flatMap((clock) => [
          gga(clock),
          gga(clock, there, 2, 'GL'),
          rmc(clock),
          sentence(`GLRMC,${clock},A,${there},1.0,2.0,010524,,`),
        ]),
      ),
    );
    assert.deepEqual(
      values.map(({ latitude, bearing, fix_quality: quality }) => [latitude, bearing, quality]),
      [
        [48.1173, 84.4, 'fix'],
        [48.1323, 2, 'dgps-fix'],
        [48.1173, 84.4, 'fix'],
        [48.1323, 2, 'dgps-fix'],
      ],
    );
  });

  it('refuses what is not right: a checksum, a place that is not on Earth, a field that is not a number', async () => {
    const { values, problems } = await sortedRows(
      'nmea',
      text(
        rmc('120000').replace('4807', '4808'),
        rmc('120001', '010524', '9907.038,N,01131.000,E'),
        rmc('120002', '010524', '4807.038,N,1131.000,E'),
        rmc('126000'),
        sentence('GPRMC,120004,A,4807.038,N,01131.000,E,2x.4,084.4,010524,,'),
        rmc('120005').slice(0, -1),
        'hello',
        rmc('120006'),
      ),
    );
    assert.deepEqual(times(values), ['2024-05-01T12:00:06.000Z']);
    assert.deepEqual(
      problems.map((each) => Number(each.split(':')[0])),
      [1, 2, 3, 4, 5, 6, 7],
    );
  });

  it('reads a file without checksums and says so, but not a sentence that lost its own', async () => {
    const bare = (line: string) => line.replace(/\*.*/, '');
    const all = await sortedRows('nmea', text(bare(rmc('120000')), bare(rmc('120001'))));
    assert.deepEqual(
      all.values.map(({ time, unchecked }) => [time, unchecked]),
      [
        ['2024-05-01T12:00:00.000Z', true],
        ['2024-05-01T12:00:01.000Z', true],
      ],
    );
    const one = await sortedRows('nmea', text(bare(rmc('120000')), rmc('120001'), bare(rmc('120002'))));
    assert.deepEqual(times(one.values), ['2024-05-01T12:00:01.000Z']);
    assert.equal(one.problems.length, 2);
  });

  it('passes over other sentences and counts them by name', async () => {
    const { skipped, problems } = await sortedRows(
      'nmea',
      text(
        rmc('120000'),
        sentence('PUBX,00,1,2'),
        sentence('GPconstructor,1'),
        sentence('SDDBT,7.8,f,2.4,M,1.3,F'),
      ),
    );
    assert.deepEqual(skipped, ['2: a sentence PUBX', '4: a sentence SDDBT']);
    assert.equal(problems.length, 1);
  });

  it('reads two sentences whose line end was lost', async () => {
    const { values } = await sortedRows('nmea', rmc('120000') + rmc('120001'));
    assert.equal(values.length, 2);
  });

  it('takes the day from a logger where no sentence names it', async () => {
    const { values } = await sortedRows(
      'nmea',
      text(`2024-05-01T23:59:59.500Z ${gga('235959')}`, `2024-05-02T00:00:01.500Z ${gga('000000')}`),
    );
    assert.deepEqual(times(values), ['2024-05-01T23:59:59.000Z', '2024-05-02T00:00:00.000Z']);
  });

  it('keeps a file of times of day without a date from being played, with words', async () => {
    await assert.rejects(
      playedContent('x.nmea', text(gga('120000'), gga('120001'))),
      (error: { hint?: string }) => /--every/.test(error.hint ?? ''),
    );
    const { records } = await playedContent('x.nmea', text(gga('120000'), gga('120001')), { every: '1s' });
    assert.deepEqual(
      records.map(({ data }) => data['time_of_day']),
      ['12:00:00.000', '12:00:01.000'],
    );
  });

  it('plays a log by its look, under other endings', async () => {
    for (const name of ['x.txt', 'x.log', 'x.dat']) {
      const { records, recording } = await playedContent(name, text(rmc('120000'), rmc('120001')));
      assert.equal(recording.format, 'nmea');
      assert.deepEqual(
        records.map(({ channel, subject }) => [channel, subject]),
        [
          ['gps', 'x'],
          ['gps', 'x'],
        ],
      );
    }
  });
});

describe('NMEA 0183: damage stays where it is', () => {
  const moments = Array.from({ length: 12 }, (_, i) =>
    String(115955 + i + (i > 4 ? 4040 : 0)).padStart(6, '0'),
  );
  const whole = text(
    ...moments.flatMap((clock, i) => [
      gga(clock, `48${10 + i}.038,N,01131.000,E`),
      rmc(clock, '010524', `48${10 + i}.038,N,01131.000,E`),
    ]),
  );
  const lines = whole.split('\r\n');

  it('whatever byte is another: the other fixes are the same', async () => {
    const intact = (await rowsOf('nmea', whole)).map(({ line, json }) => `${line} ${json}`);
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: whole.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, flip) => {
          const bytes = Buffer.from(whole);
          bytes[at]! ^= flip;
          const hit = whole.slice(0, at).split('\n').length;
          const rows = await rowsOf('nmea', bytes);
          const moment = Math.floor((hit - 1) / 2);
          const kept = rows.filter(({ values }) => values).map(({ json }) => json);
          for (const [i, row] of intact.entries())
            // A line end that is lost belongs to two moments.
            if (
              i !== moment &&
              !(i === moment + 1 && at >= whole.split('\n').slice(0, hit).join('\n').length - 2)
            )
              assert.ok(kept.includes(row.slice(row.indexOf(' ') + 1)), `${at} ${flip} ${row}`);
          assert.ok(rows.some(({ problem }) => problem) || kept.length <= intact.length);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('wherever it is cut: the fixes before are the same', async () => {
    const intact = (await rowsOf('nmea', whole)).map(({ json }) => json);
    for (let at = 0; at < whole.length; at += 7) {
      const rows = (await rowsOf('nmea', whole.slice(0, at))).filter(({ values }) => values);
      const ended = Math.floor((whole.slice(0, at).split('\n').length - 1) / 2);
      assert.deepEqual(
        rows.slice(0, ended).map(({ json }) => json),
        intact.slice(0, ended),
      );
    }
    assert.equal(lines.length, 25);
  });
});

describe('NMEA 0183: the fixture', () => {
  it('plays on gps', async () => {
    const { records, refused } = await played('test/fixtures/formats/nmea.nmea');
    assert.deepEqual(refused, []);
    assert.deepEqual(new Set(records.map(({ channel }) => channel)), new Set(['gps']));
  });
});
