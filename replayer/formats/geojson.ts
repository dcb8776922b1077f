import type { Data } from '../../core/wire/event.ts';
import { valuesIn } from './support/json/beginning.ts';
import { featurePaths, kindOfJson } from './support/json/kind.ts';
import { DocumentRoute } from './support/json/route.ts';
import { scannedRows } from './support/json/scanned-rows.ts';
import type { Route, ScannedValue } from './support/json/scanner.ts';
import { isObject, readsAsTime } from './support/json/timed.ts';
import { membersOf, objectOf, oneLine, parseObject, partsOf, partsWithLines } from './support/json-text.ts';
import { OWN_COLUMNS } from './support/own-columns.ts';
import { ownFeature } from './support/own-feature.ts';
import { badRow, skippedRow, type Format, type Row } from './support/format.ts';

/** Large, because a whole track is one feature. */
const FEATURE_MAX_CHARACTERS = 32_000_000;
const COORDINATES = ['longitude', 'latitude', 'elevation'];
/** Members of a feature that are no properties. */
const OWN_MEMBERS = new Set(['type', 'geometry', 'properties', 'bbox']);
/** Properties in which converters store one time for each position of a line. */
const TIMES = ['coordTimes', 'times', 'timestamps', 'time'];

type Members = Map<string, string>;

/**
 * GeoJSON. A Point is one row: its properties, latitude, longitude and elevation. A line whose properties hold one time
 * for each position, or whose positions hold one as a fourth number, is one row per position, with the values listed for
 * that position (heart rates) and those of the whole line (a name); so are several points. Any other feature is one row:
 * its properties and its geometry. Features may stand in a collection, in arrays at any depth, or one after the other
 * (RFC 8142, a feature a line).
 */
export default {
  name: 'geojson',
  endings: ['.geojson', '.json', '.geojsonl', '.geojsons', '.geojsonseq', '.ndjson', '.jsonl', '.ldjson'],
  looksLike: (head) => kindOfJson(head) === 'geojson',
  rows: (input, { rename }) =>
    scannedRows(input, (head) => ({
      route: routeOf(head),
      maxCharacters: FEATURE_MAX_CHARACTERS,
      rowsOf: (value) => rowsOf(value, rename),
    })),
} satisfies Format;

/** The way to the features in a file with this beginning. */
function routeOf(head: string): Route {
  const roots = valuesIn(head);
  const found = featurePaths(roots);
  const rows = found.size > 0 ? found : new Set(['features']);
  return new DocumentRoute({ rows, maps: new Map(), isSequence: false });
}

function* rowsOf(found: ScannedValue, rename: ReadonlyMap<string, string>): Generator<Row> {
  const { line, path, name, text, problem, bytes } = found;
  if (problem !== undefined) {
    yield { ...badRow(line, problem, text), ...(bytes && { bytes }) };
    return;
  }
  if (name !== '') {
    // What stands beside the features is not read; if these are objects, that is said.
    for (const part of text.startsWith('[') ? partsWithLines(text) : [])
      if (part.text.startsWith('{'))
        yield skippedRow(line + part.line, `an object of "${path}", which holds no feature`);
    return;
  }
  try {
    const own = ownRow(oneLine(text), rename);
    if (own) {
      yield { line, ...own };
      return;
    }
    const { values, json, absent } = parseObject(oneLine(text), new Map());
    for (const members of rowsOfFeature(values, json)) {
      yield { line, ...objectOf(members, rename), ...(absent && { absent }) };
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

/** @throws Error naming the problem when the object is not a valid feature */
function* rowsOfFeature(value: Data, text: string): Generator<Members> {
  const feature = membersOf(text);
  if (value['type'] === 'FeatureCollection' && Array.isArray(value['features'])) {
    for (const part of partsOf(feature.get('features')!))
      yield* rowsOfFeature(parseObject(part, new Map()).values, part);
    return;
  }
  if (value['type'] !== 'Feature')
    throw new Error(`Not a GeoJSON feature: its type is ${JSON.stringify(value['type'])?.slice(0, 40)}.`);
  const properties = propertiesOf(value, feature);
  if (!isObject(value['geometry'])) {
    yield properties;
    return;
  }
  const geometry = membersOf(feature.get('geometry')!);
  if (value['geometry']['type'] === 'Point')
    yield new Map([...properties, ...position(geometry.get('coordinates') ?? '[]')]);
  else yield* fixesOf(linesOf(value['geometry'], geometry), properties, feature);
}

/** The properties of a feature, and its other members, such as its id or a time, where no property has their names. */
function propertiesOf(value: Data, feature: Members): Members {
  const properties: Members = isObject(value['properties'])
    ? membersOf(feature.get('properties')!)
    : new Map<string, string>();
  for (const [name, text] of feature)
    if (!OWN_MEMBERS.has(name) && !properties.has(name)) properties.set(name, text);
  return properties;
}

/** The lists of positions that a geometry consists of; none for polygons, whose corners are not on a way. */
function linesOf(geometry: Data, members: Members): string[] {
  const coordinates = members.get('coordinates') ?? '[]';
  switch (geometry['type']) {
    case 'Point':
      return [`[${coordinates}]`];
    case 'LineString':
    case 'MultiPoint':
      return [coordinates];
    case 'MultiLineString':
      return partsOf(coordinates);
    case 'GeometryCollection':
      return partsOf(members.get('geometries') ?? '[]').flatMap((text) =>
        linesOf(parseObject(text, new Map()).values, membersOf(text)),
      );
    default:
      return [];
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
  const timed = timesName === undefined ? timesInPositions(lines) : null;
  if (timesName === undefined && timed === null) {
    const positions = lines.flatMap((line) => partsOf(line));
    // A collection of one point and shapes around it is at this point.
    const place = positions.length === 1 ? position(positions[0]!) : [];
    yield new Map([...properties, ...place, ['geometry', feature.get('geometry')!]]);
    return;
  }
  for (const [segment, line] of lines.entries()) {
    const positions = partsOf(line);
    const listOf = (text: string) => {
      const list = partsOf(text);
      return lines.length > 1 && list[segment]?.startsWith('[') ? partsOf(list[segment]) : list;
    };
    const times = timed?.[segment] ?? listOf(candidates.get(timesName!)!);
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

/** The fourth number of each position where all of them are times, as tools for trips write them; null where they are not. */
function timesInPositions(lines: string[]): string[][] | null {
  const times = lines.map((line) =>
    partsOf(line).map((text) => (text.startsWith('[') ? partsOf(text) : [])[3] ?? ''),
  );
  const all = times.flat();
  return all.length > 0 && all.every((time) => /^\d/.test(time) && readsAsTime(Number(time))) ? times : null;
}

/** Longitude, latitude and elevation by name, digit for digit. @throws Error when the text is not a position */
function position(text: string): [string, string][] {
  const numbers = text.startsWith('[') ? partsOf(text) : [];
  if (numbers.length < 2 || numbers.some((number) => !/^[-\d]/.test(number)))
    throw new Error(`Not a position: ${text.slice(0, 60)}.`);
  return numbers.slice(0, 3).map((number, i) => [COORDINATES[i]!, number]);
}
