import fc from 'fast-check';
import { expectedRecords, FILE, membersOf, timeOptions, type Member } from './expected.ts';
import type { ExpectedRecord, KnownCase } from './known-case.ts';
import { knownTable, type KnownTable, type KnownValue } from './table.ts';

/** How places stand in a row: as members of their own, in an object, or as a pair. */
const PLACES = ['members', 'members', 'lat and lon', 'object', 'point', 'pair'] as const;
const style = fc.record({
  order: fc.nat({ max: 99_999 }),
  place: fc.constantFrom(...PLACES),
  indent: fc.constantFrom(0, 0, 1, 2, '\t'),
  end: fc.constantFrom('\n', '\n', '\r\n'),
  mark: fc.constantFrom('', '', '', '\ufeff'),
  gapsAreNull: fc.boolean(),
  numericIds: fc.boolean(),
  blankLines: fc.constantFrom(false, false, true),
  encoding: fc.constantFrom('utf8' as const, 'utf8' as const, 'utf8' as const, 'utf16le' as const),
});
type Style = typeof style extends fc.Arbitrary<infer T> ? T : never;

/** How rows stand in a file. A row's members are texts of JSON, without the braces around them. */
interface Shape {
  ending: string;
  /** Whether the subject is the name of a member that holds the subject's rows. */
  keyed?: true;
  /** Whether the subject stands once for its rows. */
  outer?: boolean;
  write(rows: string[], how: Style, ids: string[]): string;
}

const LINES: { [name: string]: Shape } = {
  'a line each': { ending: 'ndjson', write: (rows, { end }) => rows.map((row) => row + end).join('') },
  'a line each, as jsonl': { ending: 'jsonl', write: (rows, { end }) => rows.join(end) },
  'lines with blanks between': {
    ending: 'ndjson',
    write: (rows, { end }) => rows.map((row, i) => row + end + (i % 3 === 1 ? end : '')).join(''),
  },
  'an object over several lines': {
    ending: 'ndjson',
    write: (rows, how) => rows.map((row) => pretty(row, how) + how.end).join(''),
  },
  'one after the other': { ending: 'ndjson', write: (rows) => rows.join('') },
  'one after the other with blanks': { ending: 'jsonl', write: (rows) => rows.join(' ') },
};
const list = (rows: string[]) => `[${rows.join(',')}]`;
const DOCUMENTS: { [name: string]: Shape } = {
  'an array': { ending: 'json', write: (rows, how) => pretty(list(rows), how) },
  'an array, a row a line': {
    ending: 'json',
    write: (rows, { end }) => `[${end}${rows.join(`,${end}`)}${end}]${end}`,
  },
  'an array in an object': {
    ending: 'json',
    write: (rows, how) => pretty(`{"ok":true,"n":[1,2],"data":${list(rows)},"next":null}`, how),
  },
  'an array deep in an object': {
    ending: 'json',
    write: (rows, how) => pretty(`{"a":{"b":{"rows":${list(rows)}}},"meta":{"x":[{"y":1}]}}`, how),
  },
  'two arrays': {
    ending: 'json',
    write: (rows, how) => pretty(`{"first":${list(rows.slice(0, 2))},"second":${list(rows.slice(2))}}`, how),
  },
  'lines in an object': {
    ending: 'json',
    write: (rows, { end }) => `{"locations":[${end}${rows.join(`,${end}`)}${end}]}${end}`,
  },
  'one after the other in .json': {
    ending: 'json',
    write: (rows, how) => rows.map((row) => pretty(row, how)).join(how.end),
  },
  'with record separators': {
    ending: 'json',
    write: (rows, { end }) => rows.map((row) => `\u001e${row}${end}`).join(''),
  },
  'an assignment': { ending: 'json', write: (rows, how) => `var rows = ${pretty(list(rows), how)};` },
  'rows by subject': {
    ending: 'json',
    keyed: true,
    write: (rows, how, ids) => {
      const groups = [...bySubject(rows, ids)].map(([id, group]) => `${JSON.stringify(id)}:${list(group)}`);
      return pretty(`{"devices":{${groups.join(',')}}}`, how);
    },
  },
  'objects with their rows': {
    ending: 'json',
    outer: true,
    write: (rows, how, ids) => {
      const groups = [...bySubject(rows, ids)].map(
        ([id, group]) => `{"vehicle_id":${JSON.stringify(id)},"points":${list(group)}}`,
      );
      return pretty(`{"devices":${list(groups)}}`, how);
    },
  },
};

function bySubject(rows: string[], ids: string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [i, row] of rows.entries()) groups.set(ids[i]!, [...(groups.get(ids[i]!) ?? []), row]);
  return groups;
}

/** Objects one after the other, in lines and otherwise. */
export const ndjsonCases = casesOf(LINES);
/** Documents. */
export const jsonCases = casesOf(DOCUMENTS);

function casesOf(shapes: { [name: string]: Shape }): fc.Arbitrary<KnownCase> {
  const table = knownTable({ places: 'maybe', anyJson: true, inXml: false, notations: () => true });
  return (
    fc
      .tuple(table, style, fc.constantFrom(...Object.keys(shapes)))
      // A single member that holds rows names nothing.
      .filter(([{ subjects }, , shape]) => {
        const ids = new Set(subjects?.values.map(({ text }) => text));
        return shapes[shape]!.keyed === undefined || ids.size > 1;
      })
      .map(([known, how, shape]) => written(known, how, shape, shapes[shape]!))
  );
}

function written(table: KnownTable, how: Style, name: string, shape: Shape): KnownCase {
  const apart = shape.keyed !== undefined || shape.outer === true;
  const subjects =
    table.subjects && (apart ? null : { ...table.subjects, values: table.subjects.values.map(idOf(how)) });
  const inRows = { ...table, subjects };
  const members = [...membersOf(inRows, how.order), ...placeMembers(table, how.place)];
  const rows = table.timesUs.map((_, row) => {
    const parts = members.flatMap((member) => {
      const value = member.values[row]!;
      if (value.kind === 'none' && !how.gapsAreNull) return [];
      return [`${JSON.stringify(member.name)}:${jsonOf(value)}`];
    });
    return `{${parts.join(',')}}`;
  });
  const ids = table.timesUs.map((_, row) => table.subjects?.values[row]!.text ?? 'one');
  const text = how.mark + shape.write(rows, how, ids);
  return {
    format: shape.ending === 'json' ? 'json' : 'ndjson',
    how: JSON.stringify({ shape: name, notation: table.notation.name, zone: table.zone, ...how }),
    name: `${FILE}.${shape.ending}`,
    base64: Buffer.from(
      how.encoding === 'utf16le' ? `\ufeff${text.replace('\ufeff', '')}` : text,
      how.encoding,
    ).toString('base64'),
    options: timeOptions(table),
    expected: expectedRecords(inRows, members).map((record, row) =>
      played(apart ? { ...record, subject: ids[row]! } : record, table, row, how, shape),
    ),
  };
}

/** A record with what reading adds to it: its coordinates, and the subject that stands outside of its object. */
function played(
  record: ExpectedRecord,
  table: KnownTable,
  row: number,
  how: Style,
  { outer }: Shape,
): ExpectedRecord {
  const values = { ...record.values };
  const place = table.places?.[row];
  if (place && how.place !== 'members' && how.place !== 'lat and lon')
    for (const name of ['latitude', 'longitude'] as const)
      values[name] = { written: { kind: 'number', text: place[name] } };
  if (outer === true) values['vehicle_id'] = { written: { kind: 'text', text: record.subject } };
  return { ...record, values };
}

/** A known value as JSON writes it. */
export const jsonOf = ({ kind, text }: KnownValue) =>
  kind === 'text' ? JSON.stringify(text) : kind === 'none' ? 'null' : text;

/** Ids are numbers where a program takes them for numbers. */
function idOf({ numericIds }: Style): (value: KnownValue) => KnownValue {
  return (value) =>
    numericIds && /^[1-9]\d*$/.test(value.text) ? { kind: 'number', text: value.text } : value;
}

function placeMembers({ places }: KnownTable, how: (typeof PLACES)[number]): Member[] {
  if (!places) return [];
  const number = (name: string, of: 'latitude' | 'longitude', playedAs: string = of): Member => ({
    name,
    playedAs,
    values: places.map((place) => ({ kind: 'number', text: place[of] })),
  });
  const json = (name: string, of: (latitude: string, longitude: string) => string): Member => ({
    name,
    values: places.map(({ latitude, longitude }) => ({ kind: 'json', text: of(latitude, longitude) })),
  });
  switch (how) {
    case 'members':
      return [number('latitude', 'latitude'), number('longitude', 'longitude')];
    case 'lat and lon':
      return [number('lat', 'latitude'), number('lon', 'longitude')];
    case 'object':
      return [json('location', (latitude, longitude) => `{"lat":${latitude},"lon":${longitude}}`)];
    case 'point':
      return [
        json('loc', (latitude, longitude) => `{"type":"Point","coordinates":[${longitude},${latitude}]}`),
      ];
    case 'pair':
      return [json('coordinates', (latitude, longitude) => `[${longitude},${latitude}]`)];
  }
}

/** A JSON text with its parts on lines of their own, digit for digit. */
export function pretty(text: string, { indent, end }: Pick<Style, 'indent' | 'end'>): string {
  if (indent === 0) return text;
  const step = typeof indent === 'number' ? ' '.repeat(indent) : indent;
  let depth = 0;
  return text.replace(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g, (part) => {
    const line = () => end + step.repeat(depth);
    if (part === '{' || part === '[') return (depth++, part + line());
    if (part === '}' || part === ']') return (depth--, line() + part);
    return part === ',' ? part + line() : part === ':' ? ': ' : part;
  });
}
