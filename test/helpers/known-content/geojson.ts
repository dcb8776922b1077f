import fc from 'fast-check';
import { expectedRecords, FILE, membersOf, timeOptions, type Member } from './expected.ts';
import type { ExpectedRecord, KnownCase } from './known-case.ts';
import { jsonOf, pretty } from './json.ts';
import { knownTable, type KnownTable } from './table.ts';

const style = fc.record({
  order: fc.nat({ max: 99_999 }),
  shape: fc.constantFrom(
    'collection',
    'collection',
    'collection, a feature a line',
    'features with record separators',
    'a feature a line',
    'an array of features',
    'collections one after the other',
    'lines with times',
    'lines with times in positions',
  ),
  ending: fc.constantFrom('geojson', 'geojson', 'json'),
  elevation: fc.boolean(),
  gapsAreNull: fc.boolean(),
  extras: fc.boolean(),
  indent: fc.constantFrom(0, 0, 2),
  end: fc.constantFrom('\n', '\r\n'),
});
type Style = typeof style extends fc.Arbitrary<infer T> ? T : never;

const table = knownTable({ places: 'always', anyJson: true, inXml: false, notations: () => true });
/** Known rows as points of GeoJSON, or as lines of which each position has its time. */
export const geojsonCases: fc.Arbitrary<KnownCase> = fc
  .tuple(table, style)
  .map(([known, how]) => (how.shape.startsWith('lines') ? asLines(known, how) : asPoints(known, how)));

function caseOf(text: string, known: KnownTable, how: Style, expected: ExpectedRecord[]): KnownCase {
  const isLines = how.shape === 'a feature a line' || how.shape.includes('separators');
  return {
    format: 'geojson',
    how: JSON.stringify({ notation: known.notation.name, zone: known.zone, ...how }),
    name: `${FILE}.${isLines && how.ending === 'json' ? 'ndjson' : how.ending}`,
    base64: Buffer.from(text).toString('base64'),
    options: timeOptions(known),
    expected,
  };
}

function asPoints(known: KnownTable, how: Style): KnownCase {
  const members = membersOf(known, how.order);
  const features = known.timesUs.map((_, row) => {
    const properties = members.flatMap(({ name, values }) =>
      values[row]!.kind === 'none' && !how.gapsAreNull
        ? []
        : [`${JSON.stringify(name)}:${jsonOf(values[row]!)}`],
    );
    const geometry = `{"type":"Point","coordinates":${position(known, row, how)}}`;
    const bbox = how.extras ? ',"bbox":[0,0,1,1]' : '';
    return `{"type":"Feature"${bbox},"geometry":${geometry},"properties":{${properties.join(',')}}}`;
  });
  const places = placeMembers(known, how);
  return caseOf(document(features, how), known, how, expectedRecords(known, [...members, ...places]));
}

/** One line for each subject. Its positions have a time each, and the numbers and texts of their row. */
function asLines(known: KnownTable, how: Style): KnownCase {
  const inPositions = how.shape.endsWith('positions');
  const numbers = known.timesUs.map((us) => String(us / 1000));
  const groups = new Map<string, number[]>();
  for (const [row] of known.timesUs.entries()) {
    const id = known.subjects?.values[row]!.text ?? '';
    groups.set(id, [...(groups.get(id) ?? []), row]);
  }
  const isPlain = new Set<string>(['text', 'number']);
  const columns = inPositions
    ? []
    : known.columns.filter(({ values }) => values.every(({ kind }) => isPlain.has(kind)));
  const features = [...groups].map(([id, rows]) => {
    const times = rows.map((row) => isoOf(known.timesUs[row]!));
    const properties = [
      ...(known.subjects ? [`${JSON.stringify(known.subjects.name)}:${JSON.stringify(id)}`] : []),
      ...(inPositions ? [] : [`"coordTimes":${JSON.stringify(times)}`]),
      ...columns.map(
        ({ name, values }) =>
          `${JSON.stringify(name)}:[${rows.map((row) => jsonOf(values[row]!)).join(',')}]`,
      ),
    ];
    const positions = rows.map((row) =>
      inPositions
        ? position(known, row, { ...how, elevation: true }).replace(']', `,${numbers[row]!}]`)
        : position(known, row, how),
    );
    return `{"type":"Feature","geometry":{"type":"LineString","coordinates":[${positions.join(',')}]},"properties":{${properties.join(',')}}}`;
  });
  const time: Member = {
    name: 'time',
    values: known.timesUs.map((us, row) =>
      inPositions ? { kind: 'number', text: numbers[row]! } : { kind: 'text', text: isoOf(us) },
    ),
  };
  const members = [
    time,
    ...(known.subjects ? [known.subjects] : []),
    ...columns,
    ...placeMembers(known, inPositions ? { ...how, elevation: true } : how),
  ];
  const text = `{"type":"FeatureCollection","features":[${features.join(',')}]}`;
  const found = caseOf(pretty(text, how), known, how, expectedRecords(known, members));
  return { ...found, options: {} };
}

const isoOf = (us: number) =>
  new Date(Math.floor(us / 1000))
    .toISOString()
    .replace('Z', `${String(((us % 1000) + 1000) % 1000).padStart(3, '0')}Z`);

function position({ places }: KnownTable, row: number, { elevation }: Style): string {
  const { longitude, latitude, elevation: height } = places![row]!;
  return `[${longitude},${latitude}${elevation ? `,${height!}` : ''}]`;
}

function placeMembers({ places }: KnownTable, { elevation }: Style): Member[] {
  return (['longitude', 'latitude', ...(elevation ? (['elevation'] as const) : [])] as const).map((name) => ({
    name,
    values: places!.map((place) => ({ kind: 'number', text: place[name]! })),
  }));
}

function document(features: string[], how: Style): string {
  const { end } = how;
  const collection = (list: string[], extra = '') =>
    `{"type":"FeatureCollection"${extra},"features":[${list.join(',')}]}`;
  switch (how.shape) {
    case 'collection':
      return pretty(collection(features, how.extras ? ',"name":"x","crs":{"type":"name"}' : ''), how);
    case 'collection, a feature a line':
      return `{"type":"FeatureCollection","features":[${end}${features.join(`,${end}`)}${end}]}${end}`;
    case 'features with record separators':
      return features.map((feature) => `\u001e${feature}${end}`).join('');
    case 'an array of features':
      return pretty(`[${features.join(',')}]`, how);
    case 'collections one after the other':
      return [features.slice(0, 2), features.slice(2)]
        .filter((list) => list.length > 0)
        .map((list) => collection(list))
        .join(end);
    default:
      return features.map((feature) => feature + end).join('');
  }
}
