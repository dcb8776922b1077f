import type { Data } from '../../../core/wire/event.ts';
import type { StreamEntry } from '../../../core/redis/stream-entry.ts';
import type { Guess } from './times.ts';

/** One row of a file: its values, or why it can't be read. Everything after the format is the same for all formats. */
export interface Row {
  /** Line in the file where the row begins, from 1. */
  line: number;
  values: Data | null;
  /** The values as JSON text where the format has it at no cost, so that it need not be written again. */
  json: string | null;
  /** Epoch ms, where the format knows a row's time apart from its values. */
  timeMs?: number;
  /** Where the format knows a row's subject, or channel, apart from its values. */
  subject?: string;
  channel?: string;
  /** Of an event that only says how things stood when the replay that was recorded was moved: it is not played. */
  restored?: true;
  /** Set when `values` is null: what is wrong. */
  problem?: string;
  /** The row as it stands in the file; for dead letters. Set when there is a problem. */
  text?: string;
}

export interface FormatOptions {
  /** Members to give another name: old -> new. */
  rename: ReadonlyMap<string, string>;
  /** Of a table of text: what stands between its cells. */
  delimiter?: string;
  /** Of a table of text: whether its first row names the columns. */
  header?: boolean;
  /** Of a table of text: the names of its columns. */
  columns?: string[];
  /** Of a table of text: what a line begins with that is no row. */
  comment?: string;
}

/** What a first look found of a format's own options, and what speaks for it. */
export interface Layout {
  delimiter?: Guess<string>;
  header?: Guess<boolean>;
}

/** Where a format reads from: decompressed, without a byte order mark, in pieces of any size. Leaving a loop closes it. */
export interface Input {
  /** The file, for formats that jump about in it; null where there is only the stream. */
  path: string | null;
  bytes(): AsyncIterable<Buffer>;
  text(): AsyncIterable<string>;
  /** Of a Redis stream its entries. */
  entries?(): AsyncIterable<StreamEntry[]>;
}

/**
 * A file format. `rows` yields rows in file order, in chunks (one await a chunk, not a row), in constant memory whatever
 * the file; a bad row is a row with a problem and the next one is read as if it had not been there. Leaving the loop
 * closes the input.
 */
export interface Format {
  name: string;
  /** File name endings, without compression: `.csv`. */
  endings: string[];
  /** Whether text that begins like this is of the format, for files whose name does not tell. */
  looksLike(head: string): boolean;
  rows(input: Input, options: FormatOptions): AsyncIterable<Row[]>;
  /** What gives a row its time where no column does. */
  ownTime?: string;
  /** Finds out from the file's beginning what of the options was not said. */
  layout?(head: string, options: FormatOptions): Layout;
  /** For formats of which any run of whole rows can be read by itself, on any thread. */
  cut?: {
    /** Where the last whole row ends in bytes that begin with a row; 0 where there is none. */
    rowsEnd(bytes: Buffer, options: FormatOptions): number;
    /** Where the rows begin in the file's beginning: what is before, the names of columns, goes before every run of rows. */
    rowsStart?(bytes: Buffer, options: FormatOptions): number;
  };
}

/** A row longer than this is refused: a broken quote or a missing line end must not fill the memory. */
export const ROW_MAX_CHARACTERS = 1_000_000;

/** How much of a bad row goes into its dead letter. */
const CONTENT_MAX_CHARACTERS = 2_000;

/** A row that can't be read. */
export function badRow(line: number, problem: string, text: string): Row {
  // A copy, not a slice: V8 keeps the whole piece of the file alive for a slice of it.
  return {
    line,
    values: null,
    json: null,
    problem,
    text: Buffer.from(text.slice(0, CONTENT_MAX_CHARACTERS)).toString(),
  };
}
