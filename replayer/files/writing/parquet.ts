import type { SchemaElement } from 'hyparquet';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import { columnOf, OWN_COLUMNS, subjectCell } from '../../formats/support/own-columns.ts';
import { OWN_KEY, type OwnParquet } from '../../formats/support/parquet/own.ts';
import { ColumnSurvey, Kind, textOf } from './columns.ts';
import type { WrittenRow } from './event-line.ts';
import { placeOf } from './place.ts';
import type { OutputFormat } from './sink.ts';

/** Bounds on a row group, which is in memory until it is written. */
const GROUP_ROWS = 50_000;
const GROUP_CHARACTERS = 1 << 25;
const TEXTS = Kind.TEXT | Kind.DOUBTFUL_TEXT | Kind.NUMERIC_TEXT | Kind.EMPTY_TEXT;

/** A column of the file: its type, and its value in a row, where `members` are those of the datum as JSON. */
interface Column {
  element: SchemaElement;
  valueIn(row: WrittenRow, members: ReadonlyMap<string, string>, rest: string): unknown;
}

/**
 * Apache Parquet. Each member has a column of the type that its values have: integers, floating-point numbers, texts,
 * booleans, and JSON for anything else. `@time` is a timestamp with microseconds, and `@subject` and `@channel` stand
 * beside it. Where rows have coordinates, a column of the type GEOMETRY holds them as points (GeoParquet 1.1).
 */
export default {
  name: 'parquet',
  endings: ['.parquet'],
  isText: false,
  holdsPlainRows: false,
  survey: () => new ColumnSurvey(),
  open({ path }, given) {
    const survey = given as ColumnSurvey;
    const geometry = geometryName(survey);
    const columns = [...ownColumns(survey, geometry), ...Array.from(survey.kinds, memberColumn)];
    const json = columns.filter(({ element }) => isJson(element)).map(({ element }) => element.name);
    const own: OwnParquet = { json, geometry };
    const writer = new ParquetWriter({
      writer: fileWriter(path),
      schema: [{ name: 'root', num_children: columns.length }, ...columns.map(({ element }) => element)],
      createdBy: 'reprise',
      kvMetadata: [
        { key: OWN_KEY, value: JSON.stringify(own) },
        ...(geometry === null ? [] : [{ key: 'geo', value: geoMetadata(geometry) }]),
      ],
    });
    let data: unknown[][] = columns.map(() => []);
    let characters = 0;
    const flush = async () => {
      if (data[0]!.length === 0) return;
      const columnData = columns.map(({ element: { name } }, i) => ({ name, data: data[i]! }));
      await writer.write({ columnData, rowGroupSize: GROUP_ROWS });
      data = columns.map(() => []);
      characters = 0;
    };
    return {
      add(row) {
        const { columns: members, rest } = survey.split(row.json);
        for (const [i, column] of columns.entries()) data[i]!.push(column.valueIn(row, members, rest));
        characters += row.json.length;
        return null;
      },
      async ready() {
        if (data[0]!.length >= GROUP_ROWS || characters >= GROUP_CHARACTERS) await flush();
      },
      async end() {
        await flush();
        // Set before, the writer would make JSON of the texts, which are JSON. DuckDB knows the type by this only.
        for (const { element } of columns) if (isJson(element)) element.converted_type = 'JSON';
        await writer.finish();
      },
    };
  },
} satisfies OutputFormat;

function ownColumns(survey: ColumnSurvey, geometry: string | null): Column[] {
  const { time, subject, channel, rest } = OWN_COLUMNS;
  const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' } as const;
  const columns: Column[] = [
    {
      element: {
        name: time,
        type: 'INT64',
        converted_type: 'TIMESTAMP_MICROS',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
        repetition_type: 'REQUIRED',
      },
      valueIn: ({ timeMs }) => microseconds(timeMs),
    },
    { element: { name: subject, ...text }, valueIn: (row) => subjectCell(row.subject) },
    { element: { name: channel, ...text }, valueIn: (row) => row.channel },
  ];
  if (survey.hasRest)
    columns.push({
      element: { name: rest, ...JSON_TYPE },
      valueIn: (_row, _members, others) => (others === '' ? null : Buffer.from(others)),
    });
  if (geometry !== null)
    columns.push({
      element: {
        name: geometry,
        type: 'BYTE_ARRAY',
        logical_type: { type: 'GEOMETRY' },
        repetition_type: 'OPTIONAL',
      },
      valueIn: (_row, members) => pointOf(members),
    });
  return columns;
}

const JSON_TYPE = {
  type: 'BYTE_ARRAY',
  logical_type: { type: 'JSON' },
  repetition_type: 'OPTIONAL',
} satisfies Omit<SchemaElement, 'name'>;

const isJson = ({ logical_type: type }: SchemaElement) => type?.type === 'JSON';

/** The column of a member, whose values are of these kinds. */
function memberColumn([member, kinds]: [string, number]): Column {
  const name = columnOf(member);
  const column = (type: Omit<SchemaElement, 'name'>, read: (value: string) => unknown): Column => ({
    element: { name, repetition_type: 'OPTIONAL', ...type },
    valueIn(_row, members) {
      const value = members.get(member);
      return value === undefined ? null : read(value);
    },
  });
  if (kinds === Kind.INTEGER) return column({ type: 'INT64' }, (value) => BigInt(value));
  if ((kinds & ~(Kind.INTEGER | Kind.NUMBER)) === 0) return column({ type: 'DOUBLE' }, Number);
  if ((kinds & ~TEXTS) === 0) return column({ type: 'BYTE_ARRAY', converted_type: 'UTF8' }, textOf);
  if (kinds === Kind.BOOLEAN) return column({ type: 'BOOLEAN' }, (value) => value === 'true');
  return column(JSON_TYPE, (value) => Buffer.from(value));
}

/** A name for the column of geometries that no member has; null where rows have no coordinates. */
function geometryName({ kinds }: ColumnSurvey): string | null {
  if (!kinds.has('latitude') || !kinds.has('longitude')) return null;
  return kinds.has('geometry') ? '@geometry' : 'geometry';
}

function pointOf(members: ReadonlyMap<string, string>): unknown {
  const place = placeOf(members);
  if (!place) return null;
  const { longitude, latitude, elevation } = place;
  const coordinates = [longitude, latitude, ...(elevation === null ? [] : [elevation])].map(Number);
  return { type: 'Point', coordinates };
}

/** What readers of GeoParquet look for (GeoParquet 1.1, "Metadata"). */
function geoMetadata(geometry: string): string {
  const columns = { [geometry]: { encoding: 'WKB', geometry_types: [] } };
  return JSON.stringify({ version: '1.1.0', primary_column: geometry, columns });
}

function microseconds(timeMs: number): bigint {
  const wholeMs = Math.floor(timeMs);
  return BigInt(wholeMs) * 1_000n + BigInt(Math.round((timeMs - wholeMs) * 1_000));
}
