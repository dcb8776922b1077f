import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isoTime, timeMsOf } from '../../core/wire/event.ts';

describe('the time of an event', () => {
  it('is parsed as Date.parse does, whatever was parsed before', () => {
    const near = fc.integer({ min: -3_000, max: 3_000 }).map((ms) => 1.7e12 + ms);
    const anywhere = fc.integer({ min: -6e13, max: 2.5e14 });
    const text = fc.oneof(
      near.map((ms) => new Date(ms).toISOString()),
      anywhere.map((ms) => new Date(ms).toISOString()),
      near.map((ms) => new Date(ms).toISOString().replace(/\d\.\d/, 'x.y')),
      near.map((ms) => new Date(ms).toISOString().replace(/\.(\d)\d/, '.$1x')),
      near.map((ms) => new Date(ms).toISOString().replace('.', ',')),
      fc.constantFrom(
        '2023-11-14T22:13:60.000Z',
        '2023-11-14T22:13:20Z',
        '2023-11-14T22:13:20.123+02:00',
        '',
      ),
    );
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), (texts) =>
        assert.deepEqual(texts.map(timeMsOf), texts.map(Date.parse)),
      ),
    );
  });

  it('is the same after formatting and parsing, to the microsecond', () => {
    const times = fc.integer({ min: 0, max: 4e9 }).map((micros) => 1.7e12 + micros / 1000);
    fc.assert(
      fc.property(times, (timeMs) => assert.ok(Math.abs(timeMsOf(isoTime(timeMs)) - timeMs) < 0.000_6)),
    );
  });
});
