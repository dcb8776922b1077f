import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DateTime, FixedOffsetZone, IANAZone } from 'luxon';
import { guessTimeFormat } from '../../../replayer/formats/support/times/guess.ts';
import { timeReader } from '../../../replayer/formats/support/times/reader.ts';
import { zoneClock } from '../../../replayer/formats/support/times/zone-clock.ts';

/** Patterns that Luxon writes, with the precision that they keep, ms. Those of days come with several days, which tell the order. */
const PATTERNS: [pattern: string, precisionMs: number][] = [
  ['yyyy-MM-dd HH:mm:ss', 1_000],
  ["yyyy-MM-dd'T'HH:mm:ss.SSS", 1],
  ['yyyy-MM-dd_HH-mm-ss', 1_000],
  ['yyyy/M/d H:mm', 60_000],
  ['dd/MM/yyyy HH:mm:ss', 1_000],
  ['MM/dd/yyyy HH:mm:ss', 1_000],
  ['M/d/yyyy h:mm:ss a', 1_000],
  ['M/d/yyyy, h:mm a', 60_000],
  ['M/d/yy H:mm', 60_000],
  ['dd.MM.yyyy HH:mm:ss.SSS', 1],
  ['d.M.yyyy H:mm', 60_000],
  ['dd.MM.yy HH:mm', 60_000],
  ['dd-MM-yyyy HH:mm', 60_000],
  ['d-MMM-yyyy HH:mm:ss', 1_000],
  ['d MMMM yyyy HH:mm', 60_000],
  ['MMMM d, yyyy h:mm:ss a', 1_000],
  ['MMM d yyyy HH:mm:ss', 1_000],
  ['EEE MMM dd HH:mm:ss yyyy', 1_000],
  ['EEE, dd MMM yyyy HH:mm:ss', 1_000],
  ['EEEE, MMMM d, yyyy HH:mm', 60_000],
  ['dd/MMM/yyyy:HH:mm:ss', 1_000],
  ['yyyyMMdd', 86_400_000],
  ['yyyyMMddHHmm', 60_000],
  ['yyyyMMddHHmmss', 1_000],
  ['yyyyMMddHHmmssSSS', 1],
  ["yyyyMMdd'T'HHmmss", 1_000],
  ["kkkk-'W'WW-c'T'HH:mm:ss", 1_000],
  ["yyyy-ooo'T'HH:mm:ss", 1_000],
  ['yyyy-MM-dd', 86_400_000],
  ['MM/dd/yyyy', 86_400_000],
  ['dd.MM.yyyy', 86_400_000],
  ['HH:mm:ss dd/MM/yyyy', 1_000],
];
/** Zones behind a time of day, as Luxon writes them. */
const TAILS = ["'Z'", 'ZZ', 'ZZZ', ' ZZ', ' ZZZ', "' UTC'", "' GMT'", "'GMT'ZZZ", "ZZ'['z']'"];

const instants = (precisionMs: number, min = Date.UTC(1990, 0, 2), max = Date.UTC(2060, 0, 1)) =>
  fc
    .integer({ min: Math.ceil(min / precisionMs), max: Math.floor(max / precisionMs) })
    .map((n) => n * precisionMs);

/** A dozen instants, one a day or so: as many as it takes to tell day and month. */
const series = (precisionMs: number) =>
  instants(precisionMs).map((ms) => Array.from({ length: 40 }, (_, i) => ms + i * 86_400_000));

describe('R25: every way to write times, written by Luxon', () => {
  for (const [pattern, precisionMs] of PATTERNS) {
    it(`infers ${pattern}`, () =>
      fc.assert(
        fc.property(series(precisionMs), (times) => {
          const texts = times.map((ms) =>
            DateTime.fromMillis(ms, { zone: 'utc', locale: 'en-US' }).toFormat(pattern),
          );
          const found = guessTimeFormat(texts);
          assert.ok(found, texts[0]);
          assert.notEqual(found.certainty, 'guess', `${texts[0]} ${found.because}`);
          assert.deepEqual(texts.map(timeReader(found.value, 'UTC')), times, `${texts[0]} as ${found.value}`);
        }),
        { numRuns: 60 },
      ));
  }

  for (const tail of TAILS) {
    it(`reads the zone of ${tail}`, () =>
      fc.assert(
        fc.property(
          series(1_000),
          fc.constantFrom(
            'yyyy-MM-dd HH:mm:ss',
            'dd.MM.yyyy HH:mm:ss',
            'EEE, dd MMM yyyy HH:mm:ss',
            'M/d/yyyy h:mm:ss a',
          ),
          fc.integer({ min: -48, max: 56 }),
          (times, pattern, quarters) => {
            const isUtc = /UTC|'GMT'$|' GMT'|'Z'/.test(tail) && !tail.includes('ZZ');
            const zone = isUtc
              ? FixedOffsetZone.utcInstance
              : tail.includes('z')
                ? IANAZone.create('Asia/Kathmandu')
                : FixedOffsetZone.instance(quarters * 15);
            const texts = times.map((ms) =>
              DateTime.fromMillis(ms, { zone, locale: 'en-US' }).toFormat(
                pattern + (pattern.endsWith('a') ? ' ' : '') + tail,
              ),
            );
            const found = guessTimeFormat(texts);
            assert.ok(found, texts[0]);
            assert.deepEqual(texts.map(timeReader(found.value, 'Europe/Berlin')), times, texts[0]);
          },
        ),
        { numRuns: 40 },
      ));
  }

  for (const [unit, perMs] of [
    ['s', 0.001],
    ['ms', 1],
    ['us', 1_000],
    ['ns', 1_000_000],
  ] as const) {
    it(`reads epoch times in ${unit}, as numbers and as texts`, () =>
      fc.assert(
        fc.property(instants(1_000), fc.boolean(), (ms, isText) => {
          const value = (BigInt(ms) * BigInt(Math.max(perMs, 1))) / (unit === 's' ? 1_000n : 1n);
          const values = [isText ? String(value) : Number(value)];
          // Ten digits may be a date: 2034020112.
          fc.pre(
            !/^20(?:3[345])(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])/.test(String(value)) &&
              !/^(?:199|20[0-5])\d{7}$/.test(String(value)),
          );
          fc.pre(!/^(?:199|20[0-5])/.test(String(value)));
          assert.equal(guessTimeFormat(values)?.value, unit);
          assert.ok(Math.abs(timeReader(unit, 'UTC')(values[0]) - ms) < 0.01);
        }),
      ));
  }

  it('turns wall times into instants as Luxon does, in every zone', () =>
    fc.assert(
      fc.property(
        fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
        instants(60_000, Date.UTC(1950, 0, 1)),
        (zone, ms) => {
          const there = DateTime.fromMillis(ms, { zone });
          const wallMs = ms + Math.round(there.offset * 60_000);
          const found = zoneClock(zone).instantMs(wallMs);
          const same = there.getPossibleOffsets().map((one) => one.toMillis());
          assert.equal(found, Math.min(ms, ...same), `${there.toISO()} in ${zone}`);
        },
      ),
      { numRuns: 1_000 },
    ));
});

describe('R25: what is not a time', () => {
  for (const text of [
    'bus 42 at 5',
    'May',
    '12',
    '12:30',
    '1.2.3',
    '10.0.0.1',
    '555-123-4567',
    'version 2024-05-14 final 2',
    '2024-02-30',
    '2024-02-30T10:00:00Z',
    '31/02/2024 10:00',
    'Mon, 14 May 2024 13:05:00 +0000',
    '2024-05-14T25:00:00Z',
    '2024-05-14 13:05:00 XYZ',
    '2024-W54-1',
    '2023-366T10:00:00Z',
    '14/May/2024:13:05:00 +9900',
    '5/14/2024 13:65 PM',
    '1 + 1',
    'a'.repeat(10_000),
    '1'.repeat(200),
  ])
    it(`does not read ${text.slice(0, 40)}`, () => {
      const found = guessTimeFormat([text]);
      assert.ok(found === null || Number.isNaN(timeReader(found.value, 'UTC')(text)), JSON.stringify(found));
    });

  it('does not read texts of any kind, and never throws', () =>
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.lorem()), (text) => {
        const found = guessTimeFormat([text]);
        // What is left are texts that are dates by chance.
        assert.ok(found === null || /\d{2}/.test(text), text);
      }),
      { numRuns: 2_000 },
    ));

  it('reads nothing else than the time that a text says', () =>
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789-/:. TZ+') }), (text) => {
        const found = guessTimeFormat([text]);
        const ms = found ? timeReader(found.value, 'UTC')(text) : NaN;
        if (!found || found.value !== 'iso' || Number.isNaN(ms)) return;
        const byLuxon = DateTime.fromISO(text.trim().replace(/[ _]+/, 'T').replace(/ /g, ''), {
          zone: 'utc',
        });
        if (byLuxon.isValid) assert.equal(Math.floor(ms), byLuxon.toMillis(), text);
      }),
      { numRuns: 3_000 },
    ));
});
