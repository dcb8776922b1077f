import { JsonElements, type JsonElement } from './support/json-elements.ts';
import { membersOf, objectOf, parseObject, partsOf } from './support/json-text.ts';
import { kindOfJson } from './support/json/kind.ts';
import { OWN_COLUMNS } from './support/own-columns.ts';
import { ownFeature } from './support/own-feature.ts';
import { badRow, type Format, type FormatOptions, type Row } from './support/format.ts';

/** Large, because a whole track is one feature. */
const FEATURE_MAX_CHARACTERS = 32_000_000;
const ROWS_PER_CHUNK = 1_000;
const COORDINATES = ['longitude', 'latitude', 'elevation'];
/** Properties in which converters store one time for each position of a line. */
const TIMES = ['coordTimes', 'times', 'timestamps', 'time'];

type Members = Map<string, string>;

/**
 * GeoJSON. A Point is one row: its properties, latitude, longitude and elevation. A line whose properties hold one time
 * for each position is one row per position, with the values listed for that position (heart rates) and those of the
 * whole line (a name). Any other feature is one row: its properties and its geometry.
 */
export default {
  name: 'geojson',
  endings: ['.geojson', '.json'],
  looksLike: (head) => kindOfJson(head) === 'geojson',
  async *rows(input, options) {
    const features = new JsonElements(FEATURE_MAX_CHARACTERS);
    for await (const piece of input.text()) {
      for (const feature of features.push(piece)) yield* chunks(rowsOf(feature, options));
    }
    for (const feature of features.end()) yield* chunks(rowsOf(feature, options));
  },
} satisfies Format;

function* chunks(rows: Iterable<Row>): Generator<Row[]> {
  let chunk: Row[] = [];
  for (const row of rows) {
    if (chunk.push(row) < ROWS_PER_CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function* rowsOf({ line, text, problem }: JsonElement, { rename }: FormatOptions): Generator<Row> {
  if (problem !== undefined) {
    yield badRow(line, problem, text);
    return;
  }
  try {
    const own = ownRow(text, rename);
    if (own) {
      yield { line, ...own };
      return;
    }
    for (const members of rowsOfFeature(text.replace(/[\r\n]+\s*/g, ' '))) {
      yield { line, ...objectOf(members, rename) };
    }
  } catch (error) {
    yield badRow(line, (error as Error).message, text);
  }
}

/** The row of a feature that `convert` wrote as an event. */
function ownRow(text: string, rename: ReadonlyMap<string, string>): Omit<Row, 'line'> | null {
  if (!text.includes(`"${OWN_COLUMNS.channel}"`)) return null;
  const properties = membersOf(text).get('properties');
  return properties?.startsWith('{') ? ownFeature(membersOf(properties), rename) : null;
}

/** @throws Error naming the problem when the text is not a valid feature */
function* rowsOfFeature(text: string): Generator<Members> {
  const { values: value } = parseObject(text, new Map());
  if (value['type'] !== 'Feature')
    throw new Error(`Not a GeoJSON feature: its type is ${JSON.stringify(value['type'])?.slice(0, 40)}.`);
  const feature = membersOf(text);
  const properties = isObject(value['properties'])
    ? membersOf(feature.get('properties')!)
    : new Map<string, string>();
  const id = feature.get('id');
  if (id !== undefined && !properties.has('id')) properties.set('id', id);
  if (!isObject(value['geometry'])) {
    yield properties;
    return;
  }
  const geometry = membersOf(feature.get('geometry')!);
  const coordinates = geometry.get('coordinates') ?? '[]';
  switch (value['geometry']['type']) {
    case 'Point':
      yield new Map([...properties, ...position(coordinates)]);
      break;
    case 'LineString':
      yield* fixesOf([coordinates], properties, feature);
      break;
    case 'MultiLineString':
      yield* fixesOf(partsOf(coordinates), properties, feature);
      break;
    default:
      yield new Map([...properties, ['geometry', feature.get('geometry')!]]);
  }
}

/** One row for each position of the lines, with its time; one row for the whole feature where it has no times. */
function* fixesOf(lines: string[], properties: Members, feature: Members): Generator<Members> {
  const positionProperties = properties.get('coordinateProperties');
  const candidates = new Map([
    ...properties,
    ...(positionProperties?.startsWith('{') ? membersOf(positionProperties) : []),
  ]);
  const timesName = TIMES.find((name) => candidates.get(name)?.startsWith('['));
  if (timesName === undefined) {
    yield new Map([...properties, ['geometry', feature.get('geometry')!]]);
    return;
  }
  for (const [segment, line] of lines.entries()) {
    const positions = partsOf(line);
    const listOf = (text: string) => {
      const list = partsOf(text);
      return lines.length > 1 && list[segment]?.startsWith('[') ? partsOf(list[segment]) : list;
    };
    const times = listOf(candidates.get(timesName)!);
    if (times.length !== positions.length)
      throw new Error(`The line has ${positions.length} positions and ${times.length} times.`);
    const common = [...properties].filter(
      ([, text]) => !text.startsWith('[') && !text.startsWith('{') && text !== 'null',
    );
    const each = [...candidates]
      .filter(([name, text]) => name !== timesName && text.startsWith('['))
      .map(([name, text]) => [name, listOf(text)] as const)
      .filter(([, list]) => list.length === positions.length);
    for (const [i, at] of positions.entries()) {
      yield new Map([
        ...common.filter(([name]) => name !== 'time'),
        ['time', times[i]!],
        ...each.map(([name, list]): [string, string] => [name, list[i]!]),
        ...position(at),
      ]);
    }
  }
}

/** Longitude, latitude and elevation by name, digit for digit. @throws Error when the text is not a position */
function position(text: string): [string, string][] {
  const numbers = text.startsWith('[') ? partsOf(text) : [];
  if (numbers.length < 2 || numbers.some((number) => !/^[-\d]/.test(number)))
    throw new Error(`Not a position: ${text.slice(0, 60)}.`);
  return numbers.slice(0, 3).map((number, i) => [COORDINATES[i]!, number]);
}

function isObject(value: unknown): value is { [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
