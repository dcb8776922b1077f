import fc from 'fast-check';
import { FILE } from './expected.ts';
import type { ExpectedRecord, KnownCase } from './known-case.ts';
import { knownTable, type KnownTable, type KnownValue } from './table.ts';

const style = fc.record({
  version: fc.constantFrom('1.1', '1.1', '1.0'),
  kind: fc.constantFrom('tracks', 'tracks', 'tracks', 'waypoints', 'routes'),
  bare: fc.constantFrom(false, false, true),
  cdata: fc.boolean(),
  indent: fc.constantFrom('', '\n', '\r\n  '),
  prefix: fc.constantFrom('', 'x:'),
  quote: fc.constantFrom('"', "'"),
  elevation: fc.boolean(),
  segments: fc.boolean(),
  mark: fc.constantFrom('', '\ufeff'),
});
type Style = typeof style extends fc.Arbitrary<infer T> ? T : never;

const table = knownTable({
  places: 'always',
  anyJson: false,
  inXml: true,
  notations: ({ name }) => /^ISO, (?:Z|µs, Z|offset|no zone)$/.test(name),
});
/** Known rows as GPX: a track for each subject, or waypoints or routes with times; some with a bare `&` in a name. */
export const gpxCases: fc.Arbitrary<KnownCase> = fc
  .tuple(table, style)
  .map(([known, how]) => written(known, how));

/** Local names of extension elements: what XML can name. */
const ELEMENT = /^[a-z][a-z0-9_]*$/i;
const isXml = ({ text }: KnownValue) => !/[\p{Cc}\p{Cs}\ufffe\uffff]/u.test(text);

function written(known: KnownTable, how: Style): KnownCase {
  const { indent, version } = how;
  const columns = known.columns.filter(({ name, values }) => ELEMENT.test(name) && values.every(isXml));
  const groups = groupsOf(known, how);
  const expected: ExpectedRecord[] = [];
  const names = { tracks: ['trk', 'trkpt'], routes: ['rte', 'rtept'], waypoints: ['', 'wpt'] }[how.kind] as [
    string,
    string,
  ];
  const body = [...groups].map(([name, rows], track) => {
    const points = rows.map((row, i) => {
      const segment = how.kind === 'tracks' && how.segments && i >= 2 ? 2 : 1;
      expected[row] = expectedRecord(known, row, { name, track, tracks: groups.size, columns, how, segment });
      return point(known, row, names[1], columns, how);
    });
    if (how.kind === 'waypoints') return points.join(indent);
    const title = name === null ? '' : `<name>${escaped(name, how)}</name>`;
    if (how.kind === 'routes') return `<rte>${title}${points.join(indent)}</rte>`;
    const parts = how.segments && points.length > 2 ? [points.slice(0, 2), points.slice(2)] : [points];
    return `<trk>${title}${parts.map((part) => `<trkseg>${indent}${part.join(indent)}</trkseg>`).join('')}</trk>`;
  });
  const space = version === '1.1' ? 'http://www.topografix.com/GPX/1/1' : 'http://www.topografix.com/GPX/1/0';
  const head = `<?xml version="1.0" encoding="UTF-8"?>${indent}<gpx version="${version}" creator="a &amp; b" xmlns="${space}" xmlns:x="urn:x">`;
  const bare = how.bare && how.kind === 'tracks' ? '<metadata><name>Fish & Chips</name></metadata>' : '';
  const text = `${how.mark}${head}${bare}${indent}${body.join(indent)}${indent}</gpx>`;
  const { notation, zone, gives } = known;
  return {
    format: 'gpx',
    how: JSON.stringify({ notation: notation.name, zone, ...how }),
    name: `${FILE}.gpx`,
    base64: Buffer.from(text).toString('base64'),
    options: { ...(gives.tz && !notation.zoned && { tz: zone }) },
    expected,
  };
}

/** The rows of each subject in order; the names of tracks are subjects, and a single track may have none. */
function groupsOf({ timesUs, subjects }: KnownTable, { kind }: Style): Map<string | null, number[]> {
  const groups = new Map<string | null, number[]>();
  for (const [row] of timesUs.entries()) {
    const name = kind === 'waypoints' ? null : (subjects?.values[row]!.text ?? null);
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return groups;
}

function point(
  known: KnownTable,
  row: number,
  element: string,
  columns: KnownTable['columns'],
  how: Style,
): string {
  const { latitude, longitude, elevation } = known.places![row]!;
  const { quote: q, prefix, version } = how;
  const time = known.notation.write(known.timesUs[row]!, known.zone);
  const own = columns.flatMap(({ name, values }) => {
    const { kind, text } = values[row]!;
    return kind === 'none' || text === ''
      ? []
      : [`<${prefix}${name}>${escaped(text, how)}</${prefix}${name}>`];
  });
  const extensions =
    own.length === 0 ? '' : version === '1.1' ? `<extensions>${own.join('')}</extensions>` : own.join('');
  const height = how.elevation ? `<ele>${elevation!}</ele>` : '';
  return `<${element} lat=${q}${latitude}${q} lon=${q}${longitude}${q}>${height}<time>${time}</time>${extensions}</${element}>`;
}

function escaped(text: string, { bare, cdata }: Style): string {
  if (cdata && /[&<]/.test(text) && !text.includes(']]>')) return `<![CDATA[${text}]]>`;
  const safe = text.replaceAll('<', '&lt;').replaceAll(']]>', ']]&gt;');
  // An ampersand before a blank stands for nothing but itself.
  return bare
    ? text
        .replace(/&(?! )/g, '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll(']]>', ']]&gt;')
    : safe.replace(/&(?!lt;|gt;)/g, '&amp;');
}

interface Place {
  name: string | null;
  track: number;
  tracks: number;
  segment: number;
  columns: KnownTable['columns'];
  how: Style;
}

function expectedRecord(
  known: KnownTable,
  row: number,
  { name, segment, columns, how }: Place,
): ExpectedRecord {
  const place = known.places![row]!;
  const number = (text: string) => ({ written: { kind: 'number', text } as const });
  const word = (text: string) => ({ written: { kind: 'text', text } as const, untyped: true });
  const values: ExpectedRecord['values'] = {
    latitude: number(place.latitude),
    longitude: number(place.longitude),
    time: word(known.notation.write(known.timesUs[row]!, known.zone)),
    ...(how.elevation && { elevation: number(place.elevation!) }),
    ...(segment > 1 && { segment: number(String(segment)) }),
    ...(how.kind === 'waypoints' && { kind: word('waypoint') }),
    ...(how.kind === 'routes' && { kind: word('route_point'), ...(name !== null && { route: word(name) }) }),
    ...(how.kind === 'tracks' && name !== null && { track: word(name) }),
  };
  for (const column of columns) {
    const written = column.values[row]!;
    if (written.kind === 'none' || written.text === '') continue;
    Object.defineProperty(values, column.name, {
      value: {
        written,
        untyped: true,
        maybeNone: /^(?:nan|null|na|-|\\N|none|nil|\?|inf)$/i.test(written.text),
      },
      enumerable: true,
    });
  }
  const isTrack = how.kind === 'tracks' && name !== null;
  return { timeUs: known.timesUs[row]!, subject: isTrack ? name : FILE, channel: 'gps', values };
}
