import fc from 'fast-check';
import { isoTime } from '../../core/wire/event.ts';
import type { Data } from '../../core/wire/event.ts';

/** A record of known content. */
export interface KnownRecord {
  /** Epoch ms, a multiple of a microsecond. */
  timeMs: number;
  channel: string;
  subject: string;
  data: Data;
}

/** Texts that readers like to take for something else, and texts that are hard to write. */
const HARD_TEXTS = [
  ...[
    '007',
    '1e5',
    '20.5',
    '4840e5',
    'true',
    'NULL',
    'NaN',
    'null',
    '',
    ' ',
    ' a',
    'b ',
    '-',
    '\\N',
    '#',
    '# x',
  ],
  ...[
    '9007199254740993',
    '1,5',
    '2024-05-01',
    '2024-05-01T10:00:00Z',
    '12:30',
    '"',
    '"quoted"',
    'a"b',
    'a,b',
  ],
  ...[
    'a;b',
    'a\tb',
    'a\nb',
    'a\r\nb',
    '\r',
    '\u0000',
    '\u001f',
    '\u007f',
    '\ufeffbom',
    '\ufffe',
    'é',
    '日本',
    '😀',
  ],
  ...[
    '<a>&amp;</a>',
    ']]>',
    '&',
    '{"a":1}',
    '[1]',
    '=1+1',
    '@time',
    'x'.repeat(300),
    '\ud800',
    '0x10',
    '+1',
    '1_000',
  ],
];
const HARD_NAMES = [
  ...[
    'a',
    'b',
    'name',
    'id',
    'time',
    'timestamp',
    'lat',
    'lon',
    'latitude',
    'longitude',
    'elevation',
    'text',
  ],
  ...[
    '@time',
    '@subject',
    '@channel',
    '@data',
    '@types',
    '@@time',
    'geometry',
    'type',
    'data',
    'subject',
    'channel',
  ],
  ...[
    '',
    ' ',
    'a b',
    ' edge ',
    'a,b',
    'a"b',
    'a.b',
    'a\nb',
    'é',
    '#a',
    '__proto__',
    'constructor',
    'properties',
  ],
  ...['specversion', 'Time', 'A', '1', '\ufeffa', 'track', 'segment', 'event', 'coordinates', 'message'],
];

const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...HARD_TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
);
/** MCAP keeps subjects as UTF-8, which has no halves of characters. */
const subjectText = text.filter((name) => name !== '' && !/\p{Cs}/u.test(name));
const number = fc.oneof(
  fc.integer({ min: -1000, max: 1000 }),
  fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
);
const value: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 4, arbitrary: number },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(true, false, null) },
  {
    weight: 1,
    arbitrary: fc.jsonValue({ maxDepth: 2 }).map((json) => JSON.parse(JSON.stringify(json)) as unknown),
  },
);
/** A few kinds of columns: most have values of one kind in all rows, as in real recordings. */
const column = fc.tuple(
  fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...HARD_NAMES) }, { weight: 1, arbitrary: text }),
  fc.constantFrom(value, number, text, fc.constantFrom('a', 'b', 'Berlin'), fc.integer({ min: 0, max: 9 })),
  fc.constantFrom(0, 0, 0.3),
);

const time = fc.oneof(
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
  fc.integer({ min: -100_000, max: 100_000 }),
  fc.integer({ min: -62_000_000_000_000, max: 250_000_000_000_000 }),
);
/** As a double holds it: to the microsecond in our days, to the millisecond in others. */
const timeMs = fc
  .tuple(time, fc.constantFrom(0, 0, 1, 999, 500))
  .map(([ms, us]) => (Math.abs(ms) < 2_000_000_000_000 ? ms + us / 1000 : ms));

const place = fc.record({
  latitude: fc
    .double({ min: -90, max: 90, noNaN: true })
    .map((degrees) => Math.round(degrees * 1e6) / 1e6 + 0),
  longitude: fc
    .double({ min: -180, max: 180, noNaN: true })
    .map((degrees) => Math.round(degrees * 1e6) / 1e6 + 0),
});

/** Recordings of known content. `placed`: all rows have coordinates, which some formats need. */
export function knownRecording(placed: boolean): fc.Arbitrary<KnownRecord[]> {
  const rows = fc
    .tuple(
      fc.array(column, { maxLength: 5 }),
      fc.uniqueArray(fc.constantFrom('gps', 'things', 'weather.now', 'a:b', 'posts'), {
        minLength: 1,
        maxLength: 3,
      }),
      fc.uniqueArray(fc.oneof(subjectText, fc.constantFrom('v1', 'v2')), { minLength: 1, maxLength: 3 }),
      fc.boolean(),
    )
    .chain(([columns, channels, subjects, hasOwnTime]) => {
      const datum = fc.tuple(
        ...columns.map(([, values, gaps]) =>
          fc.tuple(
            values,
            fc.double({ min: 0, max: 1, noNaN: true }).map((lot) => lot < gaps),
          ),
        ),
      );
      const row = fc.tuple(timeMs, fc.constantFrom(...channels), fc.constantFrom(...subjects), datum, place);
      return fc.array(row, { minLength: 1, maxLength: 12 }).map((all) =>
        all.map(([at, channel, subject, values, where]): KnownRecord => {
          const data: Data = {};
          for (const [i, [name]] of columns.entries())
            if (!values[i]![1])
              Object.defineProperty(data, name, {
                value: values[i]![0],
                enumerable: true,
                configurable: true,
                writable: true,
              });
          if (placed || channel === 'gps') Object.assign(data, validFix(data), where);
          if (channel === 'posts') Object.assign(data, { text: 'Hello', lang: 'en', user: 'u' });
          if (hasOwnTime) Object.assign(data, { time: isoTime(at), subject });
          return { timeMs: at, channel, subject, data };
        }),
      );
    });
  return rows;
}

/** What the schema of fixes asks of the members that it names. */
function validFix(data: Data): Data {
  return 'elevation' in data ? { elevation: 12.5 } : {};
}
