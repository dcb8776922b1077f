import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expectedRecords, FILE, membersOf, timeOptions, type Member } from './expected.ts';
import type { ExpectedRecord, KnownCase } from './known-case.ts';
import { knownTable, type KnownTable, type KnownValue } from './table.ts';

const style = fc.record({
  order: fc.nat({ max: 99_999 }),
  time: fc.constantFrom('written', 'milliseconds', 'microseconds', 'nanoseconds', 'integer'),
  place: fc.constantFrom('columns', 'lat and lon'),
  groups: fc.constantFrom(undefined, 1, 3),
  codec: fc.constantFrom('SNAPPY' as const, 'UNCOMPRESSED' as const),
});
type Style = typeof style extends fc.Arbitrary<infer T> ? T : never;

/** Times of Parquet as they are played: ISO 8601, exact. */
const iso = (us: number) => new Date(Math.floor(us / 1000)).toISOString();

const table = knownTable({ places: 'maybe', anyJson: false, inXml: false, notations: () => true });
/** Known rows as Parquet with columns of types, written by hyparquet-writer. */
export const parquetCases: fc.Arbitrary<KnownCase> = fc
  .tuple(table, style)
  .map(([known, how]) => written(known, how));

function written(known: KnownTable, how: Style): KnownCase {
  const isStamp = how.time !== 'written' && how.time !== 'integer';
  const resolutionUs = how.time === 'milliseconds' ? 1000 : 1;
  const timesUs = isStamp
    ? known.timesUs.map((us) => Math.floor(us / resolutionUs) * resolutionUs)
    : known.timesUs;
  const exact = { ...known, timesUs };
  const members = [...membersOf(exact, how.order), ...placeMembers(exact, how)];
  const unitsOf: { [time: string]: (us: number) => bigint } = {
    milliseconds: (us) => BigInt(us / 1000),
    microseconds: BigInt,
    nanoseconds: (us) => BigInt(us) * 1000n,
  };
  const columns = members.map((member): Column => {
    if (member.name !== known.timeName || !isStamp) return columnOf(member);
    return { name: member.name, data: timesUs.map(unitsOf[how.time]!), type: STAMPS[how.time]! };
  });
  const buffer = parquetWriteBuffer({
    columnData: columns.map(({ name, data }) => ({ name, data })),
    ...(how.groups !== undefined && { rowGroupSize: how.groups }),
    codec: how.codec,
    schema: [
      { name: 'root', num_children: columns.length },
      ...columns.map(({ name, type }): Element => ({ name, repetition_type: 'OPTIONAL', ...type })),
    ],
  });
  return {
    format: 'parquet',
    how: JSON.stringify({ notation: known.notation.name, zone: known.zone, ...how }),
    name: `${FILE}.parquet`,
    base64: Buffer.from(buffer).toString('base64'),
    options: isStamp ? {} : timeOptions(exact),
    expected: expectedRecords(exact, members).map((record, row) =>
      isStamp ? withStamp(record, exact, row) : record,
    ),
  };
}

/** A stamp is played as ISO 8601, with as many digits as it needs: the time tells whether it is right. */
function withStamp(record: ExpectedRecord, { timeName, timesUs }: KnownTable, row: number): ExpectedRecord {
  const us = ((timesUs[row]! % 1000) + 1000) % 1000;
  const text =
    us === 0 ? iso(timesUs[row]!) : iso(timesUs[row]!).replace('Z', `${String(us).padStart(3, '0')}Z`);
  return { ...record, values: { ...record.values, [timeName]: { written: { kind: 'text', text } } } };
}

type Element = NonNullable<Parameters<typeof parquetWriteBuffer>[0]['schema']>[number];
type ColumnType = Omit<Element, 'name' | 'repetition_type'>;

interface Column {
  name: string;
  data: (string | number | bigint | null)[];
  type: ColumnType;
}

const stamp = (unit: 'MILLIS' | 'MICROS' | 'NANOS'): ColumnType => ({
  type: 'INT64',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit },
});
const STAMPS: { [time: string]: ColumnType } = {
  milliseconds: stamp('MILLIS'),
  microseconds: stamp('MICROS'),
  nanoseconds: stamp('NANOS'),
};

/** The column of a member by the kinds of its values: texts, integers, or numbers with fractions. */
function columnOf({ name, values }: Member): Column {
  const present = values.filter(({ kind }) => kind !== 'none');
  const of = <T>(convert: (text: string) => T) =>
    values.map(({ kind, text }) => (kind === 'none' ? null : convert(text)));
  if (present.some(({ kind }) => kind === 'text'))
    return { name, data: of(String), type: { type: 'BYTE_ARRAY', converted_type: 'UTF8' } };
  if (present.every(({ text }: KnownValue) => /^-?\d{1,18}$/.test(text)))
    return { name, data: of(BigInt), type: { type: 'INT64' } };
  return { name, data: of(Number), type: { type: 'DOUBLE' } };
}

function placeMembers({ places }: KnownTable, { place: how }: Style): Member[] {
  if (!places) return [];
  return (['latitude', 'longitude'] as const).map((playedAs) => ({
    name: how === 'columns' ? playedAs : playedAs === 'latitude' ? 'lat' : 'lon',
    playedAs,
    values: places.map((place) => ({ kind: 'number', text: place[playedAs] })),
  }));
}
