import { valuesIn } from './support/json/beginning.ts';
import { featurePaths, kindOfJson } from './support/json/kind.ts';
import { DocumentRoute } from './support/json/route.ts';
import { scannedRows } from './support/json/scanned-rows.ts';
import type { Route, ScannedValue } from './support/json/scan/scanned.ts';
import { rowsOfFeature } from './support/json/feature-rows.ts';
import { membersOf, objectOf, oneLine, parseObject, partsWithLines } from './support/json-text.ts';
import { OWN_COLUMNS } from './support/own-columns.ts';
import { ownFeature } from './support/own-feature.ts';
import { badRow, skippedRow, type Format, type Row } from './support/format.ts';

/** Large, because a whole track is one feature. */
const FEATURE_MAX_CHARACTERS = 32_000_000;

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
