import fc from 'fast-check';
import { expectedRecords, FILE, membersOf, timeOptions, type Member } from './expected.ts';
import type { ExpectedValue, KnownCase } from './known-case.ts';
import { knownTable, type KnownTable } from './table.ts';

/** How a table is written. */
const style = fc.record({
  order: fc.nat({ max: 99_999 }),
  delimiter: fc.constantFrom(',', ',', ';', '\t', '|'),
  quotes: fc.constantFrom('needed', 'needed', 'texts', 'all'),
  ends: fc.uniqueArray(fc.constantFrom('\n', '\r\n', '\r'), { minLength: 1, maxLength: 3 }),
  lastEnd: fc.boolean(),
  padding: fc.constantFrom('', '', '', ' '),
  decimal: fc.constantFrom('.', '.', '.', ','),
  thousands: fc.boolean(),
  none: fc.array(fc.constantFrom('', '', 'NaN', 'null', 'NA', 'N/A', '-', '\\N', 'none', '?'), {
    minLength: 1,
    maxLength: 2,
  }),
  header: fc.constantFrom('names', 'names', 'names', 'names', 'comment', 'none', 'given'),
  preamble: fc.constantFrom('', '', '', '', '# made by hand, "so\n', 'Report of May\n\n', '// a;b\n// c\n'),
  comments: fc.constantFrom(false, false, true),
  blankLines: fc.constantFrom(false, false, true),
  encoding: fc.constantFrom('utf-8', 'utf-8', 'utf-8', 'utf-8 with a mark', 'utf-16le', 'utf-16be', 'latin1'),
  gives: fc.record({
    encoding: fc.boolean(),
    delimiter: fc.constantFrom(false, false, true),
    decimal: fc.constantFrom(false, true),
  }),
  place: fc.constantFrom(
    ['latitude', 'longitude', 'elevation'],
    ['lat', 'lon', 'Elevation'],
    ['Latitude', 'Longitude', 'elevation'],
    ['LAT', 'LNG', 'elevation'],
    ['Latitude (deg)', 'Longitude (deg)', 'elevation'],
  ),
  name: fc.constantFrom('csv', 'csv', 'txt', 'tsv'),
});
type Style = typeof style extends fc.Arbitrary<infer T> ? T : never;

/** Tables as CSV in any dialect, with the options that their dialect needs. */
export const csvCases: fc.Arbitrary<KnownCase> = fc
  .tuple(knownTable({ places: 'maybe', anyJson: false, inXml: false, notations: () => true }), style)
  .map(([table, how]) => written(table, how));

function written(table: KnownTable, given: Style): KnownCase {
  const how = possible(table, given);
  const members = [...membersOf(table, how.order), ...placeMembers(table, how.place)];
  const rows = table.timesUs.map((_, row) => members.map((member) => cellOf(member, row, how)));
  const quotedNames = members.map(({ name }) => quoted(name, 'text', how));
  const end = (line: number) => how.ends[line % how.ends.length]!;
  const lines = [
    ...(how.header === 'names' ? [join(quotedNames, how)] : []),
    ...(how.header === 'comment' ? [`# ${join(quotedNames, how)}`] : []),
    ...rows.flatMap((cells, i) => [
      ...(how.comments && i % 5 === 2 ? ['# a note, on; the row|below'] : []),
      ...(how.blankLines && i % 7 === 3 ? [''] : []),
      join(cells, how),
    ]),
  ];
  const text =
    how.preamble.replaceAll('\n', end(0)) +
    lines.map((line, i) => (i < lines.length - 1 || how.lastEnd ? line + end(i) : line)).join('');
  const named = how.header === 'none' ? nameless(members) : members;
  const { delimiter, decimal, gives } = how;
  return {
    format: 'csv',
    how: JSON.stringify({ notation: table.notation.name, zone: table.zone, ...how }),
    name: `${FILE}.${how.name}`,
    base64: bytesOf(text, how.encoding).toString('base64'),
    options: {
      ...timeOptions(table),
      ...(how.header === 'given' && { columns: members.map(({ name }) => name), header: false }),
      ...(gives.delimiter && { delimiter }),
      ...(gives.decimal && decimal === ',' && { decimal }),
      ...(gives.encoding && how.encoding === 'latin1' && { encoding: 'windows-1252' }),
    },
    expected: expectedRecords(
      how.header === 'none' ? { ...table, subjects: null, places: null } : table,
      named,
      (member, row) => readAs(member, row, how),
    ),
  };
}

/** A style that can hold the table: Latin-1 has few characters, and names without a quote that a comment can hold. */
function possible(table: KnownTable, how: Style): Style {
  const all = JSON.stringify([table.columns, table.subjects]);
  const encoding =
    how.encoding === 'latin1' && /[^\p{ASCII}\u00a0-\u00ff]/u.test(all) ? 'utf-8' : how.encoding;
  // What is written between points and commas can't be told apart from text without decimals, so such a file has them.
  const delimiter = how.decimal === ',' && how.delimiter === ',' ? ';' : how.delimiter;
  const header = how.header === 'comment' && how.preamble !== '' ? 'names' : how.header;
  // Nothing tells a title from a row where there is no header.
  const isOpen = header === 'none' || header === 'given' || table.columns.length === 0;
  const preamble = isOpen ? '' : how.preamble;
  // Comments have one sign.
  const comments = how.comments && !preamble.startsWith('/');
  return { ...how, encoding, delimiter, header, preamble, comments };
}

function placeMembers({ places }: KnownTable, names: readonly string[]): Member[] {
  if (!places) return [];
  return (['latitude', 'longitude', 'elevation'] as const).map((playedAs, i) => ({
    name: names[i]!,
    playedAs,
    isPlace: true,
    values: places.map((place) => ({ kind: 'number', text: place[playedAs]! })),
  }));
}

const nameless = (members: Member[]): Member[] =>
  members.map(({ values }, i) => ({ name: `column_${i + 1}`, values }));

function cellOf({ values }: Member, row: number, how: Style): string {
  const { kind, text } = values[row]!;
  // In a column of texts, NULL may be a name.
  const isText = values.some((value) => value.kind === 'text');
  if (kind === 'none') return isText ? '' : how.none[row % how.none.length]!;
  if (kind === 'number') return quoted(numberCell(text, how), kind, how);
  return quoted(text, kind, how);
}

/** A number with the decimal sign of the table; thousands are grouped where a comma follows that tells so. */
function numberCell(text: string, { decimal, thousands }: Style): string {
  if (decimal === '.') return text;
  const comma = text.replace('.', ',');
  if (!thousands || !/^-?\d{4,9},/.test(comma)) return comma;
  return comma.replace(/\d(?=(?:\d{3})+,)/g, '$&.');
}

function quoted(cell: string, kind: string, { quotes, delimiter, padding }: Style): string {
  const needs =
    cell.includes(delimiter) ||
    /["\r\n]|^\s|\s$/.test(cell) ||
    /^(?:#|\/\/|--|%)/.test(cell) ||
    (padding !== '' && cell === '');
  const wants = quotes === 'all' || (quotes === 'texts' && kind === 'text');
  return needs || wants ? `"${cell.replaceAll('"', '""')}"` : cell;
}

const join = (cells: string[], { delimiter, padding }: Style) =>
  cells.join(delimiter + (delimiter === '\t' ? '' : padding));

/** What a reader without any knowledge may make of a cell. */
function readAs({ values }: Member, row: number, how: Style): ExpectedValue {
  const cell = values[row]!;
  if (cell.kind !== 'text') return { written: cell };
  // A text that is nothing but a text shows that its column holds text.
  const isText = values.some(({ kind, text }) => kind === 'text' && isPlainText(text));
  const maybeNone = cell.text === '\\N' || (!isText && isNone(cell.text));
  return { written: cell, untyped: !isText || how.quotes === 'needed', maybeNone };
}

const isPlainText = (text: string) => /[a-z]{2}/i.test(text) && !isNone(text) && !/^inf$/i.test(text);
const isNone = (text: string) => /^(?:nan|null|na|n\/a|-|\\N|none|nil|\?|\.|)$/i.test(text.trim());

function bytesOf(text: string, encoding: string): Buffer {
  switch (encoding) {
    case 'utf-8 with a mark':
      return Buffer.from(`\ufeff${text}`);
    case 'utf-16le':
      return Buffer.from(`\ufeff${text}`, 'utf16le');
    case 'utf-16be':
      return Buffer.from(`\ufeff${text}`, 'utf16le').swap16();
    case 'latin1':
      return Buffer.from(text, 'latin1');
    default:
      return Buffer.from(text);
  }
}
