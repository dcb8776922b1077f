import assert from 'node:assert/strict';
import { interpret } from '../../replayer/reading/inference/inference.ts';
import { rowMapper } from '../../replayer/reading/parsing/row-mapper.ts';
import { guessTimeFormat } from '../../replayer/formats/support/times/guess.ts';
import { timeReader } from '../../replayer/formats/support/times/reader.ts';

describe('times', () => {
  const cases: [format: string, zone: string, text: unknown, iso: string][] = [
    ['s', 'UTC', 1577218887.999, '2019-12-24T20:21:27.999Z'],
    ['s', 'UTC', '1577218887', '2019-12-24T20:21:27.000Z'],
    ['ms', 'UTC', 1577218887999, '2019-12-24T20:21:27.999Z'],
    ['us', 'UTC', '1577218887999000', '2019-12-24T20:21:27.999Z'],
    ['ns', 'UTC', '1577218887999000000', '2019-12-24T20:21:27.999Z'],
    ['iso', 'UTC', '2017-03-16T00:00:34-05:00', '2017-03-16T05:00:34.000Z'],
    ['iso', 'UTC', '2017-03-16 00:00:34 +0100', '2017-03-15T23:00:34.000Z'],
    ['iso', 'UTC', '2026-01-26 15:57:02', '2026-01-26T15:57:02.000Z'],
    ['iso', 'Europe/Berlin', '2026-07-26 15:57:02', '2026-07-26T13:57:02.000Z'],
    ['iso', 'UTC', '2026-01-26', '2026-01-26T00:00:00.000Z'],
    ['excel', 'UTC', 43823.84824074074, '2019-12-24T20:21:28.000Z'],
    ['excel', 'Europe/Berlin', '44208.5', '2021-01-12T11:00:00.000Z'],
    ['dd/MM/yyyy HH:mm', 'UTC', '20/03/2021 00:22', '2021-03-20T00:22:00.000Z'],
    ['dd/MM/yyyy HH:mm', 'America/New_York', '20/03/2021 00:22', '2021-03-20T04:22:00.000Z'],
  ];
  for (const [format, zone, text, iso] of cases) {
    it(`reads ${JSON.stringify(text)} as ${format} in ${zone}`, () =>
      assert.equal(new Date(timeReader(format, zone)(text)).toISOString(), iso));
  }

  it('does not read other values as times', () => {
    for (const text of ['', 'soon', '12', null, {}, '2020-13-45T99:00:00Z'])
      assert.ok(Number.isNaN(timeReader('iso', 'UTC')(text)), JSON.stringify(text));
    for (const text of ['', 'x', null, '0x10'])
      assert.ok(Number.isNaN(timeReader('s', 'UTC')(text)), JSON.stringify(text));
  });

  it('guesses the unit of an epoch time by its size, and the order of day and month by the data', () => {
    assert.equal(guessTimeFormat([1577218887.999])?.value, 's');
    assert.equal(guessTimeFormat(['1577218887999'])?.value, 'ms');
    assert.equal(guessTimeFormat(['01/02/2021 10:00', '25/02/2021 10:00'])?.value, 'dd/MM/yyyy HH:mm');
    assert.equal(guessTimeFormat(['01/02/2021 10:00', '02/25/2021 10:00'])?.value, 'MM/dd/yyyy HH:mm');
    assert.equal(
      guessTimeFormat(['03/04/2021 10:00', '03/05/2021 10:00', '03/06/2021 10:00'])?.value,
      'MM/dd/yyyy HH:mm',
      'consecutive days are likelier than consecutive months',
    );
    assert.deepEqual(guessTimeFormat([44208.5, 44208.51]), {
      value: 'excel',
      certainty: 'likely',
      because: '44208.5 is 2021-01-12T12:00 as a day number of Excel',
    });
    assert.equal(guessTimeFormat([30_000, 30_001]), null, 'they may be seconds of a day');
    assert.equal(guessTimeFormat([1, 2, 3]), null);
    assert.equal(guessTimeFormat(['a', 'b']), null);
  });

  it('refuses a zone that does not exist', () =>
    assert.throws(() => timeReader('iso', 'Mars/Olympus'), /is not a time zone/));
});

describe('inference', () => {
  const rows = (count: number, row: (i: number) => object) =>
    Array.from({ length: count }, (_, i) => row(i) as { [name: string]: unknown });

  it('finds time, subject and coordinates, with the evidence', () => {
    const reading = interpret(
      'buses.csv',
      {
        sample: rows(20, (i) => ({
          id: i,
          vehicle_id: i % 4,
          seen: `2026-01-26 15:57:${10 + i}`,
          lat: 1,
          lng: 2,
        })),
      },
      {},
    );
    assert.equal(reading.channel.value, 'gps');
    assert.equal(reading.time.value, 'seen');
    assert.equal(reading.timeFormat.value, 'iso');
    assert.equal(reading.subject.value, 'vehicle_id');
    assert.deepEqual(
      [...reading.rename.value],
      [
        ['lat', 'latitude'],
        ['lng', 'longitude'],
      ],
    );
    assert.match(reading.subject.because, /4 values in 20 rows/);
  });

  it('does not take a row number for the subject', () => {
    assert.equal(
      interpret('x.csv', { sample: rows(20, (i) => ({ time: 1.6e9 + i, id: i })) }, {}).subject.value,
      null,
    );
  });

  it('joins the columns of a time', () => {
    const reading = interpret(
      'storms.csv',
      { sample: rows(5, (i) => ({ name: 'Amy', year: 1975, month: 6, day: 27 + (i % 3), hour: 6 })) },
      {},
    );
    assert.equal(reading.time.value, 'year+month+day+hour');
  });

  it('joins a date column and a time-of-day column', () => {
    const sample = rows(5, (i) => ({ Date: '24/12/2019', Time: `20:2${i}:30`, id: i }));
    const reading = interpret('log.csv', { sample }, { tz: 'Europe/Berlin' });
    assert.equal(reading.time.value, 'Date+Time');
    assert.equal(reading.timeFormat.value, 'dd/MM/yyyy HH:mm:ss');
    const record = rowMapper(reading, 'x', null)({ line: 1, values: sample[1]!, json: null });
    assert.equal(new Date((record as { timeMs: number }).timeMs).toISOString(), '2019-12-24T19:21:30.000Z');
  });

  it('reads fractions of seconds, and refuses values that are not numbers', () => {
    const sample = rows(5, (i) => ({ year: 1975, month: 6, day: 27, hour: 6, minute: 1, second: i + 0.25 }));
    const map = rowMapper(interpret('storms.csv', { sample }, {}), 'x', null);
    const record = map({ line: 1, values: sample[2]!, json: null }) as { timeMs: number };
    assert.equal(new Date(record.timeMs).toISOString(), '1975-06-27T06:01:02.250Z');
    assert.match(map({ line: 1, values: { ...sample[2], second: 'NA' }, json: null }) as string, /No time/);
  });

  it('names the missing option and the columns that exist', () => {
    assert.throws(
      () => interpret('x.csv', { sample: rows(3, (i) => ({ nl: 'a', n: i })) }, {}),
      (error: Error & { hint: string }) => {
        assert.match(error.message, /No column of x.csv holds a time/);
        assert.match(error.hint, /columns are: nl, n.*--time COLUMN/);
        return true;
      },
    );
    assert.throws(
      () => interpret('x.csv', { sample: rows(3, (i) => ({ time: 1.6e9 + i })) }, { subject: 'who' }),
      /has no column "who" \(--subject\)/,
    );
  });
});
