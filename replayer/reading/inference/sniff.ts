import { isChannelName } from '../../../core/wire/channels.ts';
import type { Data } from '../../../core/wire/event.ts';
import type { Decision } from '../../formats/support/decision.ts';
import {
  isEvent,
  type Format,
  type FormatOptions,
  type Input,
  type Layout,
  type Row,
} from '../../formats/support/format.ts';
import { formatNamed, formatOf } from '../formats.ts';
import { refuseBinary } from '../source/decoding.ts';
import type { Source } from '../source/source.ts';
import { decoded } from '../source/input.ts';

const SAMPLE_ROWS = 1_000;
/** Rows of each piece of the middle and the end: every open file pays for them. */
const PIECE_ROWS = 200;

/** What the beginning of a recording tells. */
export interface SniffResult {
  format: Format;
  /** The format's options, as given or else as inferred. */
  options: FormatOptions;
  /** The inferred options, with their evidence. */
  layout: Layout;
  /** How its bytes are text. */
  encoding: Decision<string>;
  /** The first rows that can be read. */
  sample: Data[];
  /** Rows from the middle and the end of the file, where these could be read. */
  spread: Data[];
  /** Whether rows know their time apart from their values. */
  hasOwnTime: boolean;
  /** The subjects that rows know apart from their values, each once. */
  ownSubjects: string[];
  /** The channels that rows name, each once. */
  ownChannels: string[];
  /** Whether some rows name no channel. */
  hasNamelessRows: boolean;
  /** Whether all rows are events: they name their time, subject and channel. */
  areEvents: boolean;
  /** The problem of the first row that can't be read. */
  problem: string | undefined;
}

/** Reads the beginning of a recording: its format, and a sample of its rows. @throws refusal for an unknown format */
export async function sniff(
  source: Source,
  given: Omit<FormatOptions, 'rename' | 'units'> & { format?: string; unitsRow?: boolean },
): Promise<SniffResult> {
  const bytes = await source.head();
  let head = '';
  for await (const text of decoded([bytes])) head += text;
  const name = given.format ?? source.format;
  const format = name === undefined ? formatOf(source.name, head) : formatNamed(name);
  const { delimiter, header, columns, comment, skipLines, unitsRow, decimal, rows: arrays } = given;
  const options: FormatOptions = {
    rename: new Map(),
    delimiter,
    header,
    columns,
    comment,
    skipLines,
    units: unitsRow,
    decimal,
    rows: arrays,
  };
  const encoding = await source.encoding();
  // Where any run of rows can be read by itself, rows of the middle and the end are evidence, too.
  const pieces = format.cut ? ((await source.pieces?.()) ?? []) : [];
  const layout: Layout = format.layout?.(head, options, pieces) ?? {};
  const isPlain = encoding.value === 'utf-8' && encoding.certainty === 'certain';
  if (!isPlain && !format.isBinary) layout.encoding = encoding;
  if (layout.delimiter) options.delimiter = layout.delimiter.value;
  if (layout.header) options.header = layout.header.value;
  if (layout.columns) options.columns = layout.columns.value;
  if (layout.comment) options.comment = layout.comment.value;
  if (layout.skipLines) options.skipLines = layout.skipLines.value;
  if (layout.units) options.units = layout.units.value;
  if (layout.decimal) options.decimal = layout.decimal.value;
  if (layout.text) options.text = layout.text.value;
  // `rows` stays as given: a format finds the arrays to read by itself, also those that the sample does not show.

  const rows: Row[] = [];
  const more: Row[] = [];
  const input = {
    ...(source.once ? { path: null } : source.input()),
    bytes: () => each(bytes),
    text: () => {
      refuseBinary(source.name, encoding);
      return each(head);
    },
  };
  rows.push(...(await firstRows(format, input, options)));
  // The first row may end behind the beginning: all times of a track in KML stand before its positions.
  if (!source.once && !rows.some(({ values }) => values !== null))
    rows.splice(0, rows.length, ...(await firstRows(format, source.input(), options)));
  if (pieces.length > 0) {
    const start = format.cut?.rowsStart?.(bytes, options) ?? 0;
    const header = bytes.toString('utf8', 0, start);
    for (const piece of pieces) {
      const text = header + piece;
      const part = { path: null, bytes: () => each(Buffer.from(text)), text: () => each(text) };
      const found = await firstRows(format, part, options);
      more.push(...evenly(found.filter(({ values }) => values !== null)));
    }
  }
  const readable = rows.filter(({ values }) => values !== null);
  const channels = [...new Set(readable.map(({ channel }) => channel))];
  const named = channels.filter(
    (channel): channel is string => channel !== undefined && isChannelName(channel),
  );
  return {
    format,
    options,
    layout,
    encoding,
    sample: valuesOf(rows),
    spread: valuesOf(more),
    hasOwnTime: rows.some(({ timeMs }) => timeMs !== undefined),
    ownSubjects: [...new Set(rows.flatMap(({ subject }) => subject ?? []))],
    ownChannels: named,
    hasNamelessRows: named.length < channels.length,
    areEvents: readable.length > 0 && readable.every(isEvent),
    problem: rows.find((row) => row.problem)?.problem,
  };
}

async function firstRows(format: Format, input: Input, options: FormatOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const chunk of format.rows(input, options)) {
    rows.push(...chunk.slice(0, SAMPLE_ROWS - rows.length));
    if (rows.length >= SAMPLE_ROWS) break;
  }
  return rows;
}

/** Some rows of a piece, from its first to its last. */
function evenly(rows: readonly Row[]): Row[] {
  const step = Math.max(1, rows.length / PIECE_ROWS);
  return rows.filter((_, i) => i === rows.length - 1 || Math.floor(i / step) !== Math.floor((i - 1) / step));
}

function valuesOf(rows: readonly Row[]): Data[] {
  return rows.flatMap(({ values }) => (values ? [values] : []));
}

async function* each<T>(item: T): AsyncGenerator<T> {
  yield item;
}
