import type { Data } from '../../../../core/wire/event.ts';
import { membersOf, parseObject, partsOf } from '../json-text.ts';
import { readsAsTime } from './timed.ts';

const COORDINATES = ['longitude', 'latitude', 'elevation'];
/** Properties in which converters store one time for each position of a line. */
const TIMES = ['coordTimes', 'times', 'timestamps', 'time'];

/** The members of an object: name -> JSON text. */
export type Members = Map<string, string>;

/** The lists of positions that a geometry consists of; none for polygons, whose corners are not on a way. */
export function linesOf(geometry: Data, members: Members): string[] {
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
export function* fixesOf(lines: string[], properties: Members, feature: Members): Generator<Members> {
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
export function position(text: string): [string, string][] {
  const numbers = text.startsWith('[') ? partsOf(text) : [];
  if (numbers.length < 2 || numbers.some((number) => !/^[-\d]/.test(number)))
    throw new Error(`Not a position: ${text.slice(0, 60)}.`);
  return numbers.slice(0, 3).map((number, i) => [COORDINATES[i]!, number]);
}
