import fc from 'fast-check';
import { NOTATIONS, ZONES, type Notation } from './notations.ts';

/** A known value. `text` is how JSON writes it, or for texts the text itself. */
export interface KnownValue {
  kind: 'text' | 'number' | 'json' | 'none';
  text: string;
}

/** A member that rows have, with a value for each row. */
export interface KnownColumn {
  name: string;
  values: KnownValue[];
}

/** Rows of known content, before they are written in some form. */
export interface KnownTable {
  timeName: string;
  timesUs: number[];
  notation: Notation;
  zone: string;
  /** Which options a user gives: the zone, the format of the times. */
  gives: { tz: boolean; timeFormat: boolean };
  /** The member of the subjects, with the subject of each row; null: there is none. */
  subjects: KnownColumn | null;
  /** Degrees of each row as texts; null: the rows have no places. */
  places: { latitude: string; longitude: string; elevation: string | null }[] | null;
  columns: KnownColumn[];
}

const TIME_NAMES = ['time', 'timestamp', 'Time', 'datetime', 'ts', 'recorded_at', 'Date Time', 'gpsTime'];
const SUBJECT_NAMES = ['vehicle_id', 'device', 'icao24', 'mmsi', 'deviceId', 'Sensor ID', 'station', 'imei'];
const NAMES = [
  ...['note', 'count', 'temp', 'status', 'x1', 'größe', 'a b', 'value', 'flag', 'pm2_5', 'a,b', 'say "x"'],
  ...['Druck;hPa', '名前', 'Notiz', 'level', 'zip', 'reference', 'phase', 'constructor'],
];
/** Texts that readers like to take for numbers, times or no value. */
const IDENTIFIERS = [
  ...['007', '4840e5', '48400e4', '1e5', '12345678901234567890', '12345678901234567891', '9007199254740993'],
  ...['7', '12', '0012', '1.0', '1.00', '+49151', '0x1F', '1_000', '3E2', 'true', 'NaN', 'NULL', 'NA', 'inf'],
  ...['bus 12', 'Ümläut-1', '日本', 'a-b', 'INF', '00:1A:2B', '2024-05-01', '12:30', '-', 'x'],
];
const NONE = /^(?:NaN|NULL|NA|-)$/;
const HARD_TEXTS = [
  ...IDENTIFIERS,
  ...[
    '',
    ' ',
    ' edge ',
    'a,b',
    'a;b',
    'a\tb',
    'a|b',
    'say "hi"',
    '"',
    'two\nlines',
    'two\r\nlines',
    'cr\rin',
  ],
  ...['\\N', '#no comment', '// neither', '{"a":1}', '[1,2]', '=1+1', "it's", 'a & b', '<b>&amp;</b>', ']]>'],
  ...[
    'null',
    'nil',
    'None',
    '?',
    '1,5',
    '1.234,5',
    '1 000',
    '😀',
    'é',
    'x'.repeat(200),
    '48.1, 11.5',
    'é;"x"',
  ],
];
const HARD_IN_XML = HARD_TEXTS.filter((text) => !/[\r\n\t]|^\s|\s$/.test(text));

const textValue = (texts: readonly string[]) =>
  fc
    .oneof(
      { weight: 4, arbitrary: fc.constantFrom(...texts) },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => text.trim()) },
    )
    .map((text): KnownValue => ({ kind: 'text', text }));

const decimal = (places: number) =>
  fc
    .integer({ min: -2_000_000, max: 2_000_000 })
    .map((number): KnownValue => ({ kind: 'number', text: fixed(number, places) }));

/** An integer with its point moved to the left. */
function fixed(number: number, places: number): string {
  const text = String(Math.abs(number)).padStart(places + 1, '0');
  const whole = text.slice(0, text.length - places);
  return `${number < 0 ? '-' : ''}${whole}${places > 0 ? `.${text.slice(-places)}` : ''}`;
}

const plainText = fc.constantFrom('on', 'off', 'Berlin', 'in service').map((text): KnownValue => ({
  kind: 'text',
  text,
}));
const json = fc.oneof(
  fc.constantFrom('true', 'false', '12345678901234567890', '1.10', '1e400', '-0', '0.1000000000000000055'),
  fc.constantFrom('[]', '{}', '[1,[2,3]]', '{"a":{"b":"c"}}', '{"7":[null,true]}', '["x",{"y":1}]'),
);

/** How a column's values come about. `anyJson`: it may hold what only JSON can. */
function columnOf(name: string, rows: number, options: TableOptions): fc.Arbitrary<KnownColumn> {
  const texts = options.inXml ? HARD_IN_XML : HARD_TEXTS;
  const values = [textValue(texts), plainText, fc.integer({ min: 0, max: 6 }).chain(decimal)];
  const kinds: fc.Arbitrary<fc.Arbitrary<KnownValue>>[] = [
    fc.constant(textValue(texts)),
    fc.constant(textValue(IDENTIFIERS)),
    fc.constant(plainText),
    fc.integer({ min: 0, max: 6 }).map(decimal),
    fc.integer({ min: 0, max: 6 }).map(decimal),
    ...(options.anyJson
      ? [
          fc.constant(json.map((text): KnownValue => ({ kind: 'json', text }))),
          fc.constant(fc.oneof(...values)),
        ]
      : []),
  ];
  const none: KnownValue = { kind: 'none', text: '' };
  return fc.tuple(fc.oneof(...kinds), fc.constantFrom(0, 0, 3)).chain(([value, gaps]) =>
    fc
      .array(fc.oneof({ weight: 10, arbitrary: value }, { weight: gaps, arbitrary: fc.constant(none) }), {
        minLength: rows,
        maxLength: rows,
      })
      .map((all) => ({ name, values: all })),
  );
}

/** What a form can hold. */
export interface TableOptions {
  /** `always`: each row has a place. */
  places: 'maybe' | 'always';
  anyJson: boolean;
  inXml: boolean;
  /** The notations that the form can have. */
  notations: (notation: Notation) => boolean;
}

const YEAR_US = 31_557_600_000_000;
const startUs = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 20 * YEAR_US, max: 65 * YEAR_US }) },
  { weight: 1, arbitrary: fc.integer({ min: -60 * YEAR_US, max: 20 * YEAR_US }) },
);
const stepUs = fc.constantFrom(1_000, 250_000, 1e6, 1e6, 10e6, 60e6, 3600e6, 86_400e6);

/** Times of rows that mostly go forward, as sensors write them, some at the same time. */
function timesOf(rows: number, { resolutionUs, sinceUs = -Infinity }: Notation): fc.Arbitrary<number[]> {
  const jitters = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: rows, maxLength: rows });
  return fc
    .tuple(startUs, stepUs, jitters, fc.constantFrom('up', 'up', 'up', 'down', 'mixed'))
    .map(([start, step, steps, order]) => {
      let us = Math.max(start, sinceUs);
      const times = steps.map((count) => {
        us += count * Math.max(step, resolutionUs);
        return Math.floor(us / resolutionUs) * resolutionUs;
      });
      if (order === 'down') return times.reverse();
      if (order === 'mixed') for (let i = 1; i < times.length; i += 3) swap(times, i, i - 1);
      return times;
    });
}

function swap(list: number[], i: number, k: number): void {
  [list[i], list[k]] = [list[k]!, list[i]!];
}

const degrees = (limit: number) =>
  fc.integer({ min: -limit * 1e5, max: limit * 1e5 }).map((number) => fixed(number, 5));

/** Tables of known content. */
export function knownTable(options: TableOptions): fc.Arbitrary<KnownTable> {
  const notations = NOTATIONS.filter(options.notations);
  return fc
    .tuple(
      fc.oneof(
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }) },
        { weight: 4, arbitrary: fc.integer({ min: 5, max: 24 }) },
      ),
      fc.constantFrom(...notations),
      fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 5 }),
      fc
        .uniqueArray(fc.constantFrom(...IDENTIFIERS), { minLength: 1, maxLength: 3 })
        .filter((found) => found.some((text) => !NONE.test(text))),
    )
    .chain(([rows, notation, names, ids]) => {
      const place = fc.record({
        latitude: degrees(90),
        longitude: degrees(180),
        elevation: fc.integer({ min: -100, max: 90_000 }).map((number): string | null => fixed(number, 1)),
      });
      const list = <T>(each: fc.Arbitrary<T>) => fc.array(each, { minLength: rows, maxLength: rows });
      const places = list(place);
      const named = ids.find((text) => !NONE.test(text))!;
      return fc.record({
        timeName: fc.constantFrom(...TIME_NAMES),
        timesUs: timesOf(rows, notation),
        notation: fc.constant(notation),
        zone: fc.constantFrom('UTC', 'UTC', ...ZONES),
        gives: fc.record({ tz: fc.boolean(), timeFormat: fc.constantFrom(false, false, true) }),
        subjects: fc.option(
          fc.record({
            name: fc.constantFrom(...SUBJECT_NAMES),
            values: list(fc.constantFrom(...ids)).map((texts) =>
              texts.map((text, i): KnownValue => ({ kind: 'text', text: i === 0 ? named : text })),
            ),
          }),
          { freq: 4 },
        ),
        places: options.places === 'always' ? places : fc.option(places, { freq: 1 }),
        columns: fc.tuple(...names.map((name) => columnOf(name, rows, options))),
      });
    });
}
